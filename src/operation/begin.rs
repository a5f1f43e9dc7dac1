//! The operation, and how it is begun.

use std::{fmt, sync::Arc, time::Duration};

use metrics::Recorder;

use super::{Instrumented, Started, TryInstrumented};
#[cfg(feature = "testing")]
use crate::clock::Clock;
use crate::{outcome::Outcome, series::Family, service::Config};

/// An operation that is counted, timed and shown in flight: see the [module](super). Clones count together, and cost
/// one reference count.
///
/// `N` is the number of labels.
pub struct Operation<const N: usize = 0> {
    inner: Arc<Inner>,
}

struct Inner {
    config: Config,
    family: Family,
}

// ===== impl Operation =====

impl Operation {
    /// Records `<name>_total`, `<name>_duration_seconds` and `<name>_in_flight`.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self::of(Config::new(name.into()))
    }

    /// Adds labels, whose values are given with each start: from here on by `start_with`, `run_with` and so on. They are
    /// made clean, and bounded as those of
    /// [`ServiceMetricsLayer::label`](crate::ServiceMetricsLayer::label) are.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse a label, if there is such a label already, or if they are more than eight.
    #[must_use]
    pub fn labels<const N: usize>(self, labels: [&str; N]) -> Operation<N> {
        let mut config = self.inner.config.clone();
        labels.into_iter().for_each(|label| config.label(label.to_owned()));
        Operation::of(config)
    }

    /// Begins.
    pub fn start(&self) -> Started {
        self.start_with([])
    }

    /// Runs a closure: `completed`, or `panicked` if it panics.
    pub fn run<T>(&self, f: impl FnOnce() -> T) -> T {
        self.run_with([], f)
    }

    /// Runs a closure that can fail: `completed`, `error`, or `panicked`.
    ///
    /// # Errors
    ///
    /// Fails as the closure does.
    pub fn try_run<T, E>(&self, f: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.try_run_with([], f)
    }

    /// Makes a future an operation, which begins here: `completed` with its output, whatever that is, `cancelled` if it
    /// is dropped before, `panicked`.
    pub fn instrument<F: Future>(&self, future: F) -> Instrumented<F> {
        self.instrument_with([], future)
    }

    /// Makes a future that can fail an operation: `completed`, `error`, `cancelled` or `panicked`.
    pub fn try_instrument<F, T, E>(&self, future: F) -> TryInstrumented<F>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.try_instrument_with([], future)
    }

    /// Makes the metrics before the first start: described, and at zero. Call it after the exporter was installed:
    /// before, it does nothing. An operation with labels has [`initialize_with`](Self::initialize_with).
    pub fn initialize(&self) {
        self.initialize_with([]);
    }
}

impl<const N: usize> Operation<N> {
    /// Makes the series of these values, in the order of the labels, before their first start:
    ///
    /// - the counters of `error` and `panicked`, at zero, and the histograms of `completed` and `error`, in seconds and without
    ///   a sample; where [words are expected](Self::expect_words), counters and histograms of these and of `panicked` instead;
    /// - the gauge, at how many are in flight;
    /// - where [`started`](Self::started) asks for it, the counter of starts, at zero.
    ///
    /// Call it at startup, for each label set that is known by then and has to be seen from its first event on: a counter
    /// that is born at 1 shows Prometheus no increase. Call it after the exporter was installed: before, it does nothing.
    ///
    /// The values are made clean as those of a start are. They take the place of a label set under
    /// [`max_label_sets`](Self::max_label_sets) and [`max_values`](Self::max_values), which their first start then takes no more.
    /// Where there is no place they are `_OVERFLOW`, and `tower_metrics_overflow_total` counts that as it counts a start. Calling
    /// it again for what has its place changes nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_metrics::{Operation, testing::Recorder};
    ///
    /// let recorder = Recorder::new();
    /// let query = Operation::new("db_query").labels(["query_type"]).recorder(recorder.shared());
    /// for query_type in ["select", "insert"] {
    ///     query.initialize_with([query_type]);
    /// }
    /// assert_eq!(
    ///     recorder.series("db_query_in_flight"),
    ///     [r#"query_type="insert""#, r#"query_type="select""#]
    /// );
    /// let failed = r#"query_type="select",outcome="error""#;
    /// assert!(recorder.series("db_query_total").iter().any(|labels| labels == failed));
    /// ```
    pub fn initialize_with(&self, values: [&str; N]) {
        self.inner.family.initialize(&values);
    }

    /// Begins, with the values of the labels.
    pub fn start_with(&self, values: [&str; N]) -> Started {
        Started::new(self.inner.family.begin(&values))
    }

    /// Runs a closure, with the values of the labels; see [`run`](Operation::run).
    pub fn run_with<T>(&self, values: [&str; N], f: impl FnOnce() -> T) -> T {
        let mut started = self.start_with(values);
        let done = started.inside(f);
        started.end(Outcome::Completed, None);
        done
    }

    /// Runs a closure that can fail, with the values of the labels; see [`try_run`](Operation::try_run).
    ///
    /// # Errors
    ///
    /// Fails as the closure does.
    pub fn try_run_with<T, E>(&self, values: [&str; N], f: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let mut started = self.start_with(values);
        let result = started.inside(f);
        started.end(if result.is_ok() { Outcome::Completed } else { Outcome::Error }, None);
        result
    }

