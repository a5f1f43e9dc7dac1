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
    AiEngine,
}

/// A number that Prometheus can tell of a service, or of the machine.
#[derive(Debug)]
pub(super) struct Measure {
    pub(super) category: Category,
    pub(super) name: &'static str,
    /// With `$jobs` for the services that something can be done to, and `$w` for the window of rates.
    query: &'static str,
    pub(super) is_low_bad: bool,
    /// A spread below this is none: what hardly moves is not out of the ordinary at its first move.
    pub(super) floor: f64,
    /// Beyond this it is wrong whatever is usual.
    pub(super) limit: Option<f64>,
    /// What could be done about it.
    pub(super) action: Action,
}

const MEASURES: [Measure; 10] = [
    // Fewer than five errors are none, as for the rules: of one in ten calls nobody can tell a share.
    Measure {
        category: Category::Api,
        name: "error_ratio",
        query: r#"sum by (job) (rate(http_requests_total{$jobs,status=~"5.."}[$w]))
                  / sum by (job) (rate(http_requests_total{$jobs}[$w]))
                  * (sum by (job) (increase(http_requests_total{$jobs,status=~"5.."}[$w])) >= bool 5)"#,
        is_low_bad: false,
        floor: 0.01,
        limit: Some(0.05),
        action: Action::Recover,
    },
    Measure {
        category: Category::Api,
        name: "p99_seconds",
        query: "histogram_quantile(0.99, sum by (job, le) (rate(http_request_duration_seconds_bucket{$jobs}[$w])))",
        is_low_bad: false,
        floor: 0.1,
        limit: Some(2.0),
        action: Action::Recover,
    },
    Measure {
        category: Category::Infrastructure,
        name: "down_ratio",
        query: "1 - avg by (job) (up{$jobs})",
        is_low_bad: false,
        floor: 0.1,
        limit: Some(0.0),
        action: Action::Recover,
    },
    Measure {
        category: Category::Infrastructure,
        name: "cpu_ratio",
        query: r#"1 - avg(rate(node_cpu_seconds_total{mode="idle"}[$w]))"#,
        is_low_bad: false,
        floor: 0.05,
        limit: Some(0.8),
        action: Action::Recover,
    },
    Measure {
        category: Category::Infrastructure,
        name: "memory_ratio",
        query: "1 - sum(node_memory_MemAvailable_bytes) / sum(node_memory_MemTotal_bytes)",
        is_low_bad: false,
        floor: 0.05,
        limit: Some(0.85),
        action: Action::ClearCache,
    },
    // Where no node_exporter tells of the machine, the processes tell what they take. How much there is they do not know, so
    // there is no limit.
    Measure {
        category: Category::Infrastructure,
        name: "process_cpu",
        query: "sum by (job) (rate(process_cpu_seconds_total{$jobs}[$w])) unless on () node_memory_MemTotal_bytes",
        is_low_bad: false,
        floor: 0.2,
        limit: None,
        action: Action::Recover,
    },
    Measure {
        category: Category::Infrastructure,
        name: "process_memory_bytes",
        query: "sum by (job) (process_resident_memory_bytes{$jobs}) unless on () node_memory_MemTotal_bytes",
        is_low_bad: false,
        floor: 64.0 * 1024.0 * 1024.0,
        limit: None,
        action: Action::ClearCache,
    },
    Measure {
        category: Category::AiEngine,
        name: "inference_p99_seconds",
        query: "histogram_quantile(0.99, sum by (job, le) (rate(ai_inference_duration_seconds_bucket{$jobs}[$w])))",
        is_low_bad: false,
        floor: 0.1,
        limit: Some(1.0),
        action: Action::Recover,
    },
    Measure {
        category: Category::AiEngine,
        name: "confidence_ratio",
        query: "sum by (job) (rate(ai_prediction_confidence_ratio_sum{$jobs}[$w]))
                / sum by (job) (rate(ai_prediction_confidence_ratio_count{$jobs}[$w]))",
        is_low_bad: true,
        floor: 0.05,
        limit: Some(0.6),
        action: Action::Retrain,
    },
    Measure {
        category: Category::AiEngine,
        name: "accuracy_ratio",
        query: r#"sum by (job) (rate(ai_feedback_total{$jobs,verdict="right"}[$w]))
                  / sum by (job) (rate(ai_feedback_total{$jobs}[$w]))"#,
        is_low_bad: true,
        floor: 0.05,
        limit: Some(0.8),
        action: Action::Retrain,
    },
];

// ===== impl Category =====

impl Category {
    pub(super) const ALL: [Self; 3] = [Self::Api, Self::Infrastructure, Self::AiEngine];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Infrastructure => "infrastructure",
            Self::AiEngine => "ai_engine",
        }
    }

    pub(super) fn measures(self) -> impl Iterator<Item = &'static Measure> {
        MEASURES.iter().filter(move |measure| measure.category == self)
    }
}

// ===== impl Measure =====

impl Measure {
    pub(super) fn query(&self, window: Duration) -> String {
        let [backend, engine] = [promise::backend(), promise::engine()];
        let jobs = format!("job=~\"{}|{}\"", backend.job_name(), engine.job_name());
        self.query.replace("$jobs", &jobs).replace("$w", &format!("{}s", window.as_secs()))
    }

    /// What something is done to: the service of the job, and the backend for what is of the machine.
    pub(super) fn target(job: Option<&str>) -> Target {
        match job {
            Some(job) if job == promise::engine().job_name() => Target::Engine,
            _ => Target::Backend,
        }
    }
}
