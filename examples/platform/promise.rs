//! What the three services of the platform promise, said once: for the services themselves, and for all that watches them.

use std::time::Duration;

use tower_metrics::{
    dashboard::Dashboards,
    metrics::Unit,
    names::Metric,
    rules::{CustomAlert, Series},
    sla::Sla,
};

/// The services, in the order in which they call each other.
pub(crate) fn promises() -> Vec<Sla> {
    vec![backend(), engine(), executor()]
}

/// What users call: 99.5 % of calls are answered well, and 95 % within 250 ms; queries are faster.
pub(crate) fn backend() -> Sla {
    Sla::new("backend")
        .job("platform-backend")
        .alert_label("team", "api")
        .availability(0.995)
        .latency(0.95, Duration::from_millis(250))
        .high_latency(Duration::from_secs(2))
        .operation("db_query", |it| it.availability(0.995).latency(0.95, Duration::from_millis(100)))
}

/// What judges the last hour: 95 % of inferences within 500 ms, and 99 % within a second.
pub(crate) fn engine() -> Sla {
    Sla::new("engine")
        .job("platform-engine")
        .alert_label("team", "ml")
        .availability(0.99)
        .high_latency(Duration::from_secs(2))
        .operation("ai_inference", |it| {
            it.count_as("ai_predictions_total")
                .latency(0.95, Duration::from_millis(500))
                .latency(0.99, Duration::from_secs(1))
        })
}

/// What acts.
pub(crate) fn executor() -> Sla {
    Sla::new("executor")
        .job("platform-executor")
        .alert_label("team", "ops")
        .availability(0.99)
        .high_latency(Duration::from_secs(2))
}

/// What is watched beside the promises.
pub(crate) fn alerts() -> Vec<CustomAlert> {
    let inference = CustomAlert::quantile_above(
        "HighInferenceLatency",
        Series::new("ai_inference_duration_seconds"),
        0.99,
        Duration::from_secs(1),
    );
    // What was denied was not tried.
    let tried = ["completed", "failed", "panicked"];
    let actions = Series::new("executor_actions_total");
    let failed = actions.clone().one_of("status", &tried[1..]);
    let failures =
        CustomAlert::share_above("HighExecutorFailureRate", failed, actions.one_of("status", &tried), 0.2);
    vec![
        inference
            .of(&engine())
            .summary("The P99 of inferences of {{ $labels.job }} is above a second.")
            .description("{{ $value | humanizePercentage }} of them take longer."),
        failures
            .of(&executor())
            // The engine proposes something every five minutes, and the executor does it three times in ten: in less than this
            // there are never so many failures that they are more than bad luck.
            .window(Duration::from_secs(1_800))
            .hold(Duration::ZERO)
            .summary("{{ $value | humanizePercentage }} of the actions of {{ $labels.job }} fail.")
            .description("The audit of the engine, GET /audit, says which, and why."),
    ]
}

/// A board for what each service measures beside its requests.
pub(crate) fn boards(dashboards: Dashboards) -> Dashboards {
    dashboards
        .board("Platform backend", BACKEND)
        .board("Platform engine", ENGINE)
        .board("Platform executor", EXECUTOR)
}

const BACKEND: [Metric; 4] = [
    Metric::counter(
        "auth_attempts_total",
        Unit::Count,
        &["outcome"],
        "Attempts to log in, by what came of them.",
    ),
    Metric::gauge("active_sessions", Unit::Count, &[], "Sessions that are open."),
    Metric::counter(
        "cache_requests_total",
        Unit::Count,
        &["cache", "result"],
        "Look-ups in a cache, by result.",
    ),
    Metric::counter(
        "policy_evaluations_total",
        Unit::Count,
        &["decision"],
        "Actions that the policy was asked about, by decision.",
    ),
];

const ENGINE: [Metric; 7] = [
    Metric::counter(
        "ai_anomalies_detected_total",
        Unit::Count,
        &["category", "severity"],
        "Anomalies detected, by category and severity.",
    ),
    Metric::counter("ai_analysis_total", Unit::Count, &["category", "outcome"], "Analyses of the last hour."),
    Metric::gauge(
        "ai_model_confidence_ratio",
        Unit::Count,
        &[],
        "How sure the model was of its last hundred predictions.",
    ),
    Metric::histogram(
        "ai_prediction_confidence_ratio",
        Unit::Count,
        &[],
        "How sure the model was of each prediction.",
    ),
    Metric::gauge(
        "ai_model_accuracy_ratio",
        Unit::Count,
        &[],
        "The share of right ones among the last hundred verdicts.",
    ),
    Metric::counter(
        "ai_feedback_total",
        Unit::Count,
        &["verdict"],
        "Predictions that were right or wrong, as the feedback says.",
    ),
    Metric::counter("ai_model_retraining_total", Unit::Count, &["outcome"], "Retrainings of the model."),
];

const EXECUTOR: [Metric; 3] = [
    Metric::counter("executor_actions_total", Unit::Count, &["status"], "Actions, by what came of them."),
    Metric::histogram(
        "executor_action_duration_seconds",
        Unit::Seconds,
        &["status"],
        "Time that actions took.",
    ),
    Metric::counter(
        "executor_policy_checks_total",
        Unit::Count,
        &["decision"],
        "Actions judged by how often they were done, by decision.",
    ),
];
