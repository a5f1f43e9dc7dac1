//! What a promise says: to its owner, and to what derives from it.

use std::time::Duration;

use super::{LatencyObjective, Sla, bounds, objectives::Objectives};

// ===== impl Sla =====

impl Sla {
    /// Returns the name of the service.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the `job` that the service is in Prometheus.
    #[must_use]
    pub fn job_name(&self) -> &str {
        self.job.as_deref().unwrap_or(&self.name)
    }

    /// Returns the period over which the objectives hold.
    #[must_use]
    pub fn period_length(&self) -> Duration {
        Duration::from_secs(u64::from(self.period_days) * 24 * 60 * 60)
    }

    /// Returns the labels by which the service is told from others of its job, as [`selector`](Self::selector) said them.
    pub fn selectors(&self) -> impl Iterator<Item = (&str, &str)> {
        self.selectors.iter().map(|(label, value)| (&**label, &**value))
    }

    /// Returns the labels on every alert of the service, as [`alert_label`](Self::alert_label) said them.
    pub fn alert_labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.alert_labels.iter().map(|(label, value)| (&**label, &**value))
    }

    /// Returns the promised share of HTTP calls answered well, where one was promised.
    #[must_use]
    pub fn availability_objective(&self) -> Option<f64> {
        self.http.availability
    }

    /// Returns the promised latencies of HTTP calls, in the order in which they were promised.
    #[must_use]
    pub fn latency_objectives(&self) -> &[LatencyObjective] {
        &self.http.latency
    }

    /// Returns the bucket bounds in seconds of `http_request_duration_seconds` that this promise asks for; see
    /// [`bounds`]. Those of every histogram are in [`histogram_bounds`](super::histogram_bounds).
    #[must_use]
    pub fn bounds(&self) -> Vec<f64> {
        bounds([self])
    }

    /// The T of Apdex, where there is one.
    pub(crate) fn apdex_threshold(&self) -> Option<Duration> {
        self.apdex.or_else(|| self.http.latency.iter().map(|latency| latency.threshold).min())
    }

    /// The counters of which its objectives are told.
    pub(crate) fn counters(&self) -> Vec<String> {
        let http = self.is_http().then(|| self.naming.http_ended());
        let grpc = (!self.grpc.is_empty()).then(|| self.naming.grpc_ended());
        http.into_iter().chain(grpc).chain(self.operations.iter().map(|it| it.counter.clone())).collect()
    }

    /// Tells whether it is about HTTP: unless it promises something of other calls alone.
    pub(crate) fn is_http(&self) -> bool {
        !self.http.is_empty()
            || !self.endpoints.is_empty()
            || (self.grpc.is_empty() && self.operations.is_empty())
    }

    /// Tells whether the time to the response head is promised.
    pub(crate) fn is_about_head(&self) -> bool {
        !self.http.head.is_empty() || self.endpoints.iter().any(|it| !it.objectives.head.is_empty())
    }

    /// Tells whether a latency of HTTP calls is promised.
    pub(crate) fn is_about_latency(&self) -> bool {
        let is_promised = |it: &Objectives| !it.latency.is_empty() || !it.head.is_empty();
        is_promised(&self.http) || self.endpoints.iter().any(|it| is_promised(&it.objectives))
    }

    /// Tells whether one of the two selects, of one job, a part of what the other does.
    #[cfg(feature = "rules")]
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let is_part = |a: &Self, b: &Self| b.selectors.iter().all(|selector| a.selectors.contains(selector));
        self.job_name() == other.job_name() && (is_part(self, other) || is_part(other, self))
    }

    /// Takes in what another promise says of the same service.
    #[cfg(feature = "rules")]
    pub(crate) fn take_in(&mut self, other: &Self) {
        assert!(
            self.naming == other.naming,
            "the SLAs {} and {} are of the job {:?} and have two naming schemes: give both the one that its Layers have",
            self.name,
            other.name,
            self.job_name()
        );
        self.apdex = self.apdex_threshold().into_iter().chain(other.apdex_threshold()).min();
        self.high_latency = self.high_latency.min(other.high_latency);
        self.counts_429 |= other.counts_429;
        self.excluded.extend(other.excluded.iter().cloned());
        self.streams.extend(other.streams.iter().cloned());
        self.endpoints.extend(other.endpoints.iter().cloned());
        self.grpc.extend(other.grpc.iter().cloned());
        self.operations.extend(other.operations.iter().cloned());
    }
}
