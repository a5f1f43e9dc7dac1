//! Objectives: of a service, of an endpoint, of gRPC, of an operation.

use std::time::Duration;

use super::share::{assert_share, decimals};
use crate::{names, outcome::Outcome};

/// The longest threshold that a latency objective can have.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The share of calls that end within a threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct LatencyObjective {
    /// The share of calls, between 0 and 1: 0.99 for a P99.
    pub quantile: f64,
    /// How long they take at most.
    pub threshold: Duration,
}

/// What is promised of one thing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Objectives {
    pub(crate) availability: Option<f64>,
    /// To the end of the call.
    pub(crate) latency: Vec<LatencyObjective>,
    /// To the response head.
    pub(crate) head: Vec<LatencyObjective>,
}

/// What is promised of one endpoint: a method and a route. Made by [`Sla::endpoint`](super::Sla::endpoint).
#[derive(Clone, Debug, PartialEq)]
#[must_use = "an objective counts when it is returned"]
pub struct Endpoint {
    pub(crate) method: String,
    pub(crate) route: String,
    pub(crate) objectives: Objectives,
    pub(crate) also_counts: bool,
}

/// What is promised of a gRPC server, or of one of its methods. Made by [`Sla::grpc`](super::Sla::grpc) and
/// [`Sla::grpc_method`](super::Sla::grpc_method).
#[derive(Clone, Debug, PartialEq)]
#[must_use = "an objective counts when it is returned"]
pub struct Grpc {
    /// The service and the method, or all.
    pub(crate) method: Option<(String, String)>,
    pub(crate) objectives: Objectives,
    pub(crate) bad: Vec<String>,
    pub(crate) also_counts: bool,
}

/// What is promised of an operation: of what a [`ServiceMetricsLayer`](crate::ServiceMetricsLayer) or an
/// [`Operation`](crate::Operation) measures. Made by [`Sla::operation`](super::Sla::operation).
#[derive(Clone, Debug, PartialEq)]
#[must_use = "an objective counts when it is returned"]
pub struct Operation {
    pub(crate) name: String,
    pub(crate) objectives: Objectives,
    pub(crate) bad: Vec<String>,
    pub(crate) counter: String,
    pub(crate) histogram: String,
    pub(crate) outcome: String,
    pub(crate) completed: String,
    pub(crate) cancelled: String,
}

/// The codes of gRPC that say that the server failed.
const BAD_CODES: [&str; 5] = ["Unknown", "DeadlineExceeded", "Internal", "Unavailable", "DataLoss"];

// ===== impl LatencyObjective =====

impl LatencyObjective {
    pub(crate) fn nanos(&self) -> u64 {
        nanos(self.threshold)
    }
}

// ===== impl Objectives =====

impl Objectives {
    pub(super) fn set_availability(&mut self, share: f64) {
        assert_share("an availability", share);
        assert!(self.availability.is_none(), "an availability is promised twice: keep one");
        self.availability = Some(share);
    }

    pub(super) fn add_latency(&mut self, quantile: f64, threshold: Duration) {
        add(&mut self.latency, quantile, threshold);
    }

    pub(super) fn add_head_latency(&mut self, quantile: f64, threshold: Duration) {
        add(&mut self.head, quantile, threshold);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.availability.is_none() && self.latency.is_empty() && self.head.is_empty()
    }
}

fn add(to: &mut Vec<LatencyObjective>, quantile: f64, threshold: Duration) {
    assert_share("the share of a latency objective", quantile);
    assert_threshold(threshold);
    assert!(
        to.iter().all(|other| decimals(other.quantile) != decimals(quantile)),
        "two latencies are promised for the share {quantile}: keep the shorter one, which holds the other"
    );
    to.push(LatencyObjective { quantile, threshold });
}

pub(super) fn assert_threshold(threshold: Duration) {
    assert!(!threshold.is_zero(), "a latency threshold is zero, which no call can keep: give a duration");
    assert!(
        threshold <= LONGEST,
        "a latency threshold of {threshold:?} is longer than a day: give the duration of one call"
    );
}

pub(super) fn nanos(threshold: Duration) -> u64 {
    u64::try_from(threshold.as_nanos()).expect("a threshold is a day at most")
}

// ===== impl Endpoint =====

impl Endpoint {
    pub(super) fn new(method: String, route: String) -> Self {
        assert!(
            !method.is_empty() && method.chars().all(|c| c.is_ascii_uppercase() || c == '-'),
            "{method:?} is no method of an endpoint: spell it in capitals, such as \"GET\""
        );
        assert!(
            !route.contains(char::is_control),
            "the route {route:?} has a control character: leave it out"
        );
        assert!(
            !route.is_empty(),
            "the route of an endpoint is empty: give its template, such as \"/users/{{id}}\""
        );
        Self { method, route, objectives: Objectives::default(), also_counts: false }
    }

    /// Promises that this share of calls is answered well, such as `0.999`.
    ///
    /// # Panics
    ///
    /// As [`Sla::availability`](super::Sla::availability) does.
    pub fn availability(mut self, share: f64) -> Self {
        self.objectives.set_availability(share);
        self
    }

    /// Promises that this share of calls ends within `threshold`.
    ///
    /// # Panics
    ///
    /// As [`Sla::latency`](super::Sla::latency) does.
    pub fn latency(mut self, quantile: f64, threshold: Duration) -> Self {
        self.objectives.add_latency(quantile, threshold);
        self
    }

