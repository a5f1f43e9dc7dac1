//! What the service promises, said once: for the service itself, and for all that watches it.

use std::time::Duration;

use tower_metrics::{dashboard::Dashboards, metrics::Unit, names::Metric, sla::Sla};

const STARTED: Metric = Metric::counter(
    "execution_started_total",
    Unit::Count,
    &["agent_type", "server_tag"],
    "Executions begun, by agent type and server.",
);
const ENDED: Metric = Metric::counter(
    "execution_total",
    Unit::Count,
    &["agent_type", "status"],
    "Executions ended, by agent type and status.",
);
const DURATION: Metric = Metric::histogram(
    "execution_duration_seconds",
    Unit::Seconds,
    &["agent_type"],
    "Time from the first step to the last, by agent type.",
);
const ACTIVE: Metric = Metric::gauge(
    "execution_in_flight",
    Unit::Count,
    &["agent_type"],
    "Executions that go on, by agent type.",
);
const STEPS: Metric =
    Metric::counter("execution_steps_total", Unit::Count, &["status"], "Steps ended, by status.");
/// Also described by the service itself, which counts it without a Layer.
pub(crate) const ERRORS: Metric = Metric::counter(
    "execution_errors_total",
    Unit::Count,
    &["agent_type", "error_type"],
    "Attempts at a step that failed, and plans that were not allowed, by agent type and type of error.",
);
const HEALING: Metric = Metric::counter(
    "retry_attempts_total",
    Unit::Count,
    &["policy", "result"],
    "Steps that were tried again, by agent type and by what came of it.",
);
const QUERIES: Metric = Metric::counter(
    "db_query_total",
    Unit::Count,
    &["query_type", "outcome"],
    "Queries to the store of executions.",
);

/// One service, one promise.
pub(crate) fn promises() -> Vec<Sla> {
    vec![promise()]
}

/// What runs commands on servers. 99.5 % of calls are answered well, and 95 % within 250 ms.
pub(crate) fn promise() -> Sla {
    let fast = Duration::from_millis(250);
    Sla::new("execution")
        .job("execution")
        .alert_label("team", "ops")
        .availability(0.995)
        .latency(0.95, fast)
        // An execution is answered while it goes on: how long that is, its plan says; that it begins is promised.
        .streams(["/executions"])
        .head_latency(0.95, fast)
        // The list is at the same route, and no stream.
        .endpoint("GET", "/executions", |it| it.latency(0.95, fast))
        .high_latency(Duration::from_secs(2))
}

/// Boards of what the service measures beside its requests.
pub(crate) fn boards(dashboards: Dashboards) -> Dashboards {
    dashboards.board("Executions", [STARTED, ENDED, DURATION, ACTIVE, STEPS, ERRORS, HEALING, QUERIES])
}
