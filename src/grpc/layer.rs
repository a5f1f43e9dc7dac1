//! The Layer, which is its own builder, and what it is configured to record.

use std::{borrow::Cow, sync::Arc, time::Duration};

use metrics::Recorder;
use tower_layer::Layer;

use super::{
    Method,
    answers::GrpcAnswers,
    methods::{METHOD_LABELS, Methods},
};
use crate::{
    clock::Clock,
    hints::Hints,
    instrument::{Instruments, Metrics},
    labels::{OwnLabels, RequestHead, ResponseHead},
    names::{self, Metric, Naming},
    series::{Cache, Instrument, MAX_LABEL_SETS, Source, Spec, one_in},
};

/// Counts gRPC calls by their code, measures how long they took, and shows how many are in flight.
///
/// See the [module](super) for what is recorded when, and where to place the Layer. Cloning the Layer, and applying it,
/// costs one reference count.
///
/// # Examples
///
/// ```
/// use tower_metrics::{GrpcMetricsLayer, grpc::{bidi_stream, unary}};
///
/// let layer = GrpcMetricsLayer::new()
///     .methods([unary("shop.Orders", "Place"), bidi_stream("shop.Orders", "Watch")])
///     .skip_health_and_reflection();
/// // tonic::transport::Server::builder().layer(layer).add_service(…)
/// # drop(layer);
/// ```
#[derive(Clone, Debug)]
#[must_use = "a Layer measures nothing until it is applied to a service"]
pub struct GrpcMetricsLayer {
    protocol: Arc<Grpc>,
}

/// The gRPC protocol of a [`Metrics`] service: what [`GrpcMetricsLayer`] was told.
#[derive(Debug)]
#[repr(align(128))] // Of its own cache line, as `Series` is: servers clone the service for each request.
pub struct Grpc {
    pub(super) config: Config,
    pub(super) spec: Arc<Spec>,
    pub(super) cache: Cache,
    pub(super) hints: Hints,
}

#[derive(Clone, Debug)]
pub(super) struct Config {
    is_client: bool,
    pub(super) methods: Methods,
    /// In seconds, for calls that bring none of their own.
    pub(super) timeout: Option<f64>,
    pub(super) own: OwnLabels,
    sampled: u64,
    tells_oldest: bool,
    limit: Option<usize>,
    max_label_sets: usize,
    naming: Naming,
    source: Source,
    clock: Clock,
    instruments: Instruments,
}

/// The services by which a server tells of itself.
const ABOUT_ITSELF: [&str; 3] = [
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
];

// ===== impl GrpcMetricsLayer =====

impl GrpcMetricsLayer {
    /// Measures a gRPC server. Every method is `unknown` until [`methods`](Self::methods) names it.
    pub fn new() -> Self {
        Self::of(Config::new(false))
    }

    /// Measures a gRPC client: the metrics are `grpc_client_…`.
    pub fn client() -> Self {
        Self::of(Config::new(true))
    }

    /// Registers methods, which then have series of their own; calls of all others are of `unknown`.
    ///
    /// # Panics
    ///
    /// Panics on an empty name, on a service with a `/` in it, and on a method that is registered as two kinds.
    pub fn methods(self, methods: impl IntoIterator<Item = Method>) -> Self {
        self.with(|config| methods.into_iter().for_each(|method| config.methods.add(method)))
    }

    /// Registers every method of a `FILE_DESCRIPTOR_SET`, as `protoc --descriptor_set_out` and the `file_descriptor_set_path` of
    /// tonic's build write it: the bytes that tonic's reflection service is given.
    ///
    /// # Errors
    ///
    /// Fails if the bytes are no descriptor set, or one of no method.
    ///
    /// # Panics
    ///
    /// Panics if a method was registered as another kind before.
    #[cfg(feature = "descriptors")]
    #[cfg_attr(docsrs, doc(cfg(feature = "descriptors")))]
    pub fn descriptors(self, set: &[u8]) -> Result<Self, super::DescriptorError> {
        Ok(self.methods(super::descriptors::methods(set)?))
    }

    /// Leaves out these services: their calls pass unmeasured.
    pub fn skip_services<N: Into<String>>(self, services: impl IntoIterator<Item = N>) -> Self {
        self.with(|config| services.into_iter().for_each(|service| config.methods.skip(service.into())))
    }

    /// Leaves out the services by which a server tells of itself: `grpc.health.v1.Health`, and
    /// `ServerReflection` of `grpc.reflection.v1` and `grpc.reflection.v1alpha`.
    pub fn skip_health_and_reflection(self) -> Self {
        self.skip_services(ABOUT_ITSELF)
    }

