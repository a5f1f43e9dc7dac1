//! What is measured, for people and programs without a Prometheus: a list by category, and a summary. Whoever may call the
//! application may read them: they name repositories and no users.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    App,
    agents::AGENTS,
    page::Page,
    promise::{
        BREAKER_OPENINGS, BREAKER_STATE, COST, EXECUTION_DURATION, EXECUTIONS, MESSAGES, MESSAGES_SENT,
        QUEUE_DEPTH, SECRET_ROTATIONS, TOKEN_REFRESHES, categories,
    },
};

/// How many repositories are named, those first that cost most.
const MOST_NAMED: usize = 10;

#[derive(Serialize)]
struct Agent {
    executions: f64,
    failures: f64,
    timeouts: f64,
    p50_seconds: Option<f64>,
    p95_seconds: Option<f64>,
    p99_seconds: Option<f64>,
}

/// `GET /metrics/categories`
pub(crate) async fn list(State(app): State<App>) -> Json<Value> {
    let rendered = app.metrics.render();
    let page = Page::new(&rendered);
    let categories = categories().map(|category| {
        let metrics = category.metrics.iter().map(|metric| {
            json!({
                "name": metric.name(),
                "kind": metric.kind().as_str(),
                "unit": metric.unit().as_str(),
                "help": metric.help(),
                "series": page.series(metric.name()),
            })
        });
        json!({ "category": category.name, "metrics": metrics.collect::<Vec<_>>() })
    });
    Json(json!({ "categories": categories }))
}

/// `GET /metrics/summary`
pub(crate) async fn summarise(State(app): State<App>) -> Json<Value> {
    let rendered = app.metrics.render();
    let page = Page::new(&rendered);
    let agents: BTreeMap<_, _> = AGENTS.map(|agent_type| (agent_type, Agent::new(&page, agent_type))).into();
    let breakers: BTreeMap<_, _> = AGENTS.map(|agent| (agent, breaker(&page, agent))).into();
    Json(json!({
        "agents": agents,
        "breakers": breakers,
        "websocket": websocket(&page),
        "security": {
            "token_refresh_failures": page.sum(TOKEN_REFRESHES.name(), &[("outcome", "failure")]),
            "secret_rotation_failures": page.sum(SECRET_ROTATIONS.name(), &[("outcome", "failure")]),
        },
        "cost": cost(&page),
    }))
}

fn breaker(page: &Page<'_>, agent: &str) -> Value {
    let labels = [("agent", agent)];
    let state = page.of(BREAKER_STATE.name(), &labels).find(|sample| sample.value == 1.0);
    let openings = page.sum(BREAKER_OPENINGS.name(), &labels);
    json!({ "state": state.and_then(|sample| sample.label("state")), "openings": openings })
}

fn websocket(page: &Page<'_>) -> Value {
    let sent = page.sum(MESSAGES_SENT.name(), &[]);
    let delivered = page.sum(MESSAGES.name(), &[("outcome", "delivered")]);
    json!({
        "connections": page.sum("connections_open", &[("listener", "websocket")]),
        "sent": sent,
        "delivered": delivered,
        "dropped": page.sum(MESSAGES.name(), &[]) - delivered,
        "queued": page.sum(QUEUE_DEPTH.name(), &[]),
        "delivery_ratio": (sent > 0.0).then_some(delivered / sent),
    })
}

fn cost(page: &Page<'_>) -> Value {
    let mut repositories = BTreeMap::new();
    for sample in page.of(COST.name(), &[]) {
        *repositories.entry(sample.label("repository")).or_insert(0.0) += sample.value;
    }
    let total: f64 = repositories.values().sum();
    let count = repositories.len();
    let mut repositories: Vec<_> = repositories.into_iter().collect();
    repositories.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    repositories.truncate(MOST_NAMED);
    let repositories = repositories
        .into_iter()
        .map(|(repository, cost)| json!({ "repository": repository, "microdollars": cost }));
    json!({
        "microdollars": total,
        "repositories": count,
        "most_expensive": repositories.collect::<Vec<_>>(),
    })
}

// ===== impl Agent =====

impl Agent {
    fn new(page: &Page<'_>, agent_type: &str) -> Self {
        let labels = [("agent_type", agent_type)];
        let quantile = |quantile| page.quantile(EXECUTION_DURATION.name(), &labels, quantile);
        let ended = |outcome| page.sum(EXECUTIONS.name(), &[labels[0], ("outcome", outcome)]);
        Self {
            executions: page.sum(EXECUTIONS.name(), &labels),
            failures: ended("failure"),
            timeouts: ended("timeout"),
            p50_seconds: quantile(0.5),
            p95_seconds: quantile(0.95),
            p99_seconds: quantile(0.99),
        }
    }
}
