//! The promise of a service, which is its own builder.

use std::time::Duration;

use super::{
    Endpoint, Grpc, Operation,
    objectives::{Objectives, assert_threshold},
};
use crate::names::{Naming, assert_label_name};

/// What a service promises.
///
/// See the [module](super) for what counts as good and bad.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tower_metrics::sla::Sla;
///
/// let sla = Sla::new("checkout")
///     .availability(0.9995)
///     .latency(0.95, Duration::from_millis(300))
///     .latency(0.99, Duration::from_secs(2));
/// assert!(sla.bounds().contains(&0.3) && sla.bounds().contains(&2.0));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a promise that nobody is told is not kept"]
pub struct Sla {
    pub(super) name: String,
    pub(super) job: Option<String>,
    pub(crate) selectors: Vec<(String, String)>,
    pub(crate) alert_labels: Vec<(String, String)>,
    pub(crate) naming: Naming,
    pub(crate) period_days: u32,
    pub(super) http: Objectives,
    pub(super) apdex: Option<Duration>,
    pub(crate) high_latency: Duration,
    pub(super) also_bounds: Vec<Duration>,
    pub(crate) counts_429: bool,
    pub(crate) excluded: Vec<String>,
    pub(crate) streams: Vec<String>,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) grpc: Vec<Grpc>,
    pub(crate) operations: Vec<Operation>,
}

/// What probes and scrapes ask for, which would water down every ratio.
const EXCLUDED: [&str; 4] = ["/metrics", "/health*", "/live*", "/ready*"];

// ===== impl Sla =====

