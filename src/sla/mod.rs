//! What a service promises, said once: how often it answers well, and how fast.
//!
//! The exporter makes its latencies bucket bounds of `http_request_duration_seconds`. For another histogram, such as
//! a client's, give it the bounds yourself: `.bounds("http_client_request_duration_seconds", &sla.bounds())`. The
//! availability is kept beside them, for programs that write rules; the library derives nothing from it yet.
//!
//! The thresholds of the promise are bounds of the latency histogram, exactly, so that the share of calls within
//! the threshold is a ratio of two counts and needs no interpolation.
//!
//! ```
//! use std::time::Duration;
//! use tower_metrics::sla::{self, Sla};
//!
//! let sla = Sla::new("api").availability(0.999).latency(0.99, Duration::from_millis(100));
//!
//! assert_eq!(
//!     sla.bounds(),
//!     [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.4, 0.5, 1.0, 2.5, 5.0],
//! );
//! ```

mod bounds;

use std::time::Duration;

#[cfg(feature = "prometheus")]
pub(crate) use self::bounds::SECONDS;
pub use self::bounds::bounds;

/// The longest threshold that a latency objective can have.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// What a service promises.
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
    name: String,
    availability: Option<f64>,
    latency: Vec<LatencyObjective>,
}

/// The share of calls that end within a threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct LatencyObjective {
    /// The share of calls, between 0 and 1: 0.99 for a P99.
    pub quantile: f64,
    /// How long they take at most, from the call to the end of the response body.
    pub threshold: Duration,
}

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
        Self { name, availability: None, latency: Vec::new() }
    }

    /// Promises that this share of calls is answered well, such as `0.999`.
    ///
    /// # Panics
    ///
    /// Panics if the share is not between 0 and 1, both excluded: nothing fails never.
    pub fn availability(mut self, share: f64) -> Self {
        assert_share("an availability", share);
        self.availability = Some(share);
        self
    }

    /// Promises that this share of calls ends within `threshold`: `latency(0.99, 100 ms)` is a P99 of 100 ms.
    ///
    /// Several such promises can be made; all their thresholds become bounds.
    ///
    /// # Panics
    ///
    /// Panics if the share is not between 0 and 1, both excluded, or if the threshold is zero or longer than a
    /// day.
    pub fn latency(mut self, quantile: f64, threshold: Duration) -> Self {
        assert_share("the share of a latency objective", quantile);
        assert!(!threshold.is_zero(), "a latency threshold is zero, which no call can keep: give a duration");
        assert!(
            threshold <= LONGEST,
            "a latency threshold of {threshold:?} is longer than a day: give the duration of one call"
        );
        self.latency.push(LatencyObjective { quantile, threshold });
        self
    }

    /// Returns the name of the service.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the promised share of calls answered well, where one was promised.
    #[must_use]
    pub fn availability_objective(&self) -> Option<f64> {
        self.availability
    }

    /// Returns the promised latencies, in the order in which they were promised.
    #[must_use]
    pub fn latency_objectives(&self) -> &[LatencyObjective] {
        &self.latency
    }

    /// Returns the bucket bounds in seconds that this promise asks for; see [`bounds`].
    #[must_use]
    pub fn bounds(&self) -> Vec<f64> {
        bounds([self])
    }
}

// ===== impl LatencyObjective =====

impl LatencyObjective {
    fn nanos(&self) -> u64 {
        u64::try_from(self.threshold.as_nanos()).expect("a threshold is a day at most")
    }
}

fn assert_share(what: &str, share: f64) {
    assert!(
        share > 0.0 && share < 1.0,
        "{what} is {share}, and has to be between 0 and 1, both excluded: write 0.999 for 99.9 %"
    );
}
