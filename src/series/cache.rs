//! Finds the series of a label set under the recorder of the moment.

use std::{
    hash::BuildHasher,
    sync::{Arc, OnceLock},
};

use metrics::{Counter, Recorder};
use rapidhash::fast::RandomState;

use super::{Instrument, RecorderId, Series, Spec, table::Table};
use crate::names;

/// What decides how a label set that was not seen before is born.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Birth {
    /// The service cannot return `Err`, so no counter of errors stands at zero.
    pub(crate) infallible: bool,
    /// Calls count under the fallback until an answer proves the label set.
    pub(crate) to_be_proven: bool,
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
        let hash = self.hasher.hash_one(values);
        match scope.series.find(hash, |series| series.is_of(values)) {
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
        let until_proven = birth.to_be_proven.then(|| {
            let birth = Birth { to_be_proven: false, ..birth };
            Arc::clone(self.series(scope, spec, recorder, &spec.fallback, || birth))
        });
        let series = Series::new(scope.id, spec, values, birth.infallible, until_proven);
        if series.until_proven.is_none() {
            series.prove(recorder);
        }
        let hash = self.hasher.hash_one(values);
        scope.series.insert(hash, Arc::new(series), |series| series.is_of(values))
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
        Self { id, is_live, applied_twice, series: Table::new(), next: OnceLock::new() }
    }

    pub(crate) fn count_applied_twice(&self) {
        self.applied_twice.increment(1);
    }
}
