//! The schemes: what each calls a metric and a label, and by which labels and values it says how a call ended.
//!
//! Layers and promises ask here, and none of them knows a scheme by its name.

use std::borrow::Cow;

use metrics::Unit;

use super::{
    ENDPOINT, ERROR_TYPE, GRPC_CANCELED, GRPC_CLIENT_HANDLED_TOTAL, GRPC_CLIENT_HANDLING_SECONDS, GRPC_CODE,
    GRPC_METHOD, GRPC_SERVER_HANDLED_TOTAL, GRPC_SERVER_HANDLING_SECONDS,
    HTTP_CLIENT_REQUEST_DURATION_SECONDS, HTTP_CLIENT_REQUESTS_IN_FLIGHT, HTTP_CLIENT_REQUESTS_TOTAL,
    HTTP_REQUEST_DURATION_SECONDS, HTTP_REQUESTS_IN_FLIGHT, HTTP_REQUESTS_TOTAL,
    HTTP_RESPONSE_HEAD_DURATION_SECONDS, METHOD, Metric, Naming, SERVER, STATUS,
};

/// What names follow, where a house says nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Scheme {
    /// The catalogue.
    #[default]
    Catalogue,
    /// The semantic conventions of OpenTelemetry.
    OpenTelemetry {
        /// The value of `url.scheme`, which is the server's to say.
        url_scheme: Cow<'static, str>,
    },
    /// The crate axum-prometheus.
    AxumPrometheus,
}

/// The attribute in which OpenTelemetry says why a call failed.
const WHY: &str = "error.type";
pub(super) const URL_SCHEME: &str = "url.scheme";
pub(super) const URL_TEMPLATE: &str = "url.template";
pub(super) const SERVER_PORT: &str = "server.port";
pub(super) const RPC_SYSTEM_NAME: &str = "rpc.system.name";

/// Semantic conventions 1.41: those of HTTP are stable but for the requests that are active, those of RPC a release candidate.
const OPENTELEMETRY: [(&Metric, &str); 6] = [
    (&HTTP_REQUEST_DURATION_SECONDS, "http.server.request.duration"),
    (&HTTP_REQUESTS_IN_FLIGHT, "http.server.active_requests"),
    (&HTTP_CLIENT_REQUEST_DURATION_SECONDS, "http.client.request.duration"),
    (&HTTP_CLIENT_REQUESTS_IN_FLIGHT, "http.client.active_requests"),
    (&GRPC_SERVER_HANDLING_SECONDS, "rpc.server.call.duration"),
    (&GRPC_CLIENT_HANDLING_SECONDS, "rpc.client.call.duration"),
];

/// The method stands for the service too: `rpc.method` has both.
const ATTRIBUTES: [(&str, &str); 7] = [
    (METHOD, "http.request.method"),
    (ENDPOINT, "http.route"),
    (STATUS, "http.response.status_code"),
    (SERVER, "server.address"),
    (GRPC_METHOD, "rpc.method"),
    (GRPC_CODE, "rpc.response.status_code"),
    (ERROR_TYPE, WHY),
];

/// Without what was set before them: `axum_`, or a prefix.
const AXUM_PROMETHEUS: [(&Metric, &str); 3] = [
    (&HTTP_REQUESTS_TOTAL, "http_requests_total"),
    (&HTTP_REQUEST_DURATION_SECONDS, "http_requests_duration_seconds"),
    (&HTTP_REQUESTS_IN_FLIGHT, "http_requests_pending"),
];

/// The names in Prometheus that the schemes have beside those of the catalogue.
pub(super) fn all_exported() -> impl Iterator<Item = String> {
    let opentelemetry = OPENTELEMETRY.iter().map(|(metric, name)| exported(name, metric.unit()));
    let axum_prometheus = AXUM_PROMETHEUS.iter().map(|(_, name)| format!("axum_{name}"));
    opentelemetry.chain(axum_prometheus)
}

/// The name as the rules from OpenTelemetry to Prometheus have it: without dots, and with its unit.
pub(super) fn exported(name: &str, unit: Unit) -> String {
    let name = underscored(name);
    let Some(unit) = suffix(unit) else { return name };
    let (base, total) = name.strip_suffix("_total").map_or((&*name, ""), |base| (base, "_total"));
    if base.ends_with(unit) { name } else { format!("{base}_{unit}{total}") }
}

/// A name or a label without dots.
pub(super) fn underscored(name: &str) -> String {
    name.replace('.', "_")
}

/// The unit to describe a metric with: none where an exporter that appends units would give it another name.
pub(crate) fn unit_in(name: &str, unit: Unit) -> Option<Unit> {
    (exported(name, unit) == name).then_some(unit)
}

/// The word that stands in a name for its unit.
fn suffix(unit: Unit) -> Option<&'static str> {
    (unit != Unit::Count).then(|| unit.as_str())
}

// ===== impl Scheme =====

impl Scheme {
    /// What it calls a metric, with the prefix.
    pub(super) fn metric(&self, metric: &Metric, prefix: &str) -> Option<String> {
        let find = |names: &[(&Metric, &str)]| {
            names.iter().find(|(named, _)| named.name() == metric.name()).map(|(_, name)| (*name).to_owned())
        };
        match self {
            Self::Catalogue => None,
            Self::OpenTelemetry { .. } => find(&OPENTELEMETRY).map(|name| format!("{prefix}{name}")),
            Self::AxumPrometheus => {
                let prefix = if prefix.is_empty() { "axum_" } else { prefix };
                find(&AXUM_PROMETHEUS).map(|name| format!("{prefix}{name}"))
            }
        }
    }

