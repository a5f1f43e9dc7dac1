//! Finds the series of a label set under the recorder of the moment.

use std::{
    hash::BuildHasher,
    sync::{Arc, OnceLock},
};

use metrics::{Counter, Recorder};
use rapidhash::fast::RandomState;

use super::{Instrument, RecorderId, Room, Series, Spec, cap::Cap, table::Table};
use crate::{
    labels::{OVERFLOW, sanitised},
    names,
};

/// What decides how a label set that was not seen before is born.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Birth {
    /// The service cannot return `Err`, so no counter of errors stands at zero.
    pub(crate) infallible: bool,
    /// Calls count under the fallback until an answer proves the label set.
    pub(crate) to_be_proven: bool,
    /// Values of the open labels are the users' own, and count against the cap.
    pub(crate) is_open: bool,
}

/// Finds the series of a label set under the recorder of the moment.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    hasher: RandomState,
    first: OnceLock<Box<Scope>>,
}

/// A cache, turned to one recorder.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    cache: &'a Cache,
    scope: &'a Scope,
    spec: &'a Arc<Spec>,
    recorder: &'a dyn Recorder,
}

/// What a cache knows of one recorder.
#[derive(Debug)]
struct Scope {
    id: RecorderId,
    is_live: bool,
    applied_twice: Counter,
    cap: Option<Arc<Cap>>,
    series: Table<Arc<Series>, 64>,
    next: OnceLock<Box<Self>>,
}

// ===== impl Cache =====

impl Cache {
    /// Turns to what is known of `recorder`; none where it takes nothing of what is recorded.
    pub(crate) fn at<'a>(&'a self, spec: &'a Arc<Spec>, recorder: &'a dyn Recorder) -> Option<At<'a>> {
        let id = RecorderId::of(recorder);
        let mut cell = &self.first;
        loop {
            match cell.get() {
                Some(scope) if scope.id == id => {
                    return scope.is_live.then_some(At { cache: self, scope, spec, recorder });
                }
                Some(scope) => cell = &scope.next,
                // Who loses the race finds the winner's in the next round.
                None => drop(cell.set(Box::new(Scope::new(id, spec, recorder)))),
            }
        }
    }
}

// ===== impl At =====

impl<'a> At<'a> {
    pub(crate) fn recorder_id(&self) -> RecorderId {
        self.scope.id
    }

    pub(crate) fn count_applied_twice(&self) {
        self.scope.applied_twice.increment(1);
    }

    /// Finds or makes the series of these label values, which stand in the order of the spec's request labels.
    pub(crate) fn series(&self, values: &[&str], birth: impl FnOnce() -> Birth) -> &'a Arc<Series> {
        match self.find(values) {
            Some(series) => series,
            None => self.new_series(values, birth()),
        }
    }

    #[cold]
    fn new_series(&self, values: &[&str], birth: Birth) -> &'a Arc<Series> {
        match self.scope.cap.as_ref().filter(|_| birth.is_open) {
            Some(cap) => self.new_open_series(cap, values, birth),
            None => self.insert(values, birth, None),
        }
    }

    /// Finds or makes the series of values that users' functions made: clean ones, and no more than there may be.
    fn new_open_series(&self, cap: &Arc<Cap>, values: &[&str], birth: Birth) -> &'a Arc<Series> {
        // Two values that become the same are one value.
        let clean: Vec<_> = values.iter().map(|value| sanitised(value)).collect();
        let mut values: Vec<_> = clean.iter().map(|value| &**value).collect();
        let fold_all = |values: &mut [&str]| {
            let open = self.spec.open_labels.iter();
            open.filter(|label| std::mem::replace(&mut values[label.index], OVERFLOW) != OVERFLOW).count() > 0
        };

        if let Some(series) = self.find(&values) {
            return series;
        }
        let mut is_folded = cap.fold_full(&self.cache.hasher, &mut values);
        if is_folded || cap.is_full() {
            is_folded |= self.find(&values).is_none() && cap.is_full() && fold_all(&mut values);
            if let Some(series) = self.find(&values) {
                cap.count_overflow();
                return series;
            }
        }

        let turn = cap.turn();
        is_folded |= cap.admit_values(&self.cache.hasher, &mut values);
        let found = self.find(&values);
        let is_open = self.spec.open_labels.iter().any(|label| values[label.index] != OVERFLOW);
        let has_room = || if birth.to_be_proven { cap.admits_unproven() } else { cap.admits_label_set() };
        let series = match found {
            Some(series) => series,
            None if is_open && has_room() => {
                let room = birth.to_be_proven.then(|| {
                    let mut folded = values.clone();
                    fold_all(&mut folded);
                    let birth = Birth { is_open: false, ..birth };
                    Room { cap: Arc::clone(cap), folded: Arc::clone(self.series(&folded, || birth)) }
                });
                self.insert(&values, birth, room)
            }
            None => {
                is_folded |= fold_all(&mut values);
                self.series(&values, || Birth { is_open: false, ..birth })
            }
        };
        drop(turn);
        if is_folded {
            cap.count_overflow();
        }
        series
    }

    fn find(&self, values: &[&str]) -> Option<&'a Arc<Series>> {
        self.scope.series.find(self.cache.hasher.hash_one(values), |series| series.is_of(values))
    }

    /// Inserts the series of these values, or finds the one that another thread inserted first.
    fn insert(&self, values: &[&str], birth: Birth, room: Option<Room>) -> &'a Arc<Series> {
        let until_proven = birth.to_be_proven.then(|| {
            let birth = Birth { to_be_proven: false, is_open: false, ..birth };
            Arc::clone(self.series(&self.spec.fallback, || birth))
        });
        let series =
            Arc::new(Series::new(self.scope.id, self.spec, values, birth.infallible, until_proven, room));
        if !birth.to_be_proven {
            series.prove(self.recorder);
        }
        self.scope.series.insert(self.cache.hasher.hash_one(values), series, |series| series.is_of(values))
    }
}

// ===== impl Scope =====

impl Scope {
    #[cold]
    fn new(id: RecorderId, spec: &Spec, recorder: &dyn Recorder) -> Self {
        let is_live = spec.is_taken_by(recorder);
        let applied_twice = if is_live {
            spec.describe(recorder);
            Instrument::new(&names::APPLIED_TWICE_TOTAL, &spec.naming).counter(recorder, Vec::new())
        } else {
            Counter::noop()
        };
        let cap = if is_live { Cap::new(id, spec, recorder).map(Arc::new) } else { None };
        Self { id, is_live, applied_twice, cap, series: Table::new(), next: OnceLock::new() }
    }
}
