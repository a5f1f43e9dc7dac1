//! The Layer around any service, which is its own builder.

use std::{borrow::Cow, sync::Arc, time::Duration};

use metrics::Recorder;
use tower_layer::Layer;

use super::{
    config::Config,
    hooks::{Classified, Labelled, WordFn},
};
#[cfg(feature = "testing")]
use crate::clock::Clock;
use crate::{
    instrument::{Instruments, Metrics},
    outcome::Outcome,
    series::{Cache, Spec, one_in},
};

/// Counts the calls of any tower `Service`, measures how long they took, and shows how many are in flight.
///
/// `ServiceMetricsLayer::new("db_query")` records `db_query_total`, `db_query_duration_seconds` and
/// `db_query_in_flight`; see the [module](super) for when. `H` stands for the closures that were added.
///
/// # Examples
///
/// ```
/// use tower::{ServiceBuilder, service_fn};
/// use tower_metrics::ServiceMetricsLayer;
///
/// struct Query { kind: &'static str }
/// struct Row { cached: bool }
/// # type DbError = std::io::Error;
///
/// let layer = ServiceMetricsLayer::new("db_query")
///     .label("query_type", |query: &Query| query.kind.into())
///     .classify(|result: Result<&Row, &DbError>| match result {
///         Ok(row) if row.cached => "hit",
///         Ok(_) => "miss",
///         Err(_) => "error",
///     });
/// let service = ServiceBuilder::new().layer(layer).service(service_fn(async |_: Query| {
///     Ok::<_, DbError>(Row { cached: true })
/// }));
/// # tower::ServiceExt::oneshot(service, Query { kind: "select" });
/// ```
#[derive(Debug)]
#[must_use = "a Layer measures nothing until it is applied to a service"]
pub struct ServiceMetricsLayer<H = ()> {
    protocol: Arc<AnyService<H>>,
}

/// Any service, as the protocol of a [`Metrics`] service: what [`ServiceMetricsLayer`] was told.
#[derive(Debug)]
#[repr(align(128))] // Of its own cache line, as `Series` is: servers clone the service for each request.
pub struct AnyService<H> {
    pub(super) hooks: H,
    pub(super) config: Config,
    pub(super) spec: Arc<Spec>,
    pub(super) cache: Cache,
}

// ===== impl ServiceMetricsLayer =====

impl ServiceMetricsLayer {
    /// Measures the calls of a service as `<name>_total`, `<name>_duration_seconds` and `<name>_in_flight`.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the name: letters, digits, `_` and `:` are allowed, and no digit at the
    /// beginning.
    pub fn new(name: impl Into<String>) -> Self {
        Self::of(Config::new(name.into()), ())
    }
}