    /// Makes a future an operation, with the values of the labels; see [`instrument`](Operation::instrument).
    pub fn instrument_with<F: Future>(&self, values: [&str; N], future: F) -> Instrumented<F> {
        Instrumented::new(future, self.inner.family.begin(&values))
    }

    /// Makes a future that can fail an operation, with the values of the labels; see
    /// [`try_instrument`](Operation::try_instrument).
    pub fn try_instrument_with<F, T, E>(&self, values: [&str; N], future: F) -> TryInstrumented<F>
    where
        F: Future<Output = Result<T, E>>,
    {
        TryInstrumented::new(future, self.inner.family.begin(&values))
    }

    /// Lets `label` have this many values of its own; all others are `_OVERFLOW`.
    ///
    /// # Panics
    ///
    /// Panics if there is no such label.
    #[must_use]
    pub fn max_values(self, label: &str, most: usize) -> Self {
        self.with(|config| config.max_values_of(label, most))
    }

    /// Lets the labels make at most this many label sets: 1,000 unless set.
    #[must_use]
    pub fn max_label_sets(self, most: usize) -> Self {
        self.with(|config| config.max_label_sets = most)
    }

    /// Names the words of [`finish`](Started::finish), so that their counters stand at zero from the beginning.
    #[must_use]
    pub fn expect_words(self, words: impl IntoIterator<Item = &'static str>) -> Self {
        self.with(|config| config.expect_words(words))
    }

    /// Calls the counter of ended operations something else than `<name>_total`.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the name, if it does not end in `_total`, or if another metric has it.
    #[must_use]
    pub fn count_as(self, name: impl Into<String>) -> Self {
        self.with(|config| config.count_as(name.into()))
    }

    /// Calls the histogram something else than `<name>_duration_seconds`.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the name, or if another metric has it.
    #[must_use]
    pub fn time_as(self, name: impl Into<String>) -> Self {
        self.with(|config| config.time_as(name.into()))
    }

    /// Calls the gauge something else than `<name>_in_flight`.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the name, or if another metric has it.
    #[must_use]
    pub fn gauge_as(self, name: impl Into<String>) -> Self {
        self.with(|config| config.gauge_as(name.into()))
    }

    /// Says `word` for an outcome, such as `success` for `completed`.
    ///
    /// # Panics
    ///
    /// Panics if the word is empty.
    #[must_use]
    pub fn word(self, outcome: Outcome, word: &'static str) -> Self {
        self.with(|config| config.word(outcome, word))
    }

    /// Calls the label `outcome` something else, such as `status`.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the name, or if there is such a label already.
    #[must_use]
    pub fn outcome_label(self, label: impl Into<String>) -> Self {
        self.with(|config| config.outcome_label(label.into()))
    }

    /// Counts operations also when they begin, as `<name>_started_total`.
    #[must_use]
    pub fn started(self) -> Self {
        self.with(|config| config.start_as(None))
    }

    /// Tells how many operations run at once at most: `<name>_in_flight_limit`, without labels, so that saturation is
    /// `sum(<name>_in_flight) / max(<name>_in_flight_limit)` by instance.
    #[must_use]
    pub fn in_flight_limit(self, limit: usize) -> Self {
        self.with(|config| config.limit = Some(limit))
    }

    /// Tells also when the oldest operation in flight began: `<name>_oldest_start_timestamp_seconds`, with the labels of the gauge;
    /// see [`HttpMetricsLayer::oldest_start_timestamp`](crate::HttpMetricsLayer::oldest_start_timestamp). Its name does not
    /// follow [`gauge_as`](Self::gauge_as).
    ///
    /// # Panics
    ///
    /// Panics if another metric has the name.
    #[must_use]
    pub fn oldest_start_timestamp(self) -> Self {
        self.with(Config::tell_oldest)
    }

    /// Records to this recorder; see [`HttpMetricsLayer::recorder`](crate::HttpMetricsLayer::recorder).
    #[must_use]
    pub fn recorder(self, recorder: Arc<dyn Recorder + Send + Sync>) -> Self {
        self.with(|config| config.source.give(recorder))
    }

    /// Tells that the exporter forgets what has not changed for this long; see
    /// [`HttpMetricsLayer::idle_timeout`](crate::HttpMetricsLayer::idle_timeout).
    ///
    /// # Panics
    ///
    /// Panics if it is zero.
    #[must_use]
    pub fn idle_timeout(self, idle_timeout: Duration) -> Self {
        self.with(|config| config.source.forgets_after(idle_timeout))
    }

    /// Reads the time from this clock, which a test steps by hand.
    #[cfg(feature = "testing")]
    #[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        self.with(|config| config.clock = clock)
    }

    fn with(self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = self.inner.config.clone();
        change(&mut config);
        Self::of(config)
    }

    fn of(config: Config) -> Self {
        let family = Family::new(config.spec());
        Self { inner: Arc::new(Inner { config, family }) }
    }
}

impl<const N: usize> Clone for Operation<N> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<const N: usize> fmt::Debug for Operation<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation").field("config", &self.inner.config).finish_non_exhaustive()
    }
}
