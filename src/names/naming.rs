//! A naming scheme: the names of the table as a house wants them.

use std::{borrow::Cow, collections::BTreeMap};

use super::{
    CATALOG, ERROR_TYPE, Metric,
    scheme::Scheme,
    valid::{assert_label_name, assert_metric_name, is_metric_name},
};

/// The names and labels under which a Layer records, where they are not those of the [`catalog`](super::catalog).
///
/// A scheme says names, labels and values as a whole. Two Layers with two schemes live in one process. Give the same scheme to
/// the exporter, which sets the histograms' bounds by name, and to the [`Sla`](crate::sla::Sla::naming), so that rules and
/// dashboards ask for what is recorded. Own names can be set on top of a scheme.
///
/// # Schemes
///
/// HTTP servers, as Prometheus has them; [`opentelemetry`](Self::opentelemetry) records its names with dots:
///
/// | | [`new`](Self::new) | [`opentelemetry`](Self::opentelemetry) | [`axum_prometheus`](Self::axum_prometheus) |
/// |---|---|---|---|
/// | calls ended | `http_requests_total` | `http_server_request_duration_seconds_count` | `axum_http_requests_total` |
/// | duration | `http_request_duration_seconds` | `http_server_request_duration_seconds` | `axum_http_requests_duration_seconds` |
/// | … to the | end of the call | end of the call | response head |
/// | in flight | `http_requests_in_flight` | `http_server_active_requests` | `axum_http_requests_pending` |
/// | method | `method` | `http_request_method` | `method` |
/// | route | `endpoint` | `http_route` | `endpoint` |
/// | … where there is none | `unmatched` | no label | `unmatched` |
/// | status | `status`: the class on the histogram, the exact one on the counter | `http_response_status_code`: the exact one | `status`: the exact one |
/// | … where there is none | `none`; `500` where a server failed without one | no label | `none`; `500` where a server failed without one |
/// | how it ended | `outcome`, on the counter | `error_type`: the status from 500 on, else `error`, `cancelled`, `panicked` or `body_error`; no label where it did not fail | |
/// | beside these | | `url_scheme`: `http`, or what [`url_scheme`](Self::url_scheme) says | |
///
/// HTTP clients of OpenTelemetry have `http_client_request_duration_seconds` and `http_client_active_requests`, with
/// `server_address`, `server_port` where the server was [named](crate::HttpMetricsLayer::servers) with one, `url_template` for an
/// endpoint that a function gave, and `error_type` from status 400 on. Those of axum-prometheus, which has none, are as in the
/// catalogue.
///
/// gRPC of OpenTelemetry has `rpc_server_call_duration_seconds`, and `rpc_client_…`:
///
/// | label | value |
/// |---|---|
/// | `rpc_system_name` | `grpc` |
/// | `rpc_method` | `shop.Orders/Place`; `_OTHER` for what was not registered |
/// | `rpc_response_status_code` | `OK`, `DEADLINE_EXCEEDED`, … |
/// | `error_type` | of a server `UNKNOWN`, `DEADLINE_EXCEEDED`, `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE` and `DATA_LOSS`; of a client every code but `OK`; `panicked`, `body_error`, or `error` where there was no code |
///
/// Its other metrics, such as `grpc_server_in_flight`, have these labels without the last two, and `grpc_type`.
///
/// Two Layers of two schemes around the same calls share what the schemes name alike, such as
/// `grpc_server_started_total`, and count it double: give one of them a [`prefix`](Self::prefix).
///
/// # Examples
///
/// ```
/// use tower_metrics::{HttpMetricsLayer, names::Naming};
///
/// let naming = Naming::new().prefix("shop_").label("endpoint", "route");
/// let layer = HttpMetricsLayer::new().naming(&naming);
/// assert_eq!(naming.name("http_requests_total"), "shop_http_requests_total");
/// # drop(layer);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Naming {
    pub(super) scheme: Scheme,
    pub(super) prefix: String,
    pub(super) metrics: BTreeMap<&'static str, String>,
    pub(super) labels: BTreeMap<&'static str, String>,
}

// ===== impl Naming =====

impl Naming {
    /// Names everything as the catalogue does.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Names HTTP and gRPC calls as the [semantic conventions] of OpenTelemetry do, in version 1.41: see the table
    /// [above](Self#schemes).
    ///
    /// Names and attributes are recorded with their dots. In the text of Prometheus they stand as the rules from
    /// OpenTelemetry to Prometheus have them, with underscores and the unit at the end:
    /// [`exporter::Prometheus`](crate::exporter::Prometheus) sees to that where it is told of the scheme, by
    /// [`naming`](crate::exporter::Prometheus::naming) or by the SLA.
    ///
    /// The conventions count calls by the samples of the histogram, so it has the exact status and `error.type`, and
    /// [`HttpMetricsLayer`](crate::HttpMetricsLayer) and [`GrpcMetricsLayer`](crate::GrpcMetricsLayer) record no counter
    /// beside it; [`RequestCountLayer`](crate::RequestCountLayer) does. What the conventions do not know keeps the
    /// name that it has in the catalogue, with the attributes of the conventions as labels. A histogram for each exact
    /// status costs more series: each its bounds and three, and six of them stand at zero from the first call of a route on.
    ///
    /// [semantic conventions]: https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_metrics::{HttpMetricsLayer, names::Naming};
    ///
    /// let naming = Naming::opentelemetry().url_scheme("https");
    /// assert_eq!(naming.name("http_request_duration_seconds"), "http.server.request.duration");
    /// assert_eq!(naming.prometheus_name("http_request_duration_seconds"), "http_server_request_duration_seconds");
    /// let layer = HttpMetricsLayer::new().naming(&naming);
    /// # drop(layer);
    /// ```
    #[must_use]
    pub fn opentelemetry() -> Self {
        Self { scheme: Scheme::OpenTelemetry { url_scheme: Cow::Borrowed("http") }, ..Self::default() }
            .checked()
    }

