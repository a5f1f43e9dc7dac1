//! Finds the series of a label set under the recorder of the moment.

use std::sync::{Arc, OnceLock};

use metrics::{Counter, Recorder};

use super::{
    Instrument, RecorderId, Series, Spec, cap::Cap, contained, hasher::Hasher, lease::Lease, table::Table,
    unproven::Room,
};
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
    /// Which of the values are the users' own, a bit for each by its index: such a label set counts against the cap.
    pub(crate) open: u16,
}

/// Finds the series of a label set under the recorder of the moment.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    hasher: Hasher,
    first: OnceLock<Box<Scope>>,
}

/// A cache, turned to one recorder.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    cache: &'a Cache,
    scope: &'a Scope,
    spec: &'a Arc<Spec>,
}

/// What a cache knows of one recorder.
#[derive(Debug)]
struct Scope {
    id: RecorderId,
    is_live: bool,
    applied_twice: Lease<Counter>,
    cap: Option<Arc<Cap>>,
    series: Table<Arc<Series>, 64>,
    next: OnceLock<Box<Self>>,
}

// ===== impl Cache =====

impl Cache {
    #[inline]
    pub(crate) fn hasher(&self) -> &Hasher {
        &self.hasher
    }

    /// Turns to what is known of the recorder of this moment; none where it takes nothing of what is recorded.
    #[inline]
    pub(crate) fn at<'a>(&'a self, spec: &'a Arc<Spec>) -> Option<At<'a>> {
        let id = spec.source.id();
        let mut cell = &self.first;
        let scope = loop {
            match cell.get() {
                Some(scope) if scope.id == id => break &**scope,
                Some(scope) => cell = &scope.next,
                None => break self.new_scope(spec)?,
            }
        };
        scope.is_live.then_some(At { cache: self, scope, spec })
    }

    /// Makes what is known of a recorder that was not met before; none where it panics.
    #[cold]
    fn new_scope(&self, spec: &Arc<Spec>) -> Option<&Scope> {
        spec.source.with(|recorder| {
            let id = RecorderId::of(recorder);
            let mut cell = &self.first;
            loop {
                match cell.get() {
                    Some(scope) if scope.id == id => return Some(&**scope),
                    Some(scope) => cell = &scope.next,
                    // Who loses the race finds the winner's in the next round.
                    None => {
                        drop(cell.set(Box::new(contained(|| Scope::new(id, spec, recorder, self.hasher))?)));
                    }
                }
            }
        })
    }
}

// ===== impl At =====

impl<'a> At<'a> {
    pub(crate) fn recorder_id(&self) -> RecorderId {
        self.scope.id
    }

    pub(crate) fn count_applied_twice(&self) {
        let ask = || {
            self.spec.source.with(|recorder| {
                let is_mine = RecorderId::of(recorder) == self.scope.id;
                is_mine.then(|| contained(|| applied_twice(self.spec, recorder)))?
            })
        };
        let counter = self.scope.applied_twice.hold(self.spec, self.spec.now(), ask);
        contained(|| counter.increment(1));
    }

    /// Finds or makes the series of these label values, which stand in the order of the spec's request labels.
    pub(crate) fn series(&self, values: &[&str], birth: impl FnOnce() -> Birth) -> Arc<Series> {
        self.series_of(self.hash(values), |series| series.is_of(values), values, birth)
    }

    /// Finds or makes the series of these label values by a hash of the caller's own, who tells whether it is the one.
    ///
    /// A label set has to be asked for by the same hash every time. That of the fallback may be there twice, by its values
    /// and by the caller's hash: both have the same handles and the same word.
    #[inline(always)]
    pub(crate) fn series_of(
        &self,
        hash: u64,
        is_it: impl Fn(&Series) -> bool,
        values: &[&str],
        birth: impl FnOnce() -> Birth,
    ) -> Arc<Series> {
        self.find_of(hash, is_it).unwrap_or_else(|| {
            self.open_series(hash, values).unwrap_or_else(|| self.new_series(hash, values, birth()))
        })
    }

    /// Finds the series of a label set that has none of users' own values, as [`series_of`](Self::series_of) does.
    #[inline(always)]
    pub(crate) fn find_of(&self, hash: u64, is_it: impl Fn(&Series) -> bool) -> Option<Arc<Series>> {
        self.scope.series.find(hash, |series| is_it(series)).map(Arc::clone)
    }

    #[inline(never)]
    fn open_series(&self, hash: u64, values: &[&str]) -> Option<Arc<Series>> {
        self.scope.cap.as_ref()?.open(|open| open.find(hash, values))
    }

    #[cold]
    fn new_series(&self, hash: u64, values: &[&str], birth: Birth) -> Arc<Series> {
        match self.scope.cap.as_ref().filter(|_| birth.open != 0) {
            Some(cap) => self.new_open_series(cap, values, birth),
            None => self.new_closed_series(hash, values, birth),
        }
    }

    /// Inserts the series of values from closed sets, or finds the one that another thread inserted first.
    fn new_closed_series(&self, hash: u64, values: &[&str], birth: Birth) -> Arc<Series> {
        let series = self.make(values, birth, None);
        Arc::clone(self.scope.series.insert(hash, series, |series| series.is_of(values)))
    }

