//! The Layer, which is its own builder, and what it is configured to record.

use std::{borrow::Cow, sync::Arc, time::Duration};

use metrics::Recorder;
use tower_layer::Layer;

use super::{
    RequestHead,
    config::{Config, Role},
    methods::MethodHashes,
};
#[cfg(feature = "testing")]
use crate::clock::Clock;
use crate::{
    hints::Hints,
    instrument::{Instruments, Metrics},
    names::Naming,
    series::{Birth, Cache, Spec},
    sla::Sla,
};

/// Counts HTTP calls, measures how long they took, and shows how many are in flight.
///
/// See the [module](super) for what is recorded when, and where to place the Layer. Cloning the Layer, and
/// applying it, costs one reference count.
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
#[derive(Clone, Debug)]
#[must_use = "a Layer measures nothing until it is applied to a service"]
pub struct HttpMetricsLayer {
    protocol: Arc<Http>,
}

/// The HTTP protocol of a [`Metrics`] service: what [`HttpMetricsLayer`] was told.
#[derive(Debug)]
#[repr(align(128))] // Of its own cache line, as `Series` is: servers clone the service for each request.
pub struct Http {
    pub(super) config: Config,
    pub(super) spec: Arc<Spec>,
    pub(super) cache: Cache,
    pub(super) methods: MethodHashes,
    /// Every call is measured, under what was matched.
    pub(super) is_simple: bool,
    pub(super) hints: Arc<Hints>,
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

