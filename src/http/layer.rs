//! The Layer, which is its own builder, and what it is configured to record.

use std::{sync::Arc, time::Duration};

use metrics::Recorder;
use tower_layer::Layer;

use super::{
    calls::Calls,
    config::{Config, Role},
};
#[cfg(feature = "testing")]
use crate::clock::Clock;
use crate::instrument::{Instruments, Metrics};

/// Counts HTTP calls, measures how long they took, and shows how many are in flight.
///
/// See the [module](super) for what is recorded when, and where to place the Layer. Cloning the Layer, and
/// applying it, costs one reference count. `H` stands for the closure of [`classify_errors`](Self::classify_errors).
///
/// # Examples
///
/// ```
/// use std::convert::Infallible;
///
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use bytes::Bytes;
/// use tower::{ServiceBuilder, service_fn};
/// use tower_metrics::HttpMetricsLayer;
///
/// let service = ServiceBuilder::new()
///     .layer(HttpMetricsLayer::new().endpoint(|head| match head.uri().path() {
///         "/health" => Some("/health".into()),
///         _ => None,
///     }))
///     .service(service_fn(async |_: Request<Full<Bytes>>| {
///         Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("ok")))
///     }));
/// # drop(service);
/// ```
#[derive(Debug)]
#[must_use = "a Layer measures nothing until it is applied to a service"]
pub struct HttpMetricsLayer<H = ()> {
    pub(super) protocol: Arc<Http<H>>,
}

/// The HTTP protocol of a [`Metrics`] service: what [`HttpMetricsLayer`] was told.
#[derive(Debug)]
#[repr(align(128))] // Of its own cache line, as `Series` is: servers clone the service for each request.
pub struct Http<H = ()> {
    pub(super) errors: H,
    pub(super) calls: Calls,
}

// ===== impl HttpMetricsLayer =====

impl HttpMetricsLayer {
    /// Measures a server that speaks HTTP. Every endpoint is `unmatched` until [`endpoint`](Self::endpoint)
    /// tells otherwise.
    pub fn new() -> Self {
        Self::of(Role::Server)
    }

    /// Measures an axum server: the endpoint is the route template of axum's `MatchedPath`.
    ///
    /// Apply it with `Router::layer`, which runs it after the route was matched. See the
    /// [module](super#where-to-place-it) for the places where it sees no route.
    #[cfg(feature = "axum")]
    pub fn axum() -> Self {
        Self::of(Role::Axum)
    }

    /// Measures a client: the metrics are `http_client_…`, and a label `server` stands in the place of
    /// `endpoint`. It is `_OTHER` for every server that is not named by [`servers`](Self::servers).
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http_body_util::Full;
    /// use hyper_util::{client::legacy::Client, rt::TokioExecutor};
    /// use tower::ServiceBuilder;
    /// use tower_metrics::HttpMetricsLayer;
    ///
    /// let client = ServiceBuilder::new()
    ///     .layer(HttpMetricsLayer::client().servers(["payments.internal"]))
    ///     .service(Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>());
    /// # drop(client);
    /// ```
    pub fn client() -> Self {
        Self::of(Role::Client)
    }

    fn of(role: Role) -> Self {
        Self { protocol: Arc::new(Http::new(Config::new(role), ())) }
    }
}

impl<H: Clone> HttpMetricsLayer<H> {
    /// Records to this recorder, whichever is the global one.
    ///
    /// Without it, each call belongs to the recorder that is current when it begins: the scoped one of the
    /// thread, else the global one. A series is resolved when a call first needs it, so a scoped recorder must
    /// then still be in scope; a Layer that outlives the scope of a recorder is given that recorder here.
    ///
    /// A recorder is known by its address, so Layers that share a gauge are to be given the same `Arc`, and one
    /// without a size cannot be told from another. One that takes counters and nothing else is taken for none: put
    /// [`RequestCountLayer`](crate::RequestCountLayer) there.
    pub fn recorder(self, recorder: Arc<dyn Recorder + Send + Sync>) -> Self {
        self.with(|config| config.source.give(recorder))
    }

    /// Tells that the exporter forgets what has not changed for this long, as
    /// [`exporter::Prometheus::idle_timeout`](crate::exporter::Prometheus::idle_timeout) makes it do. Without this
    /// line, what is recorded after an idle time is lost, because a handle of what was forgotten leads nowhere.
    ///
    /// Handles are then asked for again when they are older than a quarter of it, a second at most. Nothing is lost but
    /// what falls between that question and the first use of the handle, if a page is rendered at that very moment.
    /// While a label set is used, its counters of failure stand at zero; one that was forgotten begins anew with its
    /// next call, of which `increase()` sees nothing. Let an exporter of your own forget counters and histograms alone (the mask
    /// `COUNTER | HISTOGRAM`): a gauge that it forgot is absent until it changes.
    ///
    /// A label set of [`endpoint`](Self::endpoint) that was not used for a day, or for `idle_timeout` if that is longer,
    /// and is not in flight, is given up when there is no room for another one;
    /// `tower_metrics_label_sets_given_up_total` counts them. Declared endpoints and matched routes never are. Of what was
    /// given up, the gauge stays in the exporter, at zero.
    ///
    /// # Panics
    ///
    /// Panics if it is zero.
    pub fn idle_timeout(self, idle_timeout: Duration) -> Self {
        self.with(|config| config.source.forgets_after(idle_timeout))
    }

    /// Reads the time from this clock, which a test steps by hand.
    #[cfg(feature = "testing")]
    pub fn clock(self, clock: Clock) -> Self {
        self.with(|config| config.clock = clock)
    }

    /// Makes the series of every declared endpoint and of `unmatched` at once: the counters of failure and the
    /// histograms of `2xx` and `5xx` at zero, and the gauge.
    ///
    /// Call it after the exporter was installed: before, it does nothing, and says so where the feature `tracing` is
    /// on. A counter that is born at 1 shows
    /// Prometheus no increase, so the first failure of an endpoint is only seen if its counter stood at 0 in
    /// an earlier scrape. The methods of `unmatched` are those of the declared endpoints, or GET and POST. A client
    /// gets them for each of its [`servers`](Self::servers) and for `_OTHER`.
    /// Calling it again changes nothing.
    pub fn initialize(&self) {
        self.protocol.calls.initialize();
    }

    pub(crate) fn only(self, instruments: Instruments) -> Self {
        self.with(|config| config.instruments = instruments)
    }

    pub(crate) fn into_protocol(self) -> Arc<Http<H>> {
        self.protocol
    }

    /// Changes the configuration; what was cached for the old one stays with its clones.
    pub(super) fn with(self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = self.protocol.calls.config.clone();
        change(&mut config);
        Self { protocol: Arc::new(Http::new(config, self.protocol.errors.clone())) }
    }
}

// By hand, because the protocol is shared and need not be `Clone`.
impl<H> Clone for HttpMetricsLayer<H> {
    fn clone(&self) -> Self {
        Self { protocol: Arc::clone(&self.protocol) }
    }
}

impl Default for HttpMetricsLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S, H> Layer<S> for HttpMetricsLayer<H> {
    type Service = Metrics<S, Http<H>>;

    fn layer(&self, inner: S) -> Self::Service {
        Metrics { inner, protocol: Arc::clone(&self.protocol) }
    }
}

// ===== impl Http =====

impl<H> Http<H> {
    pub(super) fn new(config: Config, errors: H) -> Self {
        Self { errors, calls: Calls::new(config) }
    }
}