    /// Tells the deadline of calls that bring none of their own in `grpc-timeout`: that of tonic's `Server::timeout`, or of
    /// `Endpoint::timeout` for a client. A call that ends unanswered after it is `DeadlineExceeded`.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.with(|config| config.timeout = Some(timeout.as_secs_f64()))
    }

    /// Adds a label of one value to every metric of this Layer; see
    /// [`HttpMetricsLayer::constant_label`](crate::HttpMetricsLayer::constant_label).
    ///
    /// # Panics
    ///
    /// As that one does.
    pub fn constant_label(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.with(|config| config.own.add_constant(name.into(), value.into()))
    }

    /// Adds a label whose value `label` takes from the metadata or the extensions of the request; see
    /// [`HttpMetricsLayer::label`](crate::HttpMetricsLayer::label). Messages are counted by it too.
    ///
    /// # Panics
    ///
    /// As that one does.
    pub fn label<F>(self, name: impl Into<String>, label: F) -> Self
    where
        F: for<'a> Fn(RequestHead<'a>) -> Option<Cow<'a, str>> + Send + Sync + 'static,
    {
        self.with(|config| config.own.add_of_request(name.into(), Arc::new(label)))
    }

    /// Adds a label whose value `label` takes from the head of the answer, its initial metadata and extensions; see
    /// [`HttpMetricsLayer::response_label`](crate::HttpMetricsLayer::response_label). Trailers come later, and are not asked.
    ///
    /// # Panics
    ///
    /// As that one does.
    pub fn response_label<F>(self, name: impl Into<String>, label: F) -> Self
    where
        F: for<'a> Fn(ResponseHead<'a>) -> Option<Cow<'a, str>> + Send + Sync + 'static,
    {
        self.with(|config| config.own.add_of_response(name.into(), Arc::new(label)))
    }

    /// Lets the label that was added last have this many values of its own; all others are `_OVERFLOW`.
    ///
    /// # Panics
    ///
    /// Panics if no label of requests or answers was added.
    pub fn max_values(self, most: usize) -> Self {
        self.with(|config| config.own.max_values(most))
    }

    /// Lets own labels make at most this many label sets: 1,000 unless set; see
    /// [`HttpMetricsLayer::max_label_sets`](crate::HttpMetricsLayer::max_label_sets).
    pub fn max_label_sets(self, most: usize) -> Self {
        self.with(|config| config.max_label_sets = most)
    }

    /// Records the time of one call in `every`; see [`HttpMetricsLayer::sample_latency`](crate::HttpMetricsLayer::sample_latency).
    /// Leave it out where an SLA promises a latency: [`Sla::check`](crate::sla::Sla::check) refuses it.
    ///
    /// # Panics
    ///
    /// Panics if `every` is zero, and with a naming scheme that counts calls by their samples.
    pub fn sample_latency(self, every: u32) -> Self {
        self.with(|config| config.sampled = one_in(every))
    }

    /// Tells how many calls the server takes at once: `grpc_server_in_flight_limit`, without labels but constant ones.
    pub fn in_flight_limit(self, limit: usize) -> Self {
        self.with(|config| config.limit = Some(limit))
    }

    /// Tells also when the oldest call in flight began: `grpc_server_oldest_start_timestamp_seconds`, with the labels of
    /// `grpc_server_in_flight`; see
    /// [`HttpMetricsLayer::oldest_start_timestamp`](crate::HttpMetricsLayer::oldest_start_timestamp).
    pub fn oldest_start_timestamp(self) -> Self {
        self.with(|config| config.tells_oldest = true)
    }

    /// Records under the names and labels of `naming`.
    pub fn naming(self, naming: &Naming) -> Self {
        self.with(|config| config.naming = naming.clone())
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

    /// Makes the series of every registered method and of `unknown` at once, all 17 codes at zero.
    ///
    /// Call it after the exporter was installed: before, it does nothing, and says so where the feature `tracing` is on. A
    /// counter that is born at 1 shows Prometheus no increase, so the first failure of a method is only seen if its
    /// counter stood at 0 in an earlier scrape.
    pub fn initialize(&self) {
        let Grpc { config, spec, cache, hints } = &*self.protocol;
        let Some(at) = cache.at(spec) else {
            return hints.initialized_without_recorder(spec.name());
        };
        let own = config.own.of_none();
        own.with(|own| config.methods.all_series(at, own).iter().for_each(|series| series.initialize()));
    }

    pub(crate) fn only(self, instruments: Instruments) -> Self {
        self.with(|config| config.instruments = instruments)
    }

    pub(crate) fn into_protocol(self) -> Arc<Grpc> {
        self.protocol
    }

    pub(super) fn config(&self) -> &Config {
        &self.protocol.config
    }

    fn of(config: Config) -> Self {
        let spec = Arc::new(config.spec());
        let protocol = Grpc { config, spec, cache: Cache::default(), hints: Hints::new(false) };
        Self { protocol: Arc::new(protocol) }
    }

    fn with(self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = self.protocol.config.clone();
        change(&mut config);
        Self::of(config)
    }
}