    /// Tells the endpoint of a request, where no route was matched: a matched route wins. `None` is `unmatched`.
    ///
    /// Return one of few values, such as a route template, never an identifier: each makes series of its own.
    /// Control characters, `\` and `"` become `_`, and a value is cut at 128 bytes. A client gets a label
    /// `endpoint` beside `server`. Should the function panic, the endpoint is `_PANIC` and the call goes on.
    ///
    /// Write the closure here, where its lifetimes are inferred, or name a
    /// `fn route(head: RequestHead<'_>) -> Option<Cow<'_, str>>`.
    pub fn endpoint<F>(self, endpoint: F) -> Self
    where
        F: for<'a> Fn(RequestHead<'a>) -> Option<Cow<'a, str>> + Send + Sync + 'static,
    {
        self.with(|config| config.endpoint = Some(Arc::new(endpoint)))
    }

    /// Lets the values of [`endpoint`](Self::endpoint) make at most this many label sets: 1,000 unless set.
    ///
    /// Calls beyond them have the endpoint `_OVERFLOW`, and keep their method, status and outcome, so that totals
    /// stay exact; `tower_metrics_overflow_total` counts them, and each costs an allocation. Matched routes, declared
    /// endpoints and `unmatched` do not count, nor does what was answered 405 or 501 alone. Layers of the same metric
    /// share the count of what each of them made, each against its own limit; make a Layer once.
    pub fn max_label_sets(self, most: usize) -> Self {
        self.with(|config| config.max_label_sets = most)
    }

    /// Takes the raw path of a request as its endpoint, where no route was matched.
    ///
    /// Whoever can send requests can then make as many series as [`max_label_sets`](Self::max_label_sets) allows,
    /// and the paths that are asked for first have them.
    pub fn unbounded_raw_path(self) -> Self {
        self.endpoint(|head| Some(head.uri().path().into()))
    }

    /// Leaves out the requests of which `skip` says `true`: they pass unmeasured. Should it panic, they are
    /// measured.
    pub fn skip<F>(self, skip: F) -> Self
    where
        F: Fn(RequestHead<'_>) -> bool + Send + Sync + 'static,
    {
        self.with(|config| config.skip = Some(Arc::new(skip)))
    }

    /// Leaves out these endpoints, such as `/health`, by their label value.
    pub fn skip_endpoints<E: Into<String>>(self, endpoints: impl IntoIterator<Item = E>) -> Self {
        self.with(|config| config.skipped.extend(endpoints.into_iter().map(Into::into)))
    }

    /// Measures these endpoints alone, by their label value; `unmatched` is one of them only if it is named.
    pub fn keep_endpoints<E: Into<String>>(self, endpoints: impl IntoIterator<Item = E>) -> Self {
        self.with(|config| config.kept.get_or_insert_default().extend(endpoints.into_iter().map(Into::into)))
    }

    /// Declares endpoints, so that [`initialize`](Self::initialize) makes their series before the first call. Spell
    /// them as they are matched: with axum the whole template, nested prefixes included.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tower_metrics::HttpMetricsLayer;
    /// let layer = HttpMetricsLayer::new().endpoints([("GET", "/users/{id}"), ("POST", "/users")]);
    /// # drop(layer);
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if a method is none that has a label: those of RFC 9110, PATCH, and those added by
    /// [`methods`](Self::methods), which comes first. Panics on an empty endpoint, with axum on one that does not
    /// begin with `/`, and on a pair declared twice.
    pub fn endpoints<M, E>(self, endpoints: impl IntoIterator<Item = (M, E)>) -> Self
    where
        M: AsRef<str>,
        E: Into<String>,
    {
        self.with(|config| {
            for (method, endpoint) in endpoints {
                config.declare(method.as_ref(), endpoint.into());
            }
        })
    }

    /// Declares the endpoints of which `sla` promises something, and measures the time to the response head if it is
    /// promised.
    ///
    /// # Panics
    ///
    /// Panics on an endpoint that [`endpoints`](Self::endpoints) would refuse; one that is declared already may stay so.
    pub fn sla(self, sla: &Sla) -> Self {
        self.with(|config| {
            for it in &sla.endpoints {
                if !config.declares(&it.method, &it.route) {
                    config.declare(&it.method, it.route.clone());
                }
            }
            config.times_head |= sla.is_about_head();
        })
    }

    /// Gives methods beyond RFC 9110 and PATCH a label value of their own. All others are `_OTHER`.
    ///
    /// # Panics
    ///
    /// Panics on what is no HTTP method.
    pub fn methods<M: AsRef<str>>(self, methods: impl IntoIterator<Item = M>) -> Self {
        self.with(|config| methods.into_iter().for_each(|method| config.methods.add(method.as_ref())))
    }

    /// Names the servers, by host or by `host:port`, that a [`client`](Self::client) gives a label value of
    /// their own. All others are `_OTHER`. The port of a request counts only where an entry has one.
    ///
    /// # Panics
    ///
    /// Panics on an empty name, on one with a scheme or a path, and on a Layer that is no client.
    pub fn servers<H: Into<String>>(self, servers: impl IntoIterator<Item = H>) -> Self {
        self.with(|config| {
            servers.into_iter().for_each(|server| config.add_server(server.into()));
        })
    }

    /// Tells how many requests the service takes at once: `http_requests_in_flight_limit`, without labels, so that
    /// saturation is `sum(http_requests_in_flight) / max(http_requests_in_flight_limit)` by instance.
    pub fn in_flight_limit(self, limit: usize) -> Self {
        self.with(|config| config.limit = Some(limit))
    }

    /// Counts attempts, inside of a retry: `http_request_attempts_total`, `http_request_attempt_duration_seconds` and
    /// `http_request_attempts_in_flight` (`http_client_…` for a client), so that no sum over requests takes them in.
    pub fn attempts(self) -> Self {
        self.with(|config| config.attempts = true)
    }

    /// Puts the exact status on the histogram, `404` where it was `4xx`. Each status then costs as many series
    /// as the histogram has bounds, and three.
    pub fn exact_status(self) -> Self {
        self.with(|config| config.exact_status = true)
    }

    /// Measures also the time to the response head, in `http_response_head_duration_seconds`, with the labels of the
    /// duration: the sample is taken when the head is there, and for a call without one when it ends.
    ///
    /// That is what a service promises whose bodies last as long as their readers want: downloads, streams.
    pub fn response_head_duration(self) -> Self {
        self.with(|config| config.times_head = true)
    }

    /// Records under the names and labels of `naming`, which may be a [scheme](Naming#schemes): then also with its values, and
    /// with its end of the time that is measured.
    pub fn naming(self, naming: &Naming) -> Self {
        self.with(|config| config.naming = naming.clone())
    }

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
        let Http { config, spec, cache, hints, .. } = &*self.protocol;
        let Some(at) = cache.at(spec) else {
            return hints.initialized_without_recorder("http_requests_total");
        };
        let birth = Birth { infallible: config.is_infallible(), to_be_proven: false, is_open: false };
        for values in config.initial() {
            self.protocol.series(at, values, || birth).initialize();
        }
    }

    pub(crate) fn only(self, instruments: Instruments) -> Self {
        self.with(|config| config.instruments = instruments)
    }

    pub(crate) fn into_protocol(self) -> Arc<Http> {
        self.protocol
    }

    fn of(role: Role) -> Self {
        Self { protocol: Arc::new(Http::new(Config::new(role))) }
    }

    /// Changes the configuration; what was cached for the old one stays with its clones.
    fn with(self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = self.protocol.config.clone();
        change(&mut config);
        Self { protocol: Arc::new(Http::new(config)) }
    }
}

impl Default for HttpMetricsLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for HttpMetricsLayer {
    type Service = Metrics<S, Http>;

    fn layer(&self, inner: S) -> Self::Service {
        Metrics { inner, protocol: Arc::clone(&self.protocol) }
    }
}

// ===== impl Http =====

impl Http {
    fn new(config: Config) -> Self {
        let hints = Arc::new(Hints::new(config.expects_routes()));
        let spec = Arc::new(config.spec(&hints));
        let cache = Cache::default();
        let methods = MethodHashes::new(&config.methods, cache.hasher());
        let is_simple = config.is_simple();
        Self { config, spec, cache, methods, is_simple, hints }
    }
}