impl<H: Clone> ServiceMetricsLayer<H> {
    /// Adds a label whose value `label` takes from the request. Write the type of the request in the closure.
    ///
    /// It stands on all metrics. Values are made clean, cut at 128 bytes, and bounded: those of one label by
    /// [`max_values`](Self::max_values), label sets as a whole by [`max_label_sets`](Self::max_label_sets). Should
    /// the closure panic, the value is `_PANIC` and the call goes on.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the name, if there is such a label already, or if there are eight.
    pub fn label<R, F>(self, name: impl Into<String>, label: F) -> ServiceMetricsLayer<Labelled<H, R>>
    where
        F: for<'a> Fn(&'a R) -> Cow<'a, str> + Send + Sync + 'static,
    {
        let mut config = self.protocol.config.clone();
        config.label(name.into());
        ServiceMetricsLayer::of(config, Labelled::new(self.protocol.hooks.clone(), Arc::new(label)))
    }

    /// Lets the label that was added last have this many values of its own; all others are `_OVERFLOW`.
    ///
    /// # Panics
    ///
    /// Panics if no label was added.
    pub fn max_values(self, most: usize) -> Self {
        self.with(|config| config.max_values(most))
    }

    /// Lets labels make at most this many label sets: 1,000 unless set. The labels of all others are `_OVERFLOW`,
    /// and their outcomes are kept, so that totals stay exact; each such call costs an allocation.
    ///
    /// Layers of the same metric share the count of what each of them made. Make a Layer once: what is dropped takes
    /// its part of the count along, and leaves its series with the exporter.
    pub fn max_label_sets(self, most: usize) -> Self {
        self.with(|config| config.max_label_sets = most)
    }

    /// Gives each result a word in the place of `completed` and `error`. Write the types of the answer and of the
    /// error in the closure. What has no result keeps its outcome: `cancelled`, `panicked`.
    ///
    /// An [`Sla`](crate::sla::Sla::operation) has to be told which of the words are failures. Which words there are is not known before they are used, so none stands at zero: see
    /// [`expect_words`](Self::expect_words). Around tower's limiters the error is a `BoxError`. Should the closure panic,
    /// the word is `_PANIC`.
    pub fn classify<T, E, F>(self, classify: F) -> ServiceMetricsLayer<Classified<H, WordFn<T, E>>>
    where
        F: Fn(Result<&T, &E>) -> &'static str + Send + Sync + 'static,
    {
        let word: Arc<WordFn<T, E>> = Arc::new(classify);
        let hooks = Classified::new(self.protocol.hooks.clone(), word);
        let mut config = self.protocol.config.clone();
        config.classified();
        ServiceMetricsLayer::of(config, hooks)
    }

    /// Names the words of [`classify`](Self::classify), so that their counters stand at zero from the beginning.
    pub fn expect_words(self, words: impl IntoIterator<Item = &'static str>) -> Self {
        self.with(|config| config.expect_words(words))
    }

    /// Says `word` for an outcome, such as `Success` for `completed`.
    ///
    /// # Panics
    ///
    /// Panics if the word is empty.
    pub fn word(self, outcome: Outcome, word: &'static str) -> Self {
        self.with(|config| config.word(outcome, word))
    }

    /// Calls the label `outcome` something else, such as `status`.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the name, or if there is such a label already.
    pub fn outcome_label(self, label: impl Into<String>) -> Self {
        self.with(|config| config.outcome_label(label.into()))
    }

    /// Calls the counter of ended calls something else than `<name>_total`.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the name, if it does not end in `_total`, or if another metric of this Layer has it.
    pub fn count_as(self, name: impl Into<String>) -> Self {
        self.with(|config| config.count_as(name.into()))
    }

    /// Calls the histogram something else than `<name>_duration_seconds`. One that does not end in `_seconds` is given its
    /// bounds by `exporter::Prometheus::bounds`.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the name, or if another metric of this Layer has it.
    pub fn time_as(self, name: impl Into<String>) -> Self {
        self.with(|config| config.time_as(name.into()))
    }

    /// Calls the gauge something else than `<name>_in_flight`; its limit is then called so too, with `_limit` behind.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the name, or if another metric of this Layer has it.
    pub fn gauge_as(self, name: impl Into<String>) -> Self {
        self.with(|config| config.gauge_as(name.into()))
    }

    /// Counts calls also when they begin, as `<name>_started_total`.
    pub fn started(self) -> Self {
        self.with(|config| config.start_as(None))
    }

    /// Counts calls also when they begin, under this name.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the name, if it does not end in `_total`, or if another metric of this Layer has it.
    pub fn started_as(self, name: impl Into<String>) -> Self {
        self.with(|config| config.start_as(Some(name.into())))
    }

    /// Counts attempts, inside of a retry: `<name>_attempts_total`, `<name>_attempt_duration_seconds` and
    /// `<name>_attempts_in_flight` (and `<name>_attempts_started_total`), so that no sum over calls takes them in. Names
    /// and a limit that were set before are given up.
    pub fn attempts(self) -> Self {
        self.with(Config::attempts)
    }

    /// Tells how many calls the service takes at once: `<name>_in_flight_limit`, without labels, so that
    /// saturation is `sum(<name>_in_flight) / max(<name>_in_flight_limit)` by instance.
    pub fn in_flight_limit(self, limit: usize) -> Self {
        self.with(|config| config.limit = Some(limit))
    }

    /// Tells also when the oldest call in flight began: `<name>_oldest_start_timestamp_seconds`, with the labels of the gauge;
    /// see [`HttpMetricsLayer::oldest_start_timestamp`](crate::HttpMetricsLayer::oldest_start_timestamp). Its name does not
    /// follow [`gauge_as`](Self::gauge_as).
    ///
    /// # Panics
    ///
    /// Panics if another metric has the name.
    pub fn oldest_start_timestamp(self) -> Self {
        self.with(Config::tell_oldest)
    }

    /// Records the time of one call in `every`; see [`HttpMetricsLayer::sample_latency`](crate::HttpMetricsLayer::sample_latency).
    /// Leave it out where an SLA promises a latency: [`Sla::check`](crate::sla::Sla::check) refuses it.
    ///
    /// # Panics
    ///
    /// Panics if `every` is zero.
    pub fn sample_latency(self, every: u32) -> Self {
        self.with(|config| config.sampled = one_in(every))
    }

    /// Records to this recorder; see [`HttpMetricsLayer::recorder`](crate::HttpMetricsLayer::recorder).
    pub fn recorder(self, recorder: Arc<dyn Recorder + Send + Sync>) -> Self {
        self.with(|config| config.source.give(recorder))
    }

    /// Tells that the exporter forgets what has not changed for this long; see
    /// [`HttpMetricsLayer::idle_timeout`](crate::HttpMetricsLayer::idle_timeout).
    ///
    /// # Panics
    ///
    /// Panics if it is zero.
    pub fn idle_timeout(self, idle_timeout: Duration) -> Self {
        self.with(|config| config.source.forgets_after(idle_timeout))
    }

    /// Reads the time from this clock, which a test steps by hand.
    #[cfg(feature = "testing")]
    #[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
    pub fn clock(self, clock: Clock) -> Self {
        self.with(|config| config.clock = clock)
    }

    /// Makes the metrics before the first call: described, and at zero where the Layer adds no labels. One that does has
    /// [`initialize_with`](Self::initialize_with).
    ///
    /// Call it after the exporter was installed: before, it does nothing.
    pub fn initialize(&self) {
        self.protocol.initialize();
    }

    /// Makes the series of these label values before their first call: what
    /// [`Operation::initialize_with`](crate::Operation::initialize_with) makes, and as it makes that. The values are those that
    /// the closures of [`label`](Self::label) will return, in the order in which they were added.
    ///
    /// ```
    /// use tower_metrics::{ServiceMetricsLayer, testing::Recorder};
    ///
    /// struct Query { kind: &'static str }
    ///
    /// let recorder = Recorder::new();
    /// let layer = ServiceMetricsLayer::new("db_query")
    ///     .label("query_type", |query: &Query| query.kind.into())
    ///     .recorder(recorder.shared());
    /// layer.initialize_with(["select"]);
    /// assert_eq!(recorder.series("db_query_in_flight"), [r#"query_type="select""#]);
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if there are not as many values as labels.
    pub fn initialize_with<const N: usize>(&self, values: [&str; N]) {
        self.protocol.initialize_with(values);
    }

    pub(crate) fn only(self, instruments: Instruments) -> Self {
        self.with(|config| config.instruments = instruments)
    }

    pub(crate) fn into_protocol(self) -> Arc<AnyService<H>> {
        self.protocol
    }

    fn with(self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = self.protocol.config.clone();
        change(&mut config);
        Self::of(config, self.protocol.hooks.clone())
    }
}

impl<H> ServiceMetricsLayer<H> {
    fn of(config: Config, hooks: H) -> Self {
        let spec = Arc::new(config.spec());
        Self { protocol: Arc::new(AnyService { hooks, config, spec, cache: Cache::default() }) }
    }
}

impl<H> Clone for ServiceMetricsLayer<H> {
    fn clone(&self) -> Self {
        Self { protocol: Arc::clone(&self.protocol) }
    }
}

impl<S, H> Layer<S> for ServiceMetricsLayer<H> {
    type Service = Metrics<S, AnyService<H>>;

    fn layer(&self, inner: S) -> Self::Service {
        Metrics { inner, protocol: Arc::clone(&self.protocol) }
    }
}
