//! The samples of a histogram, as a test asks for them.

use std::{fmt, time::Duration};

use crate::clock::seconds;

/// Every sample of the histograms that a test asked for, by [`Recorder::histogram`](super::Recorder::histogram).
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Distribution {
    samples: Vec<f64>,
}

// ===== impl Distribution =====

impl Distribution {
    pub(super) fn new(samples: Vec<f64>) -> Self {
        Self { samples }
    }

    /// Returns how many samples there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.samples.len() as u64
    }

    /// Returns their sum, in the unit of the metric.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.samples.iter().fold(0.0, |sum, sample| sum + sample)
    }

    /// Returns the samples: series by series, and in the order in which they were recorded.
    #[must_use]
    pub fn samples(&self) -> &[f64] {
        &self.samples
    }

    /// Returns how many samples of a histogram in seconds are at most `bound`: what a threshold of an SLA calls good. The
    /// bound becomes seconds in the way in which samples and bucket bounds do, so that a call of exactly the threshold is
    /// within it.
    ///
    /// # Panics
    ///
    /// Panics if the bound is longer than 584 years.
    #[must_use]
    pub fn within(&self, bound: Duration) -> u64 {
        let nanos = u64::try_from(bound.as_nanos()).expect("a bound is shorter than 584 years");
        self.at_most(seconds(nanos))
    }

    /// Returns how many samples are at most each bound, in the unit of the metric and the order given, and `+Inf` with all of
    /// them at the end: cumulative, as the buckets `le` of Prometheus are. The bounds can be those of a promise,
    /// [`Sla::bounds`](crate::sla::Sla::bounds).
    #[must_use]
    pub fn buckets(&self, bounds: impl AsRef<[f64]>) -> Vec<(f64, u64)> {
        let all = [f64::INFINITY];
        let bounds = bounds.as_ref().iter().filter(|bound| **bound != f64::INFINITY).chain(&all);
        bounds
            .map(|bound| (*bound, if *bound == f64::INFINITY { self.count() } else { self.at_most(*bound) }))
            .collect()
    }

    fn at_most(&self, bound: f64) -> u64 {
        self.samples.iter().filter(|sample| **sample <= bound).count() as u64
    }
}

/// How many there are, and the first of them.
impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 10;
        match self.samples.len() {
            1 => write!(f, "1 sample: ")?,
            count => write!(f, "{count} samples: ")?,
        }
        let shown = self.samples.iter().take(SHOWN).map(f64::to_string).collect::<Vec<_>>().join(", ");
        let more = if self.samples.len() > SHOWN { ", …" } else { "" };
        write!(f, "[{shown}{more}]")
    }
}
