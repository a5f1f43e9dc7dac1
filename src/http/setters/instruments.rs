//! Instruments: what is measured beside calls, their duration and what is in flight.

use super::super::HttpMetricsLayer;

// ===== impl HttpMetricsLayer =====

/// # Instruments
impl<H: Clone> HttpMetricsLayer<H> {
    /// Measures also the time to the response head, in `http_response_head_duration_seconds`, with the labels of the
    /// duration: the sample is taken when the head is there, and for a call without one when it ends.
    ///
    /// That is what a service promises whose bodies last as long as their readers want: downloads, streams.
    pub fn response_head_duration(self) -> Self {
        self.with(|config| config.times_head = true)
    }

    /// Records the latency of one call in `every`, of those of a label set that end in the same way: the first, and every
    /// so many after it. Counter and gauge stay exact, and so does every availability.
    ///
    /// For services whose exporter cannot keep up with its histograms: [`metrics-exporter-prometheus`] keeps each sample
    /// until its upkeep. Quantiles and means are then those of the sample; `_count` and `_sum` are no numbers of calls.
    ///
    /// [`metrics-exporter-prometheus`]: https://docs.rs/metrics-exporter-prometheus
    ///
    /// # Panics
    ///
    /// Panics if `every` is zero; together with an [`sla`](Self::sla) that promises a latency, which is a promise of all calls; and
    /// with a naming scheme that counts calls by their samples, [`Naming::opentelemetry`](crate::names::Naming::opentelemetry).
    pub fn sample_latency(self, every: u32) -> Self {
        self.with(|config| config.sample(every))
    }

    /// Tells how many requests the service takes at once: `http_requests_in_flight_limit`, without labels, so that
    /// saturation is `sum(http_requests_in_flight) / max(http_requests_in_flight_limit)` by instance.
    pub fn in_flight_limit(self, limit: usize) -> Self {
        self.with(|config| config.limit = Some(limit))
    }

    /// Tells also when the oldest request in flight began: `http_requests_oldest_start_timestamp_seconds`, with the labels of
    /// `http_requests_in_flight`, in seconds since 1970. So a single call that hangs is seen, though all others are answered:
    ///
    /// ```text
    /// max by (job, method, endpoint) (time() - http_requests_oldest_start_timestamp_seconds and http_requests_in_flight > 0) > 300
    /// ```
    ///
    /// While nothing is in flight it is `NaN`: a comparison with that is false, `min` and `max` leave it out, and Grafana shows a
    /// gap. Zero would be an age of half a century. What OpenTelemetry, StatsD and VictoriaMetrics are told has no such value, and
    /// there the last start stays: the `and http_requests_in_flight > 0` leaves it out, as the
    /// [rules](crate::rules::Alert::RequestsStuck) do. A sum of it is no time.
    ///
    /// A call that goes on under another label set takes its start along. The time is that of the clock on the wall when the
    /// call became the oldest. What is in flight is kept in order of its start, behind a lock for each label set, which each call
    /// takes when it begins and when it ends; the page `docs/performance.md` of the repository says what that takes.
    pub fn oldest_start_timestamp(self) -> Self {
        self.with(|config| config.tells_oldest = true)
    }

    /// Counts attempts, inside of a retry: `http_request_attempts_total`, `http_request_attempt_duration_seconds` and
    /// `http_request_attempts_in_flight` (`http_client_…` for a client), so that no sum over requests takes them in.
    pub fn attempts(self) -> Self {
        self.with(|config| config.attempts = true)
    }
}
