//! The exporter's own registry and its own way of forgetting, on a clock that the test steps, and a ledger of what was
//! scraped: as Prometheus, it takes a counter that falls for one that began anew.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use metrics_util::{
    MetricKindMask,
    registry::{GenerationalAtomicStorage, Recency, Registry},
};
use tower_metrics::testing::{Clock, MockClock};

pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub(super) struct Forgetful {
    inner: Arc<Inner>,
}

struct Inner {
    registry: Registry<Key, GenerationalAtomicStorage>,
    recency: Recency<Key>,
    ledger: Mutex<Ledger>,
}

#[derive(Default)]
struct Ledger {
    /// What was there at the last scrape.
    last: HashMap<Key, u64>,
    counted: HashMap<Key, u64>,
    sampled: HashMap<Key, u64>,
}

/// The clock of the Layers and that of the exporter, which go together.
pub(super) struct Time {
    of_layers: (Clock, MockClock),
    of_exporter: Arc<quanta::Mock>,
}

// ===== impl Time =====

impl Time {
    pub(super) fn clock(&self) -> Clock {
        self.of_layers.0.clone()
    }

    pub(super) fn advance(&self, seconds: u64) {
        let by = Duration::from_secs(seconds);
        self.of_layers.1.advance(by);
        self.of_exporter.increment(by);
    }
}

// ===== impl Forgetful =====

impl Forgetful {
    pub(super) fn new() -> (Self, Time) {
        let (clock, of_exporter) = quanta::Clock::mock();
        let mask = MetricKindMask::COUNTER | MetricKindMask::HISTOGRAM;
        let inner = Inner {
            registry: Registry::new(GenerationalAtomicStorage::atomic()),
            recency: Recency::new(clock, mask, Some(IDLE_TIMEOUT)),
            ledger: Mutex::default(),
        };
        (Self { inner: Arc::new(inner) }, Time { of_layers: Clock::mock(), of_exporter })
    }

    pub(super) fn shared(&self) -> Arc<dyn Recorder + Send + Sync> {
        Arc::clone(&self.inner) as _
    }

    /// Does what a render of the exporter does, and enters what it sees. Samples are taken out at quiet moments alone:
    /// the exporter's queue of samples can lose some to whoever empties it while they come in.
    pub(super) fn scrape(&self, is_quiet: bool) {
        let Inner { registry, recency, ledger } = &*self.inner;
        let mut ledger = ledger.lock().unwrap();
        for (key, counter) in registry.get_counter_handles() {
            let is_kept = recency.should_store_counter(&key, counter.get_generation(), registry);
            let before = ledger.last.get(&key).copied().unwrap_or(0);
            if is_kept {
                let now = counter.get_inner().load(Ordering::Acquire);
                assert!(now >= before, "{key} fell without having been forgotten");
                *ledger.counted.entry(key.clone()).or_default() += now - before;
                ledger.last.insert(key, now);
            } else {
                ledger.last.remove(&key);
            }
        }
        for (key, histogram) in registry.get_histogram_handles() {
            if is_quiet {
                histogram.get_inner().clear_with(|samples| {
                    assert!(samples.iter().all(|sample| sample.is_finite() && *sample >= 0.0));
                    *ledger.sampled.entry(key.clone()).or_default() += samples.len() as u64;
                });
            }
            recency.should_store_histogram(&key, histogram.get_generation(), registry);
        }
    }

    pub(super) fn gauge(&self, name: &str) -> f64 {
        let handles = self.inner.registry.get_gauge_handles();
        let of_name = handles.iter().filter(|(key, _)| key.name() == name);
        let values: Vec<_> =
            of_name.map(|(_, gauge)| f64::from_bits(gauge.get_inner().load(Ordering::Acquire))).collect();
        assert!(values.iter().all(|value| *value >= 0.0), "{values:?}");
        values.iter().sum()
    }

    /// What was counted under this word, or under all if it is empty.
    pub(super) fn counted(&self, name: &str, outcome: &str) -> u64 {
        let has = |key: &Key| outcome.is_empty() || key.labels().any(|label| label.value() == outcome);
        let ledger = self.inner.ledger.lock().unwrap();
        ledger.counted.iter().filter(|(key, _)| key.name() == name && has(key)).map(|(_, count)| count).sum()
    }

    pub(super) fn sampled(&self, name: &str) -> u64 {
        let ledger = self.inner.ledger.lock().unwrap();
        ledger.sampled.iter().filter(|(key, _)| key.name() == name).map(|(_, count)| count).sum()
    }
}

impl Recorder for Inner {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.registry.get_or_create_counter(key, |counter| counter.clone().into())
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.registry.get_or_create_gauge(key, |gauge| gauge.clone().into())
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.registry.get_or_create_histogram(key, |histogram| histogram.clone().into())
    }
}