impl Default for GrpcMetricsLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for GrpcMetricsLayer {
    type Service = Metrics<S, Grpc>;

    fn layer(&self, inner: S) -> Self::Service {
        Metrics { inner, protocol: Arc::clone(&self.protocol) }
    }
}

// ===== impl Config =====

impl Config {
    fn new(is_client: bool) -> Self {
        Self {
            is_client,
            methods: Methods::default(),
            timeout: None,
            own: OwnLabels::default(),
            sampled: 1,
            tells_oldest: false,
            limit: None,
            max_label_sets: MAX_LABEL_SETS,
            naming: Naming::new(),
            source: Source::default(),
            clock: Clock::new(),
            instruments: Instruments::ALL,
        }
    }

    fn spec(&self) -> Spec {
        let [started, handled, handling, in_flight, oldest, limit] = match self.is_client {
            false => [
                &names::GRPC_SERVER_STARTED_TOTAL,
                &names::GRPC_SERVER_HANDLED_TOTAL,
                &names::GRPC_SERVER_HANDLING_SECONDS,
                &names::GRPC_SERVER_IN_FLIGHT,
                &names::GRPC_SERVER_OLDEST_START,
                &names::GRPC_SERVER_IN_FLIGHT_LIMIT,
            ],
            true => [
                &names::GRPC_CLIENT_STARTED_TOTAL,
                &names::GRPC_CLIENT_HANDLED_TOTAL,
                &names::GRPC_CLIENT_HANDLING_SECONDS,
                &names::GRPC_CLIENT_IN_FLIGHT,
                &names::GRPC_CLIENT_OLDEST_START,
                &names::GRPC_CLIENT_IN_FLIGHT_LIMIT,
            ],
        };
        let instrument = |is_on: bool, metric| is_on.then(|| Instrument::new(metric, &self.naming));
        let mut spec = self.plain_spec();
        spec.started = instrument(self.instruments.count, started);
        let Instruments { count, latency, .. } = self.instruments;
        spec.counter = instrument(count && !(latency && self.naming.counts_by_histogram(handled)), handled);
        spec.histogram = instrument(latency, handling);
        spec.gauge = instrument(self.instruments.in_flight, in_flight);
        spec.oldest = instrument(self.instruments.in_flight && self.tells_oldest, oldest);
        spec.limit = instrument(self.instruments.in_flight, limit).zip(self.limit);
        spec.sampled = self.sampled;
        self.own.declare_in(&mut spec);
        let code = self.naming.label_of(names::GRPC_CODE);
        spec.assert_sampling();
        spec.assert_labels(METHOD_LABELS, &[&code], handled);
        spec.answers = Box::new(GrpcAnswers { is_client: self.is_client, code });
        spec
    }

    /// What counts the messages that a client or a server received, and those that it sent.
    pub(super) fn message_specs(&self) -> [Spec; 2] {
        let metrics: [&Metric; 2] = match self.is_client {
            false => [&names::GRPC_SERVER_MSG_RECEIVED_TOTAL, &names::GRPC_SERVER_MSG_SENT_TOTAL],
            true => [&names::GRPC_CLIENT_MSG_RECEIVED_TOTAL, &names::GRPC_CLIENT_MSG_SENT_TOTAL],
        };
        metrics.map(|metric| {
            let mut spec = self.plain_spec();
            spec.counter = Some(Instrument::new(metric, &self.naming));
            self.own.declare_in(&mut spec);
            spec
        })
    }

    pub(super) fn is_client(&self) -> bool {
        self.is_client
    }

    fn plain_spec(&self) -> Spec {
        let labels = [names::GRPC_TYPE, names::GRPC_SERVICE, names::GRPC_METHOD];
        let labels = labels.map(|label| self.naming.label_of(label)).into();
        let mut spec = Spec::new(labels, self.source.clone());
        spec.clock = self.clock.clone();
        spec.naming = self.naming.clone();
        spec.max_label_sets = self.max_label_sets;
        spec
    }
}
