//! What can be promised of anything: an availability, and latencies.

use std::time::Duration;

use super::share::{assert_share, decimals};

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

pub(crate) fn assert_threshold(threshold: Duration) {
    assert!(!threshold.is_zero(), "a latency threshold is zero, which no call can keep: give a duration");
    assert!(
        threshold <= LONGEST,
        "a latency threshold of {threshold:?} is longer than a day: give the duration of one call"
    );
}

pub(crate) fn nanos(threshold: Duration) -> u64 {
    u64::try_from(threshold.as_nanos()).expect("a threshold is a day at most")
}
