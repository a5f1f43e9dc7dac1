//! The promise of one endpoint.

use std::time::Duration;

use super::objectives::Objectives;

/// What is promised of one endpoint: a method and a route. Made by [`Sla::endpoint`](super::Sla::endpoint).
#[derive(Clone, Debug, PartialEq)]
#[must_use = "an objective counts when it is returned"]
pub struct Endpoint {
    pub(crate) method: String,
    pub(crate) route: String,
    pub(crate) objectives: Objectives,
    pub(crate) also_counts: bool,
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
