//! Histograms that take one call in so many.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering},
};

use metrics::{Histogram, HistogramFn};

use super::{End, table::Table};

/// How many calls of each end a label set has seen, where not all are taken: kept apart from the handles, which an exporter
/// that forgets has replaced again and again.
#[derive(Debug, Default)]
pub(super) struct Samples(OnceLock<Box<Table<Seen, 8>>>);

/// The calls of one end, for one of its histograms.
#[derive(Debug)]
struct Seen {
    end: End,
    is_head: bool,
    calls: Arc<AtomicU64>,
}

/// A histogram that takes the first call, and then one in so many.
struct Sampled {
    inner: Histogram,
    every: u64,
    calls: Arc<AtomicU64>,
}

/// One call in so many, as users say it.
///
/// Panics where that is none.
pub(crate) fn one_in(every: u32) -> u64 {
    assert!(every > 0, "one latency in 0 would be none: 1 takes all");
    every.into()
}

// ===== impl Samples =====

impl Samples {
    /// A histogram that takes one call in `every` of those that end so.
    pub(super) fn of(&self, inner: Histogram, every: u64, end: End, is_head: bool) -> Histogram {
        let is_it = |seen: &Seen| seen.end == end && seen.is_head == is_head;
        let seen = self.0.get_or_init(|| Box::new(Table::new()));
        let new = || Seen { end, is_head, calls: Arc::default() };
        let hash = end.hash();
        let seen = seen.find(hash, is_it).unwrap_or_else(|| seen.insert(hash, new(), is_it));
        Histogram::from_arc(Arc::new(Sampled { inner, every, calls: Arc::clone(&seen.calls) }))
    }
}

// ===== impl Sampled =====

impl HistogramFn for Sampled {
    fn record(&self, value: f64) {
        if self.calls.fetch_add(1, Ordering::Relaxed) % self.every == 0 {
            self.inner.record(value);
        }
    }
}
