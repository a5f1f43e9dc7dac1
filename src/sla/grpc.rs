//! The promise of gRPC, or of one of its methods.

use std::time::Duration;

use super::objectives::Objectives;
use crate::names;

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

/// The codes of gRPC that say that the server failed.
const BAD_CODES: [&str; 5] = ["Unknown", "DeadlineExceeded", "Internal", "Unavailable", "DataLoss"];

// ===== impl Grpc =====

impl Grpc {
    pub(crate) fn new(method: Option<(String, String)>) -> Self {
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
                names::GRPC_CODES.contains(&&**code) && !["OK", names::GRPC_CANCELED].contains(&&**code),
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
