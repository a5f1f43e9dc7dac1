//! The exact recorder.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, SharedString, Unit,
};

/// A recorder that keeps every count and every sample. Clones share what they keep.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    inner: Arc<Inner>,
}

/// What a metric was described as.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Description {
    /// The unit, where one was told.
    pub unit: Option<Unit>,
    /// The help text.
    pub help: String,
}

#[derive(Debug, Default)]
struct Inner {
    counters: Mutex<BTreeMap<Key, Arc<Count>>>,
    gauges: Mutex<BTreeMap<Key, Arc<Level>>>,
    histograms: Mutex<BTreeMap<Key, Arc<Samples>>>,
    descriptions: Mutex<BTreeMap<String, Description>>,
    registrations: AtomicU64,
}

#[derive(Debug, Default)]
struct Count(AtomicU64);

#[derive(Debug, Default)]
struct Level(AtomicU64);

#[derive(Debug, Default)]
struct Samples(Mutex<Vec<f64>>);

// ===== impl Recorder =====

impl Recorder {
    /// Makes a recorder that has recorded nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the recorder as a Layer takes it; the same one each time.
    #[must_use]
    pub fn shared(&self) -> Arc<dyn metrics::Recorder + Send + Sync> {
        Arc::clone(&self.inner) as _
    }

    /// Returns the sum of the counters of this name that have all these labels, 0 where there is none.
    #[must_use]
    pub fn counter(&self, name: &str, labels: &[(&str, &str)]) -> u64 {
        select(&self.inner.counters, name, labels)
            .iter()
            .map(|(_, count)| count.0.load(Ordering::SeqCst))
            .sum()
    }

    /// Returns the sum of the gauges of this name that have all these labels, 0 where there is none.
    #[must_use]
    pub fn gauge(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        select(&self.inner.gauges, name, labels).iter().map(|(_, level)| level.get()).sum()
    }

    /// Returns the samples of the histograms of this name that have all these labels: series by series, and in
    /// the order in which they were recorded.
    #[must_use]
    pub fn samples(&self, name: &str, labels: &[(&str, &str)]) -> Vec<f64> {
        select(&self.inner.histograms, name, labels)
            .iter()
            .flat_map(|(_, samples)| lock(&samples.0).clone())
            .collect()
    }

    /// Returns the labels of every series of this name, each as `label="value"` separated by commas, sorted.
    #[must_use]
    pub fn series(&self, name: &str) -> Vec<String> {
        let counters = select(&self.inner.counters, name, &[]).into_iter().map(|(key, _)| key);
        let gauges = select(&self.inner.gauges, name, &[]).into_iter().map(|(key, _)| key);
        let histograms = select(&self.inner.histograms, name, &[]).into_iter().map(|(key, _)| key);
        let mut series: Vec<_> =
            counters.chain(gauges).chain(histograms).map(|key| labels_of(&key)).collect();
        series.sort();
        series
    }

    /// Returns what the metric was described as, if it was.
    #[must_use]
    pub fn description(&self, name: &str) -> Option<Description> {
        lock(&self.inner.descriptions).get(name).cloned()
    }

    /// Returns how often a handle was asked for: a Layer that caches its handles asks once for each series.
    #[must_use]
    pub fn registrations(&self) -> u64 {
        self.inner.registrations.load(Ordering::SeqCst)
    }
}

/// One line for each series, sorted: for the message of an assertion that failed.
impl fmt::Display for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (key, count) in &*lock(&self.inner.counters) {
            writeln!(f, "{}{{{}}} {}", key.name(), labels_of(key), count.0.load(Ordering::SeqCst))?;
        }
        for (key, level) in &*lock(&self.inner.gauges) {
            writeln!(f, "{}{{{}}} {}", key.name(), labels_of(key), level.get())?;
        }
        for (key, samples) in &*lock(&self.inner.histograms) {
            writeln!(f, "{}{{{}}} {:?}", key.name(), labels_of(key), lock(&samples.0))?;
        }
        Ok(())
    }
}

impl metrics::Recorder for Recorder {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.inner.describe_counter(key, unit, description);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.inner.describe_gauge(key, unit, description);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.inner.describe_histogram(key, unit, description);
    }

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        self.inner.register_counter(key, metadata)
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        self.inner.register_gauge(key, metadata)
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        self.inner.register_histogram(key, metadata)
    }
}

// ===== impl Inner =====

impl Inner {
    fn describe(&self, key: &KeyName, unit: Option<Unit>, help: &SharedString) {
        lock(&self.descriptions).insert(key.as_str().into(), Description { unit, help: help.to_string() });
    }

    fn register<T: Default>(&self, map: &Mutex<BTreeMap<Key, Arc<T>>>, key: &Key) -> Arc<T> {
        self.registrations.fetch_add(1, Ordering::SeqCst);
        Arc::clone(lock(map).entry(key.clone()).or_default())
    }
}

impl metrics::Recorder for Inner {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.describe(&key, unit, &description);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.describe(&key, unit, &description);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.describe(&key, unit, &description);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.register(&self.counters, key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.register(&self.gauges, key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.register(&self.histograms, key))
    }
}

impl CounterFn for Count {
    fn increment(&self, value: u64) {
        self.0.fetch_add(value, Ordering::SeqCst);
    }

    fn absolute(&self, value: u64) {
        self.0.fetch_max(value, Ordering::SeqCst);
    }
}

impl Level {
    fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::SeqCst))
    }

    fn add(&self, value: f64) {
        let sum = |bits| Some((f64::from_bits(bits) + value).to_bits());
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, sum).expect("a sum is always given");
    }
}

impl GaugeFn for Level {
    fn increment(&self, value: f64) {
        self.add(value);
    }

    fn decrement(&self, value: f64) {
        self.add(-value);
    }

    fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::SeqCst);
    }
}

impl HistogramFn for Samples {
    fn record(&self, value: f64) {
        lock(&self.0).push(value);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn select<T>(map: &Mutex<BTreeMap<Key, Arc<T>>>, name: &str, labels: &[(&str, &str)]) -> Vec<(Key, Arc<T>)> {
    let has = |key: &Key, (name, value): &(&str, &str)| {
        key.labels().any(|label| label.key() == *name && label.value() == *value)
    };
    let is_meant = |key: &Key| key.name() == name && labels.iter().all(|label| has(key, label));
    let map = lock(map);
    map.iter().filter(|(key, _)| is_meant(key)).map(|(key, it)| (key.clone(), Arc::clone(it))).collect()
}

fn labels_of(key: &Key) -> String {
    let labels: Vec<_> = key.labels().map(|label| format!("{}={:?}", label.key(), label.value())).collect();
    labels.join(",")
}
