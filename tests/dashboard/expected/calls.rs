//! Rate, errors and duration of any calls.

use super::{Asked, WINDOW};
use crate::samples::{Selected, Vector, World, map, quantile, share, sum};

/// The calls of a protocol, selected by hand.
pub(super) struct Calls {
    pub(super) all: Selected,
    pub(super) judged: Selected,
    pub(super) bad: Selected,
    pub(super) buckets: Selected,
    /// Of these, those that the promise of all is about.
    pub(super) promised: Promised,
}

pub(super) struct Promised {
    pub(super) judged: Selected,
    pub(super) bad: Selected,
    pub(super) buckets: Selected,
}

// ===== impl Calls =====

impl Calls {
    /// What the panels that every protocol has show.
    pub(super) fn expected(&self, it: &Asked<'_>) -> Option<Vector> {
        let Promised { judged, bad, buckets } = &self.promised;
        let p = |share, by: &[&str]| quantile(share, &sum(&buckets.rate(WINDOW), &[by, &["le"]].concat()));
        Some(match it.panel {
            "Success ratio" => {
                let [bad, all] = [bad, judged].map(|calls| sum(&calls.rate(WINDOW), &["job"]));
                map(share(&bad, &all), |bad| 1.0 - bad)
            }
            "Error ratio" => self.errors(&["job"]),
            "Error ratio by instance" => self.errors(&["instance"]),
            "Rate" => self.rate(&["job"]),
            "P99" => p(0.99, &["job"]),
            "P99 by instance" => p(0.99, &["instance"]),
            "Latency percentiles" => {
                let share = match it.legend {
                    "P50" => 0.5,
                    "P95" => 0.95,
                    "P99" => 0.99,
                    other => panic!("{other} is no percentile"),
                };
                p(share, &["job"])
            }
            "Latency heatmap" => sum(&self.buckets.rate(WINDOW), &["le"]),
            _ => return None,
        })
    }

    pub(super) fn errors(&self, by: &[&str]) -> Vector {
        share(&sum(&self.bad.rate(WINDOW), by), &sum(&self.judged.rate(WINDOW), by))
    }

    pub(super) fn rate(&self, by: &[&str]) -> Vector {
        sum(&self.all.rate(WINDOW), by)
    }

    /// Of all calls, however they ended.
    pub(super) fn p(&self, share: f64, by: &[&str]) -> Vector {
        quantile(share, &sum(&self.buckets.rate(WINDOW), &[by, &["le"]].concat()))
    }
}

/// The board of the user's own metric.
pub(super) fn users(world: &World) -> Vector {
    sum(&world.of("users_read_total", "shop-backend").rate(WINDOW), &["plan"])
}
