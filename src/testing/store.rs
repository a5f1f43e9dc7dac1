//! What a recorder keeps: every count, every level, every sample, and what each metric was described as.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};

use super::{families::Described, until::Waiters};
use crate::names::Kind;

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
pub(super) struct Store {
    counters: Map<Count>,
    gauges: Map<Level>,
    histograms: Map<Samples>,
    descriptions: Mutex<BTreeMap<String, (Kind, Description)>>,
    described: Mutex<Described>,
    registrations: AtomicU64,
    waiters: Arc<Waiters>,
}

/// What one series has now.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Counter(u64),
    Gauge(f64),
    Histogram(Vec<f64>),
}

pub(super) const KINDS: [Kind; 3] = [Kind::Counter, Kind::Gauge, Kind::Histogram];

type Map<T> = Mutex<BTreeMap<Key, Arc<Watched<T>>>>;

/// What is recorded in one series, and who waits for that.
#[derive(Debug)]
struct Watched<T> {
    inner: T,
    waiters: Arc<Waiters>,
}

#[derive(Debug, Default)]
struct Count(AtomicU64);

#[derive(Debug, Default)]
struct Level(AtomicU64);

#[derive(Debug, Default)]
struct Samples(Mutex<Vec<f64>>);

/// What a handle can be asked for.
trait Valued {
    fn value(&self) -> Value;
}

// ===== impl Store =====

impl Store {
    /// The series of this kind and name, in the order of their labels.
    pub(super) fn series(&self, kind: Kind, name: &str) -> Vec<(Key, Value)> {
        self.of(kind, |key| key.name() == name)
    }

    /// All series of this kind, in the order of their names and labels.
    pub(super) fn all(&self, kind: Kind) -> Vec<(Key, Value)> {
        self.of(kind, |_| true)
    }

    fn of(&self, kind: Kind, is_meant: impl Fn(&Key) -> bool) -> Vec<(Key, Value)> {
        match kind {
            Kind::Counter => values(&self.counters, is_meant),
            Kind::Gauge => values(&self.gauges, is_meant),
            Kind::Histogram => values(&self.histograms, is_meant),
        }
    }

    /// Every name that was recorded or described, and as what.
    pub(super) fn names(&self) -> BTreeMap<String, Kind> {
        let described: Vec<_> =
            lock(&self.descriptions).iter().map(|(name, (kind, _))| (name.clone(), *kind)).collect();
        let recorded = KINDS
            .into_iter()
            .flat_map(|kind| self.all(kind).into_iter().map(move |(key, _)| (key.name().to_owned(), kind)));
        described.into_iter().chain(recorded).collect()
    }

    pub(super) fn description(&self, name: &str) -> Option<Description> {
        lock(&self.descriptions).get(name).map(|(_, description)| description.clone())
    }

    /// The names that were described by this text, whatever a naming scheme made of them.
    pub(super) fn described_by(&self, help: &str) -> Vec<String> {
        let descriptions = lock(&self.descriptions);
        let described = descriptions.iter().filter(|(_, (_, description))| description.help == help);
        described.map(|(name, _)| name.clone()).collect()
    }

    pub(super) fn described(&self) -> MutexGuard<'_, Described> {
        lock(&self.described)
    }

    pub(super) fn waiters(&self) -> &Waiters {
        &self.waiters
    }

    pub(super) fn registrations(&self) -> u64 {
        self.registrations.load(Ordering::SeqCst)
    }

    fn describe(&self, kind: Kind, key: &KeyName, unit: Option<Unit>, help: &SharedString) {
        let description = Description { unit, help: help.to_string() };
        lock(&self.descriptions).insert(key.as_str().into(), (kind, description));
        self.described().hear(kind, key.as_str(), help);
    }

    fn register<T: Default>(&self, map: &Map<T>, key: &Key) -> Arc<Watched<T>> {
        self.registrations.fetch_add(1, Ordering::SeqCst);
        let new = || Arc::new(Watched { inner: T::default(), waiters: Arc::clone(&self.waiters) });
        let registered = Arc::clone(lock(map).entry(key.clone()).or_insert_with(new));
        self.waiters.wake();
        registered
    }
}

impl Recorder for Store {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.describe(Kind::Counter, &key, unit, &description);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.describe(Kind::Gauge, &key, unit, &description);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.describe(Kind::Histogram, &key, unit, &description);
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

fn values<T: Valued>(map: &Map<T>, is_meant: impl Fn(&Key) -> bool) -> Vec<(Key, Value)> {
    let map = lock(map);
    map.iter().filter(|(key, _)| is_meant(key)).map(|(key, it)| (key.clone(), it.inner.value())).collect()
}

/// Nothing is left half done under these locks, so a thread that panicked under one does no harm.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

// ===== impl Value =====

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Counter(count) => count.fmt(f),
            Self::Gauge(level) => level.fmt(f),
            Self::Histogram(samples) => fmt::Debug::fmt(samples, f),
        }
    }
}

// ===== impl Watched =====

impl CounterFn for Watched<Count> {
    fn increment(&self, value: u64) {
        self.inner.0.fetch_add(value, Ordering::SeqCst);
        self.waiters.wake();
    }

    fn absolute(&self, value: u64) {
        self.inner.0.fetch_max(value, Ordering::SeqCst);
        self.waiters.wake();
    }
}

impl GaugeFn for Watched<Level> {
    fn increment(&self, value: f64) {
        self.inner.add(value);
        self.waiters.wake();
    }

    fn decrement(&self, value: f64) {
        self.inner.add(-value);
        self.waiters.wake();
    }

    fn set(&self, value: f64) {
        self.inner.0.store(value.to_bits(), Ordering::SeqCst);
        self.waiters.wake();
    }
}

impl HistogramFn for Watched<Samples> {
    fn record(&self, value: f64) {
        lock(&self.inner.0).push(value);
        self.waiters.wake();
    }
}

// ===== impl Level =====

impl Level {
    fn add(&self, value: f64) {
        let sum = |bits| Some((f64::from_bits(bits) + value).to_bits());
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, sum).expect("a sum is always given");
    }
}

// ===== impl Valued =====

impl Valued for Count {
    fn value(&self) -> Value {
        Value::Counter(self.0.load(Ordering::SeqCst))
    }
}

impl Valued for Level {
    fn value(&self) -> Value {
        Value::Gauge(f64::from_bits(self.0.load(Ordering::SeqCst)))
    }
}

impl Valued for Samples {
    fn value(&self) -> Value {
        Value::Histogram(lock(&self.0).clone())
    }
}