    /// Finds or makes the series of values that users' functions made: clean ones, and no more than there may be.
    fn new_open_series(&self, cap: &Arc<Cap>, values: &[&str], birth: Birth) -> Arc<Series> {
        // Two values that become the same are one value.
        let clean: Vec<_> = values.iter().map(|value| sanitised(value)).collect();
        let mut values: Vec<_> = clean.iter().map(|value| &**value).collect();
        let fold_all = |values: &mut [&str]| {
            let open = self.spec.open_labels.iter().filter(|label| label.is_in(birth.open));
            open.filter(|label| std::mem::replace(&mut values[label.index], OVERFLOW) != OVERFLOW).count() > 0
        };

        if let Some(series) = self.find(&values) {
            return series;
        }
        // A call that was folded with its request is not counted again with its answer.
        let was_folded = values.contains(&OVERFLOW);
        let count_overflow = || {
            if !was_folded {
                cap.count_overflow(self.spec);
            }
        };
        cap.make_room(self.spec);
        let mut is_folded = cap.open(|open| open.fold_full(&mut values));
        if is_folded || cap.is_full() {
            is_folded |= self.find(&values).is_none() && cap.is_full() && fold_all(&mut values);
            if let Some(series) = self.find(&values) {
                count_overflow();
                return series;
            }
        }

        let turn = cap.turn();
        is_folded |= cap.open(|open| open.admit_values(&mut values));
        let found = self.find(&values);
        let mut open = self.spec.open_labels.iter().filter(|label| label.is_in(birth.open));
        let is_open = open.any(|label| values[label.index] != OVERFLOW);
        let has_room = || if birth.to_be_proven { cap.admits_unproven() } else { cap.admits_label_set() };
        let closed = Birth { open: 0, ..birth };
        let series = match found {
            Some(series) => series,
            None if is_open && has_room() => {
                let room = birth.to_be_proven.then(|| {
                    let mut folded = values.clone();
                    fold_all(&mut folded);
                    Room { cap: Arc::downgrade(cap), folded: self.series(&folded, || closed) }
                });
                let series = self.make(&values, birth, room);
                if !birth.to_be_proven {
                    series.admit();
                }
                cap.open(|open| open.insert(self.hash(&values), &series));
                series
            }
            None => {
                is_folded |= fold_all(&mut values);
                self.series(&values, || closed)
            }
        };
        drop(turn);
        if is_folded {
            count_overflow();
        }
        series
    }

    fn find(&self, values: &[&str]) -> Option<Arc<Series>> {
        let hash = self.hash(values);
        self.find_of(hash, |series| series.is_of(values)).or_else(|| self.open_series(hash, values))
    }

    /// The hash of these values.
    #[inline]
    pub(crate) fn hash(&self, values: &[&str]) -> u64 {
        self.cache.hasher.of(values)
    }

    fn make(&self, values: &[&str], birth: Birth, room: Option<Room>) -> Arc<Series> {
        let until_proven = birth.to_be_proven.then(|| {
            let birth = Birth { to_be_proven: false, open: 0, ..birth };
            self.series(&self.spec.fallback, || birth)
        });
        let series = Series::new(self.scope.id, self.spec, values, birth, until_proven, room);
        if !birth.to_be_proven {
            series.prove_at_once();
        }
        Arc::new(series)
    }
}

// ===== impl Scope =====

impl Scope {
    #[cold]
    fn new(id: RecorderId, spec: &Spec, recorder: &dyn Recorder, hasher: Hasher) -> Self {
        let is_live = spec.is_taken_by(recorder);
        let now = spec.now();
        let (mut counter, mut cap) = (Counter::noop(), None);
        if is_live {
            spec.describe(recorder);
            counter = applied_twice(spec, recorder);
            cap = Cap::new(id, spec, recorder, hasher).map(Arc::new);
        }
        let applied_twice = Lease::new(spec, now, counter);
        Self { id, is_live, applied_twice, cap, series: Table::new(), next: OnceLock::new() }
    }
}

fn applied_twice(spec: &Spec, recorder: &dyn Recorder) -> Counter {
    let counter = Instrument::new(&names::APPLIED_TWICE_TOTAL, &spec.naming).counter(recorder, Vec::new());
    if spec.lease().is_some() {
        // What was only registered is forgotten sooner than what was touched.
        counter.increment(0);
    }
    counter
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use std::{collections::HashSet, sync::Arc};

    use super::Cache;
    use crate::{
        series::{Source, Spec},
        testing::Recorder,
    };

    #[test]
    fn label_sets_that_differ_spread_over_the_table() {
        let (cache, recorder) = (Cache::default(), Recorder::new());
        let mut source = Source::default();
        source.give(Arc::new(recorder));
        let spec = Arc::new(Spec::new(Vec::new(), source));
        let at = cache.at(&spec).expect("it takes what is recorded");
        let paths = (0..1_000).map(|n| format!("/{n}"));
        assert_eq!(paths.map(|path| at.hash(&["GET", &path])).collect::<HashSet<_>>().len(), 1_000);
    }
}
