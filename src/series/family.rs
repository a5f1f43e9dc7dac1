//! The series of one spec, found by nothing but their label values.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use super::{Birth, Cache, Series, Source, Spec};
use crate::{call::Call, clock::Clock, names::Naming};

/// The series of what has no protocol: operations, waits, connections, and counters that no call stands behind.
#[derive(Debug)]
pub(crate) struct Family {
    spec: Arc<Spec>,
    cache: Cache,
}

/// What a Layer of one name is told.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) name: String,
    pub(crate) naming: Naming,
    pub(crate) source: Source,
    pub(crate) clock: Clock,
}

// ===== impl Family =====

impl Family {
    pub(crate) fn new(spec: Spec) -> Self {
        Self { spec: Arc::new(spec), cache: Cache::default() }
    }

    /// Begins a call under these values, in the order of the labels; none where nobody takes what is recorded.
    pub(crate) fn begin(&self, values: &[&str]) -> Option<Call> {
        self.with(values, |series| Call::begin(Arc::clone(series)))
    }

    /// Finds or makes the series of these values; none where nobody takes what is recorded.
    pub(crate) fn series(&self, values: &[&str]) -> Option<Arc<Series>> {
        self.with(values, Arc::clone)
    }

    /// Adds `count` under these values, in the order of the labels; 0 makes the counter stand there.
    pub(crate) fn increment(&self, values: &[&str], count: u64) {
        self.with(values, |series| series.add(count));
    }

    /// Makes what stands at zero under these values.
    pub(crate) fn initialize(&self, values: &[&str]) {
        self.with(values, |series| series.initialize());
    }

    /// Tells whether what was touched at `then` may be forgotten soon, and if so notes that it is touched now.
    pub(crate) fn has_aged(&self, then: &AtomicU64) -> bool {
        let Some(lease) = self.spec.lease() else { return false };
        let now = self.spec.now();
        let has_aged = self.spec.clock.nanos_between(then.load(Ordering::Relaxed), now) > lease;
        if has_aged {
            then.store(now, Ordering::Relaxed);
        }
        has_aged
    }

    fn with<T>(&self, values: &[&str], f: impl FnOnce(&Arc<Series>) -> T) -> Option<T> {
        let at = self.cache.at(&self.spec)?;
        let open = self.spec.open();
        let birth = || Birth { infallible: false, to_be_proven: false, open };
        Some(f(&at.series(values, birth)))
    }
}

// ===== impl Setup =====

impl Setup {
    pub(crate) fn new(name: String) -> Self {
        Self { name, naming: Naming::new(), source: Source::default(), clock: Clock::new() }
    }
}
