//! What is read of each category, and what of it would be wrong.

use std::time::Duration;

use serde::Serialize;

use crate::{
    action::{Action, Target},
    promise,
};

/// What the measures are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Category {
    Api,
    Infrastructure,
    Engine,
}

/// A number that Prometheus can tell of a service, or of the machine.
#[derive(Debug)]
pub(super) struct Measure {
    pub(super) name: &'static str,
    pub(super) query: String,
    pub(super) is_low_bad: bool,
    /// A spread below this is none: what hardly moves is not out of the ordinary at its first move.
    pub(super) floor: f64,
    /// Beyond this it is wrong whatever is usual.
    pub(super) limit: Option<f64>,
    pub(super) action: Action,
}

// ===== impl Category =====

impl Category {
    pub(super) const ALL: [Self; 3] = [Self::Api, Self::Infrastructure, Self::Engine];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Infrastructure => "infrastructure",
            Self::Engine => "engine",
        }
    }

    /// Rates are those of `window`.
    pub(super) fn measures(self, window: Duration) -> Vec<Measure> {
        let jobs = format!("job=~\"{}|{}\"", promise::backend().job_name(), promise::engine().job_name());
        let w = format!("{}s", window.as_secs());
        let high = |name, query, floor, limit, action| Measure {
            name,
            query,
            is_low_bad: false,
            floor,
            limit,
            action,
        };
        let low = |name, query, floor, limit, action| Measure {
            name,
            query,
            is_low_bad: true,
            floor,
            limit,
            action,
        };
        match self {
            Self::Api => vec![
                high(
                    "error_ratio",
                    format!(
                        "sum by (job) (rate(http_requests_total{{{jobs},status=~\"5..\"}}[{w}])) \
                         / sum by (job) (rate(http_requests_total{{{jobs}}}[{w}]))"
                    ),
                    0.01,
                    Some(0.05),
                    Action::Recover,
                ),
                high(
                    "p99_seconds",
                    p99("http_request_duration_seconds", &jobs, &w),
                    0.1,
                    Some(2.0),
                    Action::Recover,
                ),
            ],
            Self::Infrastructure => vec![
                high(
                    "down_ratio",
                    format!("1 - avg by (job) (up{{{jobs}}})"),
                    0.1,
                    Some(0.0),
                    Action::Recover,
                ),
                high(
                    "cpu_ratio",
                    format!("1 - avg(rate(node_cpu_seconds_total{{mode=\"idle\"}}[{w}]))"),
                    0.05,
                    Some(0.8),
                    Action::Recover,
                ),
                high(
                    "memory_ratio",
                    "1 - sum(node_memory_MemAvailable_bytes) / sum(node_memory_MemTotal_bytes)".into(),
                    0.05,
                    Some(0.85),
                    Action::ClearCache,
                ),
                // Where no node_exporter tells how much there is, what is taken is told, and that has no limit.
                high(
                    "process_cpu",
                    format!(
                        "sum by (job) (rate(process_cpu_seconds_total{{{jobs}}}[{w}])) unless on () node_memory_MemTotal_bytes"
                    ),
                    0.2,
                    None,
                    Action::Recover,
                ),
                high(
                    "process_memory_bytes",
                    format!(
                        "sum by (job) (process_resident_memory_bytes{{{jobs}}}) unless on () node_memory_MemTotal_bytes"
                    ),
                    64.0 * 1024.0 * 1024.0,
                    None,
                    Action::ClearCache,
                ),
            ],
            Self::Engine => vec![
                high(
                    "inference_p99_seconds",
                    p99("ai_inference_duration_seconds", &jobs, &w),
                    0.1,
                    Some(1.0),
                    Action::Recover,
                ),
                low(
                    "confidence_ratio",
                    format!(
                        "sum by (job) (rate(ai_prediction_confidence_ratio_sum{{{jobs}}}[{w}])) \
                         / sum by (job) (rate(ai_prediction_confidence_ratio_count{{{jobs}}}[{w}]))"
                    ),
                    0.05,
                    Some(0.6),
                    Action::Retrain,
                ),
                low(
                    "accuracy_ratio",
                    format!(
                        "sum by (job) (rate(ai_feedback_total{{{jobs},verdict=\"right\"}}[{w}])) \
                         / sum by (job) (rate(ai_feedback_total{{{jobs}}}[{w}]))"
                    ),
                    0.05,
                    Some(0.8),
                    Action::Retrain,
                ),
            ],
        }
    }
}

fn p99(histogram: &str, jobs: &str, w: &str) -> String {
    format!("histogram_quantile(0.99, sum by (job, le) (rate({histogram}_bucket{{{jobs}}}[{w}])))")
}

/// What something is done to: the service of the job, and the backend for what is of the machine.
pub(super) fn target(job: Option<&str>) -> Target {
    match job {
        Some(job) if job == promise::engine().job_name() => Target::Engine,
        _ => Target::Backend,
    }
}
