//! What the service promises, said once: for the service itself, and for all that watches it.

#![allow(dead_code, reason = "each program that includes it needs a part")]

use std::time::Duration;

use tower_metrics::{
    dashboard::Dashboards,
    metrics::Unit,
    names::{Metric, catalog},
    rules::{CustomAlert, Series, Severity},
    sla::Sla,
};

/// Metrics of one concern, as they are listed and drawn together.
pub(crate) struct Category {
    pub(crate) name: &'static str,
    /// What its dashboard is called. HTTP has one that follows from the promise.
    pub(crate) board: Option<&'static str>,
    pub(crate) metrics: Vec<Metric>,
}

pub(crate) const EXECUTIONS: Metric = Metric::counter(
    "orchestrator_agent_execution_total",
    Unit::Count,
    &["agent_type", "outcome"],
    "Executions of agents ended, by how they ended.",
);
pub(crate) const EXECUTION_DURATION: Metric = Metric::histogram(
    "orchestrator_agent_execution_duration_seconds",
    Unit::Seconds,
    &["agent_type", "outcome"],
    "Time from the start of an agent to its result, by how it ended.",
);
pub(crate) const EXECUTIONS_IN_FLIGHT: Metric = Metric::gauge(
    "orchestrator_agent_execution_in_flight",
    Unit::Count,
    &["agent_type"],
    "Executions of agents begun and not yet ended.",
);
pub(crate) const BREAKER_STATE: Metric = Metric::gauge(
    "orchestrator_circuit_breaker_state",
    Unit::Count,
    &["agent", "state"],
    "1 for the state that the circuit breaker is in, 0 for the others.",
);
pub(crate) const BREAKER_OPENINGS: Metric = Metric::counter(
    "orchestrator_circuit_breaker_openings_total",
    Unit::Count,
    &["agent"],
    "How often the circuit breaker opened, after a probe that failed too.",
);
pub(crate) const BREAKER_CALLS: Metric = Metric::counter(
    "orchestrator_circuit_breaker_calls_total",
    Unit::Count,
    &["agent", "outcome"],
    "Calls to the circuit breaker ended, by how they ended; it rejected those that it did not let through.",
);
pub(crate) const BREAKER_RESETS: Metric = Metric::counter(
    "orchestrator_circuit_breaker_resets_total",
    Unit::Count,
    &["outcome"],
    "Resets of circuit breakers that somebody asked for, by whether they were allowed to.",
);
pub(crate) const MESSAGES_SENT: Metric = Metric::counter(
    "orchestrator_websocket_messages_started_total",
    Unit::Count,
    &[],
    "Messages sent: one for each connection that an event is for.",
);
pub(crate) const MESSAGES: Metric = Metric::counter(
    "orchestrator_websocket_messages_total",
    Unit::Count,
    &["outcome"],
    "Messages that were acknowledged (delivered), or dropped: the queue was full, the connection was closed.",
);
pub(crate) const MESSAGE_LATENCY: Metric = Metric::histogram(
    "orchestrator_websocket_message_latency_seconds",
    Unit::Seconds,
    &["outcome"],
    "Time from the queue to the acknowledgement of a message, or to its drop.",
);
pub(crate) const QUEUE_DEPTH: Metric = Metric::gauge(
    "orchestrator_websocket_queue_depth",
    Unit::Count,
    &[],
    "Messages sent that are neither delivered nor dropped yet.",
);
pub(crate) const TOKEN_REFRESHES: Metric = Metric::counter(
    "orchestrator_token_refresh_total",
    Unit::Count,
    &["outcome"],
    "Refreshes of the token with which agents are called.",
);
pub(crate) const TOKEN_REFRESH_DURATION: Metric = Metric::histogram(
    "orchestrator_token_refresh_duration_seconds",
    Unit::Seconds,
    &["outcome"],
    "Time that a refresh of the token took.",
);
pub(crate) const TOKEN_REFRESHES_IN_FLIGHT: Metric = Metric::gauge(
    "orchestrator_token_refresh_in_flight",
    Unit::Count,
    &[],
    "Refreshes of the token that go on.",
);
pub(crate) const SECRET_ROTATIONS: Metric = Metric::counter(
    "orchestrator_secret_rotation_total",
    Unit::Count,
    &["outcome"],
    "Rotations of the secret in the vault.",
);
pub(crate) const SECRET_ROTATION_DURATION: Metric = Metric::histogram(
    "orchestrator_secret_rotation_duration_seconds",
    Unit::Seconds,
    &["outcome"],
    "Time that a rotation of the secret took.",
);
pub(crate) const SECRET_ROTATIONS_IN_FLIGHT: Metric = Metric::gauge(
    "orchestrator_secret_rotation_in_flight",
    Unit::Count,
    &[],
    "Rotations of the secret that go on.",
);
pub(crate) const COST: Metric = Metric::counter(
    "orchestrator_cost_microdollars_total",
    Unit::Count,
    &["repository", "user"],
    "What agents have cost, in millionths of a dollar.",
);

