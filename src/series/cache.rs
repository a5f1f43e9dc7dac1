//! Finds the series of a label set under the recorder of the moment.

use std::{
    hash::BuildHasher,
    sync::{Arc, OnceLock},
};

use metrics::{Counter, Recorder};
use rapidhash::fast::RandomState;

use super::{Instrument, RecorderId, Series, Spec, cap::Cap, table::Table};
use crate::{labels::OVERFLOW, names};

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
    cap: Option<Cap>,
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
        let Some(cap) = scope.cap.as_ref().filter(|_| birth.is_open) else {
            return self.insert(scope, spec, recorder, values, birth).0;
        };
        let mut values = values.to_vec();
        let is_folded = cap.fold_values(spec, &self.hasher, &mut values);
        if is_folded {
            cap.count_overflow();
            if let Some(series) = self.find(scope, &values) {
                return series;
            }
        }
        let is_open = spec.open_labels.iter().any(|label| values[label.index] != OVERFLOW);
        if is_open && cap.admits_label_set(spec) {
            let (series, is_new) = self.insert(scope, spec, recorder, &values, birth);
            if !is_new {
                cap.take_back();
            }
            return series;
        }
        if is_open {
            spec.open_labels.iter().for_each(|label| values[label.index] = OVERFLOW);
            if !is_folded {
                cap.count_overflow();
            }
        }
        match self.find(scope, &values) {
            Some(series) => series,
            None => self.insert(scope, spec, recorder, &values, birth).0,
        }
    }

    fn find<'a>(&self, scope: &'a Scope, values: &[&str]) -> Option<&'a Arc<Series>> {
        scope.series.find(self.hasher.hash_one(values), |series| series.is_of(values))
    }

    /// Inserts the series of these values, and tells whether no other thread was first.
    fn insert<'a>(
        &self,
        scope: &'a Scope,
        spec: &Arc<Spec>,
        recorder: &dyn Recorder,
        values: &[&str],
        birth: Birth,
    ) -> (&'a Arc<Series>, bool) {
        let until_proven = birth.to_be_proven.then(|| {
            let birth = Birth { to_be_proven: false, is_open: false, ..birth };
            Arc::clone(self.series(scope, spec, recorder, &spec.fallback, || birth))
        });
        let series = Arc::new(Series::new(scope.id, spec, values, birth.infallible, until_proven));
        if !birth.to_be_proven {
            series.prove(recorder);
        }
        let hash = self.hasher.hash_one(values);
        let there = scope.series.insert(hash, Arc::clone(&series), |series| series.is_of(values));
        (there, Arc::ptr_eq(there, &series))
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
        let cap = if is_live { Cap::new(id, spec, recorder) } else { None };
        Self { id, is_live, applied_twice, cap, series: Table::new(), next: OnceLock::new() }
    }

    pub(crate) fn recorder(&self) -> RecorderId {
        self.id
    }

    pub(crate) fn count_applied_twice(&self) {
        self.applied_twice.increment(1);
    }
}