    /// Names the HTTP calls of servers as the crate `axum-prometheus` does, and measures them to the response head, as it
    /// does: see the table [above](Self#schemes), and `docs/migrating.md` for what else changes.
    ///
    /// A [`prefix`](Self::prefix) takes the place of `axum_`, as that crate's `with_prefix` does. Attempts
    /// ([`attempts`](crate::HttpMetricsLayer::attempts)) keep their names and are measured to their end, and have the exact status and
    /// no `outcome` too.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_metrics::names::Naming;
    ///
    /// let naming = Naming::axum_prometheus();
    /// assert_eq!(naming.name("http_requests_total"), "axum_http_requests_total");
    /// assert_eq!(naming.prefix("shop_").name("http_requests_in_flight"), "shop_http_requests_pending");
    /// ```
    #[must_use]
    pub fn axum_prometheus() -> Self {
        Self { scheme: Scheme::AxumPrometheus, ..Self::default() }.checked()
    }

    /// Says what the attribute `url.scheme` is, which is `http` otherwise. It is one for all calls of a Layer, because what a
    /// request says of it, its sender chose.
    ///
    /// # Panics
    ///
    /// Panics if this is no scheme of a URL, and on names other than those of [`opentelemetry`](Self::opentelemetry), which have
    /// no place for it.
    #[must_use]
    pub fn url_scheme(mut self, url_scheme: impl Into<Cow<'static, str>>) -> Self {
        let its = url_scheme.into();
        // RFC 3986, section 3.1.
        let is_scheme = its.starts_with(|c: char| c.is_ascii_lowercase())
            && its.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c));
        assert!(is_scheme, "{its:?} is no scheme of a URL: give one such as \"https\"");
        let Scheme::OpenTelemetry { url_scheme } = &mut self.scheme else {
            panic!(
                "only Naming::opentelemetry() has a label for the scheme of the URL: begin with it, or leave this out"
            )
        };
        *url_scheme = its;
        self
    }

    /// Puts `prefix` before every name that is not set by [`metric`](Self::metric), but not before those of
    /// `tower_metrics_…`, in which the crate tells about itself.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse a name that begins so: letters, digits, `_` and `:` are allowed, and
    /// no digit at the beginning; in names of [OpenTelemetry](Self::opentelemetry) also dots.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        assert!(
            self.prefix.is_empty() || is_metric_name(&self.without_dots(&self.prefix)),
            "the prefix {:?} cannot begin a Prometheus metric name: use letters, digits, `_` and `:`, and \
             begin with no digit",
            self.prefix
        );
        self.checked()
    }

    /// Records the metric that the catalogue calls `original` as `name`, without the prefix.
    ///
    /// # Panics
    ///
    /// Panics if the catalogue has no `original`, if Prometheus would refuse `name`, or if another metric
    /// already has it.
    #[must_use]
    pub fn metric(mut self, original: &str, name: impl Into<String>) -> Self {
        let name = name.into();
        let Some(metric) = CATALOG.iter().find(|metric| metric.name() == original) else {
            panic!("there is no metric {original:?} to rename: names::catalog() lists those there are")
        };
        assert_metric_name(&self.without_dots(&name));
        self.metrics.insert(metric.name(), name);
        self.checked()
    }

    /// Records the label that the catalogue calls `original` as `name`, on every metric that has it.
    ///
    /// # Panics
    ///
    /// Panics if no metric of the catalogue has a label `original`, if Prometheus would refuse or reserves
    /// `name` (`__…`, `le`, `quantile`), or if the metric already has another label of that name.
    #[must_use]
    pub fn label(mut self, original: &str, name: impl Into<String>) -> Self {
        let name = name.into();
        let mut labels = CATALOG.iter().flat_map(|metric| metric.labels()).chain([&ERROR_TYPE]);
        let Some(label) = labels.find(|label| **label == original) else {
            panic!("there is no label {original:?} to rename: names::catalog() lists those there are")
        };
        assert_label_name(&self.without_dots(&name));
        self.labels.insert(label, name);
        self.checked()
    }

    /// Returns the name under which the metric `original` of the catalogue is recorded.
    ///
    /// # Panics
    ///
    /// Panics if the catalogue has no `original`.
    #[must_use]
    pub fn name(&self, original: &str) -> String {
        self.name_of(find(original))
    }

    /// Returns the name under which Prometheus finds the metric `original` of the catalogue: as it is recorded, but for
    /// names of [OpenTelemetry](Self::opentelemetry), which have no dots there, and their unit at the end.
    ///
    /// # Panics
    ///
    /// Panics if the catalogue has no `original`.
    #[must_use]
    pub fn prometheus_name(&self, original: &str) -> String {
        self.prometheus_name_of(find(original))
    }
}

fn find(original: &str) -> &'static Metric {
    let Some(metric) = CATALOG.iter().find(|metric| metric.name() == original) else {
        panic!("there is no metric {original:?}: names::catalog() lists those there are")
    };
    metric
}