/// The bounds of what agents take: 10 s, where an alert is, and some beyond, so that a quantile can be told from there.
pub(crate) const EXECUTION_BOUNDS: [f64; 11] = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0];

/// One service, one promise.
pub(crate) fn promises() -> Vec<Sla> {
    vec![promise()]
}

/// What agents and people call. 99.5 % of calls are answered well, and 95 % within 250 ms but for those that wait for an
/// agent.
pub(crate) fn promise() -> Sla {
    Sla::new("orchestrator")
        .job("orchestrator")
        .alert_label("team", "agents")
        .availability(0.995)
        .latency(0.95, Duration::from_millis(250))
        .high_latency(Duration::from_secs(2))
        .streams(["/agents/{agent_type}/run"])
}

/// What is watched beside the promise.
pub(crate) fn alerts() -> Vec<CustomAlert> {
    let of = |metric: Metric| Series::new(metric.name());
    let alerts = [
        CustomAlert::quantile_above(
            "HighAgentLatencyP95",
            of(EXECUTION_DURATION),
            0.95,
            Duration::from_secs(10),
        )
        .by(["agent_type"])
        .summary("The P95 of {{ $labels.agent_type }} is above 10 s.")
        .description("{{ $value | humanizePercentage }} of its executions take longer."),
        // Not closed: a breaker that probes an agent in vain is half open for as long as the probe takes, and open again.
        CustomAlert::value_is("CircuitBreakerOpen", of(BREAKER_STATE).equal("state", "closed"), 0.0)
            .by(["agent"])
            .hold(Duration::from_secs(120))
            .severity(Severity::Critical)
            .summary("The circuit breaker of {{ $labels.agent }} has been open for 2 minutes.")
            .description("Its tasks are rejected. Mend the agent; the next probe closes the breaker, or an operator does."),
        CustomAlert::share_below(
            "MessageDeliveryRateLow",
            of(MESSAGES).equal("outcome", "delivered"),
            of(MESSAGES_SENT),
            0.95,
        )
        .summary("Only {{ $value | humanizePercentage }} of the messages over websockets are delivered.")
        .description("Clients are slow or silent: see by which outcome their messages are dropped."),
        CustomAlert::rate_above(
            "JWTRefreshFailureRateHigh",
            of(TOKEN_REFRESHES).equal("outcome", "failure"),
            0.1,
        )
        .summary("The refresh of the token fails {{ $value | humanize }} times a second.")
        .description("When the token that there is runs out, no agent can be called."),
        CustomAlert::increase_above("CostSpikeDetected", of(COST), Duration::from_secs(3_600), 10_000_000.0)
            .by(["repository"])
            .summary("{{ $labels.repository }} has cost more than 10 dollars in an hour.")
            .description("It was {{ $value | humanize }} microdollars. By user, `orchestrator_cost_microdollars_total` says whose."),
    ];
    alerts.into_iter().map(|alert| alert.of(&promise())).collect()
}

/// All that the service measures, in the order in which it is listed.
pub(crate) fn categories() -> [Category; 6] {
    let own =
        |name, board, metrics: &[Metric]| Category { name, board: Some(board), metrics: metrics.into() };
    let ours =
        |names: &[&str]| catalog().filter(|it| names.contains(&it.name())).copied().collect::<Vec<_>>();
    let mut all = [
        own("execution", "Agents", &[EXECUTIONS, EXECUTION_DURATION, EXECUTIONS_IN_FLIGHT]),
        own(
            "breakers",
            "Circuit breakers",
            &[BREAKER_STATE, BREAKER_OPENINGS, BREAKER_CALLS, BREAKER_RESETS],
        ),
        own("websocket", "WebSockets", &[MESSAGES_SENT, MESSAGES, MESSAGE_LATENCY, QUEUE_DEPTH]),
        own(
            "security",
            "Security",
            &[
                TOKEN_REFRESHES,
                TOKEN_REFRESH_DURATION,
                TOKEN_REFRESHES_IN_FLIGHT,
                SECRET_ROTATIONS,
                SECRET_ROTATION_DURATION,
                SECRET_ROTATIONS_IN_FLIGHT,
            ],
        ),
        own("cost", "Cost", &[COST]),
        Category {
            name: "http",
            board: None,
            metrics: ours(&[
                "http_requests_total",
                "http_request_duration_seconds",
                "http_requests_in_flight",
                "http_requests_oldest_start_timestamp_seconds",
                "http_requests_in_flight_limit",
            ]),
        },
    ];
    let [_, breakers, websocket, ..] = &mut all;
    breakers.metrics.extend(ours(&["limiter_calls_total", "requests_rejected_total"]));
    websocket.metrics.extend(ours(&["connections_open", "connections_total", "connection_duration_seconds"]));
    all
}

/// Boards of what the service measures beside its requests.
pub(crate) fn boards(dashboards: Dashboards) -> Dashboards {
    let boards = categories().into_iter().filter_map(|it| Some((it.board?, it.metrics)));
    boards.fold(dashboards, |dashboards, (title, metrics)| dashboards.board(title, metrics))
}