    /// Promises that this share of calls has its response head within `threshold`.
    ///
    /// # Panics
    ///
    /// As [`Sla::head_latency`](super::Sla::head_latency) does.
    pub fn head_latency(mut self, quantile: f64, threshold: Duration) -> Self {
        self.objectives.add_head_latency(quantile, threshold);
        self
    }

    /// Counts these calls for the service-wide objectives too, which they leave otherwise.
    pub fn also_counts(mut self) -> Self {
        self.also_counts = true;
        self
    }
}

// ===== impl Grpc =====

impl Grpc {
    pub(super) fn new(method: Option<(String, String)>) -> Self {
        Self {
            method,
            objectives: Objectives::default(),
            bad: BAD_CODES.map(Into::into).into(),
            also_counts: false,
        }
    }

    /// Promises that this share of calls is answered well, such as `0.999`.
    ///
    /// # Panics
    ///
    /// As [`Sla::availability`](super::Sla::availability) does.
    pub fn availability(mut self, share: f64) -> Self {
        self.objectives.set_availability(share);
        self
    }

    /// Promises that this share of all calls, failed and cancelled ones too, ends within `threshold`: the histogram of
    /// gRPC has no code.
    ///
    /// # Panics
    ///
    /// As [`Sla::latency`](super::Sla::latency) does.
    pub fn latency(mut self, quantile: f64, threshold: Duration) -> Self {
        self.objectives.add_latency(quantile, threshold);
        self
    }

    /// Sets the codes that count as failures, as Go spells them, in the place of `Unknown`, `DeadlineExceeded`, `Internal`,
    /// `Unavailable` and `DataLoss`.
    ///
    /// # Panics
    ///
    /// Panics on what is no code of gRPC, on `OK` and on `Canceled`, which is on neither side, and if there are none.
    pub fn bad<C: Into<String>>(mut self, codes: impl IntoIterator<Item = C>) -> Self {
        self.bad = codes.into_iter().map(Into::into).collect();
        assert!(!self.bad.is_empty(), "no code counts as a failure: name some, or leave .bad() out");
        for code in &self.bad {
            assert!(
                names::GRPC_CODES.contains(&&**code) && !["OK", "Canceled"].contains(&&**code),
                "{code:?} cannot count as a failure: name codes as Go spells them, such as \"Unavailable\", and neither \
                 \"OK\" nor \"Canceled\""
            );
        }
        self
    }

    /// Counts the calls of this method for the objectives of all methods too, which they leave otherwise.
    pub fn also_counts(mut self) -> Self {
        self.also_counts = true;
        self
    }
}

// ===== impl Operation =====

impl Operation {
    pub(super) fn new(name: String) -> Self {
        names::assert_metric_name(&name);
        Self {
            counter: names::TOTAL.named(&name),
            histogram: names::DURATION.named(&name),
            outcome: names::OUTCOME.into(),
            completed: Outcome::Completed.as_str().into(),
            cancelled: Outcome::Cancelled.as_str().into(),
            objectives: Objectives::default(),
            bad: Vec::new(),
            name,
        }
    }

    /// Promises that this share of calls ends well, such as `0.999`.
    ///
    /// # Panics
    ///
    /// As [`Sla::availability`](super::Sla::availability) does.
    pub fn availability(mut self, share: f64) -> Self {
        self.objectives.set_availability(share);
        self
    }

    /// Promises that this share of the calls that end well does so within `threshold`.
    ///
    /// # Panics
    ///
    /// As [`Sla::latency`](super::Sla::latency) does.
    pub fn latency(mut self, quantile: f64, threshold: Duration) -> Self {
        self.objectives.add_latency(quantile, threshold);
        self
    }

    /// Declares which words of the label `outcome` are failures. Otherwise all are but `completed` and `cancelled`: where
    /// results have words of their own ([`classify`](crate::ServiceMetricsLayer::classify)), such as `hit` and `miss`, say
    /// here which of them are failures.
    ///
    /// # Panics
    ///
    /// Panics if there are none.
    pub fn bad<W: Into<String>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.bad = words.into_iter().map(Into::into).collect();
        assert!(!self.bad.is_empty(), "no word counts as a failure: name some, or leave .bad() out");
        self
    }

    /// Says what the Layer calls an outcome, where it was told
    /// [`word`](crate::ServiceMetricsLayer::word). Only `Completed` and `Cancelled` matter here; words of failure are
    /// declared by [`bad`](Self::bad).
    pub fn word(mut self, outcome: Outcome, word: impl Into<String>) -> Self {
        match outcome {
            Outcome::Completed => self.completed = word.into(),
            Outcome::Cancelled => self.cancelled = word.into(),
            _ => {}
        }
        self
    }

    /// Says what the label `outcome` is called, where the Layer was told
    /// [`outcome_label`](crate::ServiceMetricsLayer::outcome_label).
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the name.
    pub fn outcome_label(mut self, label: impl Into<String>) -> Self {
        self.outcome = label.into();
        names::assert_label_name(&self.outcome);
        self
    }

    /// Says what the counter is called, where the Layer was told [`count_as`](crate::ServiceMetricsLayer::count_as).
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the name.
    pub fn count_as(mut self, name: impl Into<String>) -> Self {
        self.counter = name.into();
        names::assert_metric_name(&self.counter);
        self
    }

    /// Says what the histogram is called, where the Layer was told [`time_as`](crate::ServiceMetricsLayer::time_as).
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the name.
    pub fn time_as(mut self, name: impl Into<String>) -> Self {
        self.histogram = name.into();
        names::assert_metric_name(&self.histogram);
        self
    }
}