    /// What it calls a label.
    pub(super) fn label(&self, original: &str) -> Option<&'static str> {
        match self {
            Self::Catalogue | Self::AxumPrometheus => None,
            Self::OpenTelemetry { .. } => {
                ATTRIBUTES.iter().find(|(label, _)| *label == original).map(|(_, name)| *name)
            }
        }
    }

    /// The labels that it adds to those of the catalogue, or to some of their series.
    pub(super) fn added(&self, metric: &Metric) -> &'static [&'static str] {
        let has = |label| metric.labels().contains(&label);
        match self {
            Self::OpenTelemetry { .. } if has(SERVER) => &[SERVER_PORT, URL_TEMPLATE, ERROR_TYPE],
            Self::OpenTelemetry { .. } if has(METHOD) => &[URL_SCHEME, ERROR_TYPE],
            Self::OpenTelemetry { .. } if has(GRPC_METHOD) => &[RPC_SYSTEM_NAME, ERROR_TYPE],
            // A client that was told an endpoint has it beside its server.
            _ if has(SERVER) => &[ENDPOINT, ERROR_TYPE],
            _ if has(METHOD) => &[ERROR_TYPE],
            _ => &[],
        }
    }
}

// ===== impl Naming =====

impl Naming {
    /// Tells whether names get their unit in Prometheus, and have no dots there.
    pub(crate) fn appends_units(&self) -> bool {
        self.is_opentelemetry()
    }

    /// Tells whether calls are counted by the samples of their histogram.
    pub(crate) fn counts_by_samples(&self) -> bool {
        self.is_opentelemetry()
    }

    pub(super) fn is_opentelemetry(&self) -> bool {
        matches!(self.scheme, Scheme::OpenTelemetry { .. })
    }

    pub(super) fn is_axum_prometheus(&self) -> bool {
        self.scheme == Scheme::AxumPrometheus
    }

    /// Tells whether this histogram takes the time to the head, and no other does.
    pub(crate) fn ends_with_head(&self, histogram: &Metric) -> bool {
        self.is_axum_prometheus() && histogram.name() == HTTP_REQUEST_DURATION_SECONDS.name()
    }

    /// Tells whether the samples of a histogram say all that this counter would.
    pub(crate) fn counts_by_histogram(&self, counter: &Metric) -> bool {
        let counters = [
            &HTTP_REQUESTS_TOTAL,
            &HTTP_CLIENT_REQUESTS_TOTAL,
            &GRPC_SERVER_HANDLED_TOTAL,
            &GRPC_CLIENT_HANDLED_TOTAL,
        ];
        self.is_opentelemetry() && counters.iter().any(|it| it.name() == counter.name())
    }

    /// What tells of the HTTP calls that ended: a counter, or the count of a histogram.
    pub(crate) fn http_ended(&self) -> String {
        self.ended(&HTTP_REQUESTS_TOTAL, &HTTP_REQUEST_DURATION_SECONDS)
    }

    /// The same of HTTP calls that are made.
    #[cfg(feature = "page")]
    pub(crate) fn http_client_ended(&self) -> String {
        self.ended(&HTTP_CLIENT_REQUESTS_TOTAL, &HTTP_CLIENT_REQUEST_DURATION_SECONDS)
    }

    /// The same of gRPC calls that are made.
    #[cfg(feature = "page")]
    pub(crate) fn grpc_client_ended(&self) -> String {
        self.ended(&GRPC_CLIENT_HANDLED_TOTAL, &GRPC_CLIENT_HANDLING_SECONDS)
    }

    /// The same of gRPC calls.
    pub(crate) fn grpc_ended(&self) -> String {
        self.ended(&GRPC_SERVER_HANDLED_TOTAL, &GRPC_SERVER_HANDLING_SECONDS)
    }

    fn ended(&self, counter: &Metric, histogram: &Metric) -> String {
        match self.counts_by_histogram(counter) {
            true => format!("{}_count", self.prometheus_name_of(histogram)),
            false => self.prometheus_name_of(counter),
        }
    }

    /// The histogram of a time to the head: the one of calls, where that takes it.
    pub(crate) fn head_histogram(&self) -> &'static Metric {
        match self.ends_with_head(&HTTP_REQUEST_DURATION_SECONDS) {
            true => &HTTP_REQUEST_DURATION_SECONDS,
            false => &HTTP_RESPONSE_HEAD_DURATION_SECONDS,
        }
    }
}

/// `DeadlineExceeded` as `DEADLINE_EXCEEDED`: the words of gRPC's own manual.
pub(super) fn shouted(code: &str) -> String {
    if code == GRPC_CANCELED {
        // Go has it with one L.
        return "CANCELLED".into();
    }
    let mut shouted = String::new();
    for (at, c) in code.char_indices() {
        if at > 0 && c.is_ascii_uppercase() && code != "OK" {
            shouted.push('_');
        }
        shouted.push(c.to_ascii_uppercase());
    }
    shouted
}
