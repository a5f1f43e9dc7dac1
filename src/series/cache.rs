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

/// What a cache knows of one recorder.
#[derive(Debug)]
pub(crate) struct Scope {
    id: RecorderId,
    is_live: bool,
    applied_twice: Counter,
    cap: Option<Arc<Cap>>,
    series: Table<Arc<Series>, 64>,
    next: OnceLock<Box<Self>>,
}

// ===== impl Cache =====

impl Cache {
    /// Finds the scope of `recorder`; none where nobody takes what is recorded.
    pub(crate) fn scope(&self, spec: &Spec, recorder: &dyn Recorder) -> Option<&Scope> {
        let id = RecorderId::of(recorder);
        let mut cell = &self.first;
        loop {
            match cell.get() {
                Some(scope) if scope.id == id => return scope.is_live.then_some(&**scope),
                Some(scope) => cell = &scope.next,
                // Who loses the race finds the winner's in the next round.
                None => drop(cell.set(Box::new(Scope::new(id, spec, recorder)))),
            }
        }
    }

    /// Finds or makes the series of these label values, which stand in the order of the spec's request labels.
    pub(crate) fn series<'a>(
        &self,
        scope: &'a Scope,
        spec: &Arc<Spec>,
        recorder: &dyn Recorder,
        values: &[&str],
        birth: impl FnOnce() -> Birth,
    ) -> &'a Arc<Series> {
        match self.find(scope, values) {
            Some(series) => series,
            None => self.new_series(scope, spec, recorder, values, birth()),
        }
    }

    #[cold]
    fn new_series<'a>(
        &self,
        scope: &'a Scope,
        spec: &Arc<Spec>,
        recorder: &dyn Recorder,
        values: &[&str],
        birth: Birth,
    ) -> &'a Arc<Series> {
        match scope.cap.as_ref().filter(|_| birth.is_open) {
            Some(cap) => self.new_open_series(scope, cap, spec, recorder, values, birth),
            None => self.insert(scope, spec, recorder, values, birth, None),
        }
    }

    /// Finds or makes the series of values that users' functions made: clean ones, and no more than there may be.
    fn new_open_series<'a>(
        &self,
        scope: &'a Scope,
        cap: &Arc<Cap>,
        spec: &Arc<Spec>,
        recorder: &dyn Recorder,
        values: &[&str],
        birth: Birth,
    ) -> &'a Arc<Series> {
        // Two values that become the same are one value.
        let clean: Vec<_> = values.iter().map(|value| sanitised(value)).collect();
        let mut values: Vec<_> = clean.iter().map(|value| &**value).collect();
        let fold_all = |values: &mut [&str]| {
            let open = spec.open_labels.iter();
            open.filter(|label| std::mem::replace(&mut values[label.index], OVERFLOW) != OVERFLOW).count() > 0
        };

        if let Some(series) = self.find(scope, &values) {
            return series;
        }
        let mut is_folded = cap.fold_full(&self.hasher, &mut values);
        if is_folded || cap.is_full() {
            is_folded |= self.find(scope, &values).is_none() && cap.is_full() && fold_all(&mut values);
            if let Some(series) = self.find(scope, &values) {
                cap.count_overflow();
                return series;
            }
        }

        let turn = cap.turn();
        is_folded |= cap.admit_values(&self.hasher, &mut values);
        let found = self.find(scope, &values);
        let is_open = spec.open_labels.iter().any(|label| values[label.index] != OVERFLOW);
        let has_room = || if birth.to_be_proven { cap.admits_unproven() } else { cap.admits_label_set() };
        let series = match found {
            Some(series) => series,
            None if is_open && has_room() => {
                let room = birth.to_be_proven.then(|| {
                    let mut folded = values.clone();
                    fold_all(&mut folded);
                    let birth = Birth { is_open: false, ..birth };
                    Room {
                        cap: Arc::clone(cap),
                        folded: Arc::clone(self.series(scope, spec, recorder, &folded, || birth)),
                    }
                });
                self.insert(scope, spec, recorder, &values, birth, room)
            }
            None => {
                is_folded |= fold_all(&mut values);
                self.series(scope, spec, recorder, &values, || Birth { is_open: false, ..birth })
            }
        };
        drop(turn);
        if is_folded {
            cap.count_overflow();
        }
        series
    }

    fn find<'a>(&self, scope: &'a Scope, values: &[&str]) -> Option<&'a Arc<Series>> {
        scope.series.find(self.hasher.hash_one(values), |series| series.is_of(values))
    }

    /// Inserts the series of these values, or finds the one that another thread inserted first.
    fn insert<'a>(
        &self,
        scope: &'a Scope,
        spec: &Arc<Spec>,
        recorder: &dyn Recorder,
        values: &[&str],
        birth: Birth,
        room: Option<Room>,
    ) -> &'a Arc<Series> {
        let until_proven = birth.to_be_proven.then(|| {
            let birth = Birth { to_be_proven: false, is_open: false, ..birth };
            Arc::clone(self.series(scope, spec, recorder, &spec.fallback, || birth))
        });
        let series = Arc::new(Series::new(scope.id, spec, values, birth.infallible, until_proven, room));
        if !birth.to_be_proven {
            series.prove(recorder);
        }
        scope.series.insert(self.hasher.hash_one(values), series, |series| series.is_of(values))
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

    pub(crate) fn recorder(&self) -> RecorderId {
        self.id
    }

    pub(crate) fn count_applied_twice(&self) {
        self.applied_twice.increment(1);
    }
}
