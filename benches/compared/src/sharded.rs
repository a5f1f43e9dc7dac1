//! A recorder that keeps what each thread records apart, and adds it up when it is asked to: what an exporter could do
//! about threads that meet on one series. A prototype to measure with, which no exporter offers.

use std::{
    array,
    cell::Cell,
    mem,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use metrics::{
    Counter, CounterFn, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};

const SHARDS: usize = 8;

/// Records into the global recorder when it is flushed; gauges at once.
#[derive(Debug, Default)]
pub(crate) struct Sharded {
    counters: Mutex<Vec<Arc<Counts>>>,
    histograms: Mutex<Vec<Arc<Samples>>>,
}

/// Of one thread, or of a few, on cache lines of their own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard<T>(T);

struct Counts {
    shards: [Shard<AtomicU64>; SHARDS],
    all: Counter,
}

struct Samples {
    shards: [Shard<Mutex<Vec<f64>>>; SHARDS],
    all: Histogram,
}

// ===== impl Sharded =====

impl Sharded {
    /// The one of this process.
    pub(crate) fn shared() -> &'static Arc<Self> {
        static SHARED: OnceLock<Arc<Sharded>> = OnceLock::new();
        SHARED.get_or_init(Arc::default)
    }

    /// Hands on what was recorded since the last time.
    pub(crate) fn flush(&self) {
        for counter in lock(&self.counters).iter() {
            let count = counter.shards.iter().map(|shard| shard.0.swap(0, Ordering::Relaxed)).sum();
            counter.all.increment(count);
        }
        for histogram in lock(&self.histograms).iter() {
            for shard in &histogram.shards {
                mem::take(&mut *lock(&shard.0)).into_iter().for_each(|sample| histogram.all.record(sample));
            }
        }
    }
}

impl Recorder for Sharded {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        let all = metrics::with_recorder(|recorder| recorder.register_counter(key, metadata));
        let counts = Arc::new(Counts { shards: array::from_fn(|_| Shard::default()), all });
        lock(&self.counters).push(Arc::clone(&counts));
        Counter::from_arc(counts)
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        metrics::with_recorder(|recorder| recorder.register_gauge(key, metadata))
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        let all = metrics::with_recorder(|recorder| recorder.register_histogram(key, metadata));
        let samples = Arc::new(Samples { shards: array::from_fn(|_| Shard::default()), all });
        lock(&self.histograms).push(Arc::clone(&samples));
        Histogram::from_arc(samples)
    }
}

impl CounterFn for Counts {
    fn increment(&self, value: u64) {
        self.shards[shard()].0.fetch_add(value, Ordering::Relaxed);
    }

    fn absolute(&self, value: u64) {
        self.all.absolute(value);
    }
}

impl HistogramFn for Samples {
    fn record(&self, value: f64) {
        lock(&self.shards[shard()].0).push(value);
    }
}

impl std::fmt::Debug for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Counts").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Samples {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Samples").finish_non_exhaustive()
    }
}

/// The shard of this thread.
fn shard() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static MINE: Cell<usize> = const { Cell::new(usize::MAX) };
    }
    let mine = MINE.get();
    if mine != usize::MAX {
        return mine;
    }
    let new = THREADS.fetch_add(1, Ordering::Relaxed) % SHARDS;
    MINE.set(new);
    new
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