impl Sla {
    /// Begins the promise of the service `name`.
    ///
    /// # Panics
    ///
    /// Panics if `name` is empty, or has characters other than letters, digits, `_` and `-`.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        assert!(
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-'),
            "{name:?} cannot name an SLA: use letters, digits, `_` and `-`"
        );
        Self {
            name,
            job: None,
            selectors: Vec::new(),
            alert_labels: Vec::new(),
            naming: Naming::new(),
            period_days: 30,
            http: Objectives::default(),
            apdex: None,
            high_latency: Duration::from_secs(2),
            also_bounds: Vec::new(),
            counts_429: false,
            excluded: EXCLUDED.map(Into::into).into(),
            streams: Vec::new(),
            endpoints: Vec::new(),
            grpc: Vec::new(),
            operations: Vec::new(),
        }
    }

    /// Says which `job` the service is in Prometheus: the name of the SLA unless said.
    ///
    /// # Panics
    ///
    /// Panics if `job` is empty, or has a line break or a control character in it.
    pub fn job(mut self, job: impl Into<String>) -> Self {
        let job = job.into();
        assert_text("a job", &job);
        assert!(
            !job.is_empty(),
            "the job of {} is empty: give the job_name of its scrape configuration",
            self.name
        );
        self.job = Some(job);
        self
    }

    /// Tells the service from others of the same job by a label that Prometheus adds to its target, such as `env`. It
    /// stands in every selector of the rules, and on what they record.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the label, if the rules set it themselves (`job`, `instance`, `slo`, `endpoint` and
    /// the like), if it is said twice, and if the value has a line break or a control character in it.
    pub fn selector(mut self, label: impl Into<String>, value: impl Into<String>) -> Self {
        let label = label.into();
        let value = value.into();
        Self::assert_own(&label, &value);
        assert!(
            self.selectors.iter().all(|(other, _)| *other != label),
            "the selector {label:?} is given twice: keep one"
        );
        assert!(
            self.alert_labels.iter().all(|(other, _)| *other != label),
            "{label:?} is an alert label already, which a selector is too: leave .alert_label() out"
        );
        self.selectors.push((label, value));
        // In whichever order they are said, they are the same.
        self.selectors.sort();
        self
    }

    /// Puts a label on every alert of the service, such as `team`, by which Alertmanager routes.
    ///
    /// # Panics
    ///
    /// As [`selector`](Self::selector) does.
    pub fn alert_label(mut self, label: impl Into<String>, value: impl Into<String>) -> Self {
        let label = label.into();
        let value = value.into();
        Self::assert_own(&label, &value);
        assert!(
            self.alert_labels.iter().all(|(other, _)| *other != label),
            "the alert label {label:?} is given twice: keep one"
        );
        assert!(
            self.selectors.iter().all(|(other, _)| *other != label),
            "{label:?} is a selector, which alerts have as a label already: leave .alert_label() out"
        );
        self.alert_labels.push((label, value));
        self
    }

    /// Says under which names and labels the service records, where its Layers were given a [`Naming`].
    pub fn naming(mut self, naming: &Naming) -> Self {
        self.naming = naming.clone();
        self
    }

    /// Sets the period over which the objectives hold: 30 days unless set. The burn rates of the alerts follow from it.
    ///
    /// # Panics
    ///
    /// Panics if it is not whole days, less than 7 of them, or more than 90.
    pub fn period(mut self, period: Duration) -> Self {
        const DAY: u64 = 24 * 60 * 60;
        let days = period.as_secs() / DAY;
        assert!(
            period == Duration::from_secs(days * DAY) && (7..=90).contains(&days),
            "a period of {period:?} cannot be kept: give whole days, 7 to 90 of them"
        );
        self.period_days = u32::try_from(days).expect("90 at most");
        self
    }

    /// Promises that this share of HTTP calls is answered well, such as `0.999`.
    ///
    /// # Panics
    ///
    /// Panics if the share is not between 0 and 1, both excluded (nothing fails never), or was promised before.
    pub fn availability(mut self, share: f64) -> Self {
        self.http.set_availability(share);
        self
    }

    /// Promises that this share of HTTP calls ends within `threshold`: `latency(0.99, 100 ms)` is a P99 of 100 ms, from
    /// the call to the end of the response body.
    ///
    /// Several such promises can be made; all their thresholds become bounds.
    ///
    /// # Panics
    ///
    /// Panics if the share is not between 0 and 1, both excluded, or has a threshold already, and if the threshold is zero
    /// or longer than a day.
    pub fn latency(mut self, quantile: f64, threshold: Duration) -> Self {
        self.http.add_latency(quantile, threshold);
        self
    }

    /// Promises that this share of HTTP calls has its response head within `threshold`, whatever the body then takes. The
    /// Layer that is given this SLA ([`HttpMetricsLayer::sla`](crate::HttpMetricsLayer::sla)) measures it.
    ///
    /// # Panics
    ///
    /// As [`latency`](Self::latency) does.
    pub fn head_latency(mut self, quantile: f64, threshold: Duration) -> Self {
        self.http.add_head_latency(quantile, threshold);
        self
    }

    /// Sets the T of Apdex: calls within T satisfy, calls within 4 T are tolerated. The shortest service-wide latency
    /// unless set.
    ///
    /// # Panics
    ///
    /// Panics if it is zero, or longer than a day.
    pub fn apdex(mut self, threshold: Duration) -> Self {
        assert_threshold(threshold);
        self.apdex = Some(threshold);
        self
    }

    /// Sets the latency at which `HighAPILatency` and its P95 sibling are raised, which are warnings apart from the
    /// objectives: 2 s unless set. It is a bound too.
    ///
    /// # Panics
    ///
    /// Panics if it is zero, or longer than a day.
    pub fn high_latency(mut self, threshold: Duration) -> Self {
        assert_threshold(threshold);
        self.high_latency = threshold;
        self
    }

    /// Makes T, and 4 T, bounds of the HTTP histograms without promising them: for the release before the one that promises
    /// a new threshold.
    ///
    /// # Panics
    ///
    /// Panics if it is zero, or longer than a day.
    pub fn also_bound(mut self, threshold: Duration) -> Self {
        assert_threshold(threshold);
        self.also_bounds.push(threshold);
        self
    }

    /// Counts answers of 429 as bad. Otherwise they are good answers, and who was refused has an alert of its own.
    pub fn too_many_requests_is_bad(mut self) -> Self {
        self.counts_429 = true;
        self
    }

    /// Leaves more routes out of all objectives and ratios, beside `/metrics`, `/health*`, `/live*` and `/ready*`. They are
    /// recorded all the same. A `*` at the end stands for anything.
    pub fn exclude<R: Into<String>>(mut self, routes: impl IntoIterator<Item = R>) -> Self {
        self.excluded.extend(routes.into_iter().map(Into::into));
        self
    }

    /// Leaves these routes out of all objectives and ratios, and no others: neither `/metrics` nor `/health*`, `/live*`
    /// and `/ready*` unless they are named.
    pub fn exclude_only<R: Into<String>>(mut self, routes: impl IntoIterator<Item = R>) -> Self {
        self.excluded = routes.into_iter().map(Into::into).collect();
        self
    }

    /// Names the routes whose answers last by design: downloads, events. They are left out of service-wide latency
    /// objectives and of `RequestsStuck`, and count for the availability and for objectives of their own. A `*` at the end
    /// stands for anything.
    ///
    /// Until a route that was not declared has answered once, its calls are in flight as `unmatched`, also those of a stream. So
    /// where any stream is named, the warning of `RequestsStuck` about a single call leaves out all that is `unmatched`. Calls of
    /// routes that are [declared](crate::HttpMetricsLayer::endpoints), by a Layer that is
    /// [initialized](crate::HttpMetricsLayer::initialize), are never among it, and are told.
    pub fn streams<R: Into<String>>(mut self, routes: impl IntoIterator<Item = R>) -> Self {
        self.streams.extend(routes.into_iter().map(Into::into));
        self
    }

    /// Promises something else of one endpoint, as the Layer labels it: a method and a route template.
    ///
    /// # Panics
    ///
    /// Panics if the method is not in capitals, if the route is empty, if nothing is promised, or if the endpoint has been
    /// promised something before.
    pub fn endpoint(
        mut self,
        method: impl Into<String>,
        route: impl Into<String>,
        promise: impl FnOnce(Endpoint) -> Endpoint,
    ) -> Self {
        let it = promise(Endpoint::new(method.into(), route.into()));
        let is_new =
            self.endpoints.iter().all(|other| (&other.method, &other.route) != (&it.method, &it.route));
        assert_promise(&format!("{} {}", it.method, it.route), &it.objectives, is_new);
        self.endpoints.push(it);
        self
    }

    /// Promises something of all methods of a gRPC server.
    ///
    /// # Panics
    ///
    /// Panics if nothing is promised, or if gRPC as a whole has been promised something before.
    pub fn grpc(self, promise: impl FnOnce(Grpc) -> Grpc) -> Self {
        self.add_grpc("gRPC", promise(Grpc::new(None)))
    }

    /// Promises something else of one gRPC method: `grpc_method("shop.Orders", "Place", …)`.
    ///
    /// # Panics
    ///
    /// Panics if nothing is promised, or if the method has been promised something before.
    pub fn grpc_method(
        self,
        service: impl Into<String>,
        method: impl Into<String>,
        promise: impl FnOnce(Grpc) -> Grpc,
    ) -> Self {
        let (service, method) = (service.into(), method.into());
        self.add_grpc(&format!("{service}/{method}"), promise(Grpc::new(Some((service, method)))))
    }

    /// Promises something of an operation: of what `ServiceMetricsLayer::new(name)` or `Operation::new(name)` measures.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the name, if nothing is promised, or if the operation has been promised something
    /// before.
    pub fn operation(
        mut self,
        name: impl Into<String>,
        promise: impl FnOnce(Operation) -> Operation,
    ) -> Self {
        let it = promise(Operation::new(name.into()));
        assert_promise(&it.name, &it.objectives, self.operations.iter().all(|other| other.name != it.name));
        self.operations.push(it);
        self
    }

    /// Refuses a label that cannot be the house's own.
    fn assert_own(label: &str, value: &str) {
        assert_label_name(label);
        assert!(
            !RESERVED.contains(&label),
            "{label:?} is a label that the rules set themselves: use another one, such as \"env\" or \"team\""
        );
        assert_text(&format!("the label {label}"), value);
    }

    fn add_grpc(mut self, what: &str, it: Grpc) -> Self {
        assert_promise(what, &it.objectives, self.grpc.iter().all(|other| other.method != it.method));
        self.grpc.push(it);
        self
    }
}

/// Labels that rules set or sum by.
const RESERVED: [&str; 27] = [
    "alertname",
    "alertstate",
    "endpoint",
    "error_type",
    "grpc_code",
    "grpc_method",
    "grpc_service",
    "grpc_type",
    "http_request_method",
    "http_response_status_code",
    "http_route",
    "instance",
    "job",
    "le",
    "limiter",
    "method",
    "metric",
    "outcome",
    "reason",
    "rpc_method",
    "rpc_response_status_code",
    "rpc_system_name",
    "severity",
    "signal",
    "slo",
    "status",
    "version",
];

/// Refuses a text that no file of rules could hold on one line.
fn assert_text(what: &str, text: &str) {
    let is_break = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    assert!(
        !text.contains(is_break),
        "{what} is {text:?}, which has a line break or a control character: leave it out"
    );
}

fn assert_promise(what: &str, objectives: &Objectives, is_new: bool) {
    assert!(!objectives.is_empty(), "nothing is promised of {what}: give an availability or a latency");
    assert!(is_new, "{what} is promised something twice: say it in one place");
}
