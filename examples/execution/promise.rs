//! What the service promises, said once: for the service itself, and for all that watches it.

use std::time::Duration;

use tower_metrics::{
    dashboard::Dashboards,
    metrics::Unit::{Count, Seconds},
    names::Metric,
    rules::{CustomAlert, Series},
    sla::Sla,
};

/// Counted by the service itself, which describes it.
pub(crate) const ERRORS: Metric = Metric::counter(
    "execution_errors_total",
    Count,
    &["agent_type", "error_type"],
    "Attempts at a step that failed, and plans that were not allowed, by agent type and type of error.",
);

/// What the board shows.
pub(crate) const BOARD: [Metric; 8] = [
    Metric::counter("execution_started_total", Count, &["agent_type", "server_tag"], "Executions begun."),
    Metric::counter("execution_total", Count, &["agent_type", "status"], "Executions ended."),
    Metric::histogram(
        "execution_duration_seconds",
        Seconds,
        &["agent_type"],
        "From the first step to the end.",
    ),
    Metric::gauge("execution_in_flight", Count, &["agent_type"], "Executions that go on."),
    Metric::counter(
        "execution_steps_total",
        Count,
        &["status"],
        "Steps ended, however often they were tried.",
    ),
    ERRORS,
    Metric::counter(
        "retry_attempts_total",
        Count,
        &["policy", "result"],
        "Steps tried again, and what came of it.",
    ),
    Metric::counter(
        "db_query_total",
        Count,
        &["query_type", "outcome"],
        "Queries to the store of executions.",
    ),
];

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

/// What the rules do not tell of by themselves.
pub(crate) fn alerts() -> Vec<CustomAlert> {
    let sla = promise();
    let ended = Series::new("execution_total");
    let gave_up = Series::new("retry_attempts_total").equal("result", "gave_up");
    vec![
        // One plan in ten may be wrong by itself; one in five is what they run on. What a caller gave up did not fail.
        CustomAlert::share_above(
            "ExecutionFailureRateHigh",
            ended.clone().one_of("status", &["failed", "panicked"]),
            ended.unequal("status", "cancelled"),
            0.2,
        )
        .of(&sla)
        .by(["agent_type"])
        .summary("More than 20 % of the {{ $labels.agent_type }} executions fail.")
        .description("`GET /executions` lists them with the steps that failed; `execution_errors_total` says of what kind."),
        // A server that restarts costs a few steps; more than five in ten minutes is one that does not come back.
        CustomAlert::increase_above("SelfHealingExhausted", gave_up, Duration::from_secs(600), 5.0)
            .of(&sla)
            .by(["policy"])
            .summary(
                "Steps of {{ $labels.policy }} agents fail for good, however often they are tried again.",
            )
            .description("Look whether the servers of their plans are up, and at what the last of their steps said."),
    ]
}

/// Boards of what the service measures beside its requests.
pub(crate) fn boards(dashboards: Dashboards) -> Dashboards {
    dashboards.board("Executions", BOARD)
}
