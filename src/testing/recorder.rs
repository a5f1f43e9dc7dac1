//! The exact recorder.

use std::{fmt, sync::Arc};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};

use super::{
    distribution::Distribution,
    labels::{Labels, has_all, written},
    store::{Description, KINDS, Store, Value},
};
use crate::names::Kind;

/// A recorder that keeps every count and every sample. Clones share what they keep.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    pub(super) store: Arc<Store>,
}

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
        Arc::clone(&self.store) as _
    }

    /// Runs this with the recorder as the current one of this thread, for what records through the macros of the facade, and for
    /// Layers that were given none. For all of them it is the same recorder as the one that a Layer is [given](Self::shared).
    ///
    /// `metrics::with_local_recorder(&recorder, …)` records here too, but as another one: two Layers, of which one was given the
    /// recorder and the other found it so, then do not share what is in flight.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_metrics::{metrics, testing::Recorder};
    ///
    /// let recorder = Recorder::new();
    /// recorder.local(|| metrics::counter!("orders_total").increment(1));
    /// recorder.assert_counter("orders_total", [], 1);
    /// ```
    pub fn local<T>(&self, f: impl FnOnce() -> T) -> T {
        metrics::with_local_recorder(&*self.store, f)
    }

    /// Returns the sum of the counters of this name that have all these labels, 0 where there is none.
    #[must_use]
    pub fn counter(&self, name: &str, labels: impl Labels) -> u64 {
        let series = self.having(Kind::Counter, name, labels.pairs()).into_iter();
        series.map(|value| if let Value::Counter(count) = value { count } else { 0 }).sum()
    }

    /// Returns the sum of the gauges of this name that have all these labels, 0 where there is none.
    ///
    /// Of `…_oldest_start_timestamp_seconds`, whose sum would mean nothing, it is the earliest, and NaN where nothing is in flight.
    #[must_use]
    pub fn gauge(&self, name: &str, labels: impl Labels) -> f64 {
        let series = self.having(Kind::Gauge, name, labels.pairs()).into_iter();
        if self.families().iter().any(|family| family.oldest.as_deref() == Some(name)) {
            return series.map(|value| value.level()).fold(f64::NAN, f64::min);
        }
        // The sum of none is -0.0 otherwise, which a message would show.
        series.map(|value| if let Value::Gauge(level) = value { level } else { 0.0 }).fold(0.0, |a, b| a + b)
    }

    /// Returns the samples of the histograms of this name that have all these labels: series by series, and in
    /// the order in which they were recorded.
    #[must_use]
    pub fn samples(&self, name: &str, labels: impl Labels) -> Vec<f64> {
        let series = self.having(Kind::Histogram, name, labels.pairs()).into_iter();
        series
            .flat_map(|value| if let Value::Histogram(samples) = value { samples } else { vec![] })
            .collect()
    }

    /// Returns the histograms of this name that have all these labels, as one: how many samples, their sum, and how many
    /// of them are within a bound.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use tower_metrics::{Operation, sla::Sla, testing::{Clock, Recorder}};
    ///
    /// let recorder = Recorder::new();
    /// let (clock, time) = Clock::mock();
    /// let query = Operation::new("db_query").recorder(recorder.shared()).clock(clock);
    /// for millis in [20, 100, 101] {
    ///     query.run(|| time.advance(Duration::from_millis(millis)));
    /// }
    ///
    /// let durations = recorder.histogram("db_query_duration_seconds", [("outcome", "completed")]);
    /// assert_eq!(durations.count(), 3);
    /// // A call of exactly the threshold is inside of it.
    /// assert_eq!(durations.within(Duration::from_millis(100)), 2);
    /// // How many are within each bound, as the buckets of Prometheus have them.
    /// assert_eq!(durations.buckets([0.05, 0.1]), [(0.05, 1), (0.1, 2), (f64::INFINITY, 3)]);
    /// ```
    pub fn histogram(&self, name: &str, labels: impl Labels) -> Distribution {
        Distribution::new(self.samples(name, labels))
    }

    /// Returns the labels of every series of this name, each as `label="value"` separated by commas, sorted.
    #[must_use]
    pub fn series(&self, name: &str) -> Vec<String> {
        let series = KINDS.into_iter().flat_map(|kind| self.store.series(kind, name));
        let mut series: Vec<_> = series.map(|(key, _)| written(&key)).collect();
        series.sort();
        series
    }

    /// Returns what the metric was described as, if it was.
    #[must_use]
    pub fn description(&self, name: &str) -> Option<Description> {
        self.store.description(name)
    }

    /// Returns how often a handle was asked for: a Layer that caches its handles asks once for each series.
    #[must_use]
    pub fn registrations(&self) -> u64 {
        self.store.registrations()
    }

    fn having(&self, kind: Kind, name: &str, labels: &[(&str, &str)]) -> Vec<Value> {
        let mut series = self.store.series(kind, name);
        series.retain(|(key, _)| has_all(key, labels));
        series.into_iter().map(|(_, value)| value).collect()
    }
}

/// One line for each series, sorted: for the message of an assertion that failed.
impl fmt::Display for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (key, value) in KINDS.into_iter().flat_map(|kind| self.store.all(kind)) {
            writeln!(f, "{}{{{}}} {value}", key.name(), written(&key))?;
        }
        Ok(())
    }
}

impl metrics::Recorder for Recorder {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.store.describe_counter(key, unit, description);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.store.describe_gauge(key, unit, description);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.store.describe_histogram(key, unit, description);
    }

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        self.store.register_counter(key, metadata)
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        self.store.register_gauge(key, metadata)
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        self.store.register_histogram(key, metadata)
    }
}
