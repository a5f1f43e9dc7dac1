//! What the systems measure, as the guide lists it: each metric of the requirements, ours, and why ours differs.

use std::{collections::BTreeSet, fs};

use crate::exposition::Page;

/// The requirements, by the heading of the guide under which they are listed: every metric that they name.
const REQUIRED: [(&str, &[&str]); 4] = [
    (
        "Operations platform",
        &[
            "http_requests_total",
            "http_request_duration_seconds",
            "rate_limit_exceeded_total",
            "auth_attempts_total",
            "active_sessions_total",
            "policy_evaluations_total",
            "db_query_duration_seconds",
            "redis_cache_hits_total",
            "ai_predictions_total",
            "ai_inference_duration_seconds",
            "ai_anomalies_detected_total",
            "ai_model_confidence_score",
            "ai_model_accuracy",
            "ai_model_retraining_total",
            "executor_actions_total",
            "executor_action_duration_seconds",
            "executor_policy_checks_total",
            "executor_k8s_api_calls_total",
            "node_cpu_seconds_total",
            "up",
            "orders_processed_total",
            "backend_api_requests_total",
        ],
    ),
    (
        "Agent orchestrator",
        &[
            "orchestrator_agent_execution_latency",
            "orchestrator_graft_circuit_breaker_state",
            "orchestrator_websocket_active_connections",
            "orchestrator_websocket_message_queue_depth",
            "orchestrator_websocket_dropped_messages",
            "orchestrator_jwt_token_refresh_total",
            "orchestrator_jwt_token_refresh_failure_total",
            "orchestrator_vault_secret_rotation_total",
            "orchestrator_vault_secret_rotation_failure_total",
            "orchestrator_cost_attribution",
        ],
    ),
    (
        "Command execution backend",
        &[
            "aoss_executions_total",
            "aoss_executions_completed",
            "aoss_execution_steps_total",
            "aoss_execution_errors_total",
            "aoss_execution_duration_seconds",
            "aoss_active_executions",
            "aoss_self_healing_attempts",
            "aoss_api_requests_total",
            "aoss_db_operations_total",
        ],
    ),
    (
        "New service",
        &[
            "operations_total",
            "operation_duration_seconds",
            "active_connections",
            "system_info",
            "requests_total",
            "request_duration_seconds",
            "response_size_bytes",
            "function_calls_total",
            "function_duration_seconds",
            "block_errors_total",
            "block_duration_seconds",
            "batch_operations_total",
            "batch_items_processed",
            "service_health_status",
            "memory_usage_bytes",
            "cpu_usage_percent",
            "queue_depth",
            "queue_items_processed_total",
            "db_query_duration_seconds",
            "db_query_errors_total",
            "cache_hit_ratio",
            "requests_by_user",
        ],
    ),
];

/// A row of the guide: the metric that is required, ours with its labels, and the reason where they differ.
#[derive(Debug)]
struct Row {
    required: String,
    /// `name{label,other="value"}` each; none where there is none on purpose.
    ours: Vec<(String, Vec<String>)>,
    why: String,
}

/// Asserts that the guide lists, under this heading, every metric that is required, that each of ours is on one of the pages
/// with the labels that are said, and that a reason stands wherever it differs.
pub(crate) fn is_as_the_guide_says(heading: &str, pages: &[&Page]) {
    let rows = rows(heading);
    let listed: BTreeSet<_> = rows.iter().map(|row| &*row.required).collect();
    let (_, required) = REQUIRED.iter().find(|(name, _)| *name == heading).unwrap();
    let missing: Vec<_> = required.iter().filter(|name| !listed.contains(**name)).collect();
    assert!(missing.is_empty(), "the guide does not list {missing:?} under {heading}");
    for row in &rows {
        let is_same = row.ours.iter().any(|(name, _)| *name == row.required);
        assert!(is_same || !row.why.is_empty(), "{}: no reason why ours differs", row.required);
        for (name, labels) in &row.ours {
            // What a histogram is called is on the page with an ending.
            let count = format!("{name}_count");
            let mut samples =
                pages.iter().flat_map(|page| &page.samples).filter(|it| it.name == *name || it.name == count);
            let is_there = samples.any(|sample| {
                labels.iter().all(|label| match label.split_once('=') {
                    Some((label, value)) => {
                        sample.labels.get(label).is_some_and(|it| it == value.trim_matches('"'))
                    }
                    None => sample.labels.contains_key(label),
                })
            });
            assert!(is_there, "{}: no page has {name}{labels:?}", row.required);
        }
    }
}

/// The table under this heading: `| required | ours | why |`. Ours are in code, and several stand in one cell; where it is
/// scraped from another program, it stands in the cell without code.
fn rows(heading: &str) -> Vec<Row> {
    let guide = fs::read_to_string("docs/guide.md").unwrap();
    let (_, section) =
        guide.split_once(&format!("\n### {heading}\n")).unwrap_or_else(|| panic!("no section {heading}"));
    let section = section.split("\n### ").next().unwrap().split("\n## ").next().unwrap();
    let lines = section.lines().filter(|line| line.starts_with("| `"));
    lines
        .map(|line| {
            let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            let [required, ours, why] = cells[..] else { panic!("not three cells: {line}") };
            let code = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
            let metric = |text: String| match text.split_once('{') {
                Some((name, labels)) => {
                    let labels = labels.trim_end_matches('}').split(',');
                    (name.to_owned(), labels.map(|label| label.trim().to_owned()).collect())
                }
                None => (text, Vec::new()),
            };
            Row {
                required: code(required).remove(0),
                ours: code(ours).into_iter().map(metric).collect(),
                why: why.to_owned(),
            }
        })
        .collect()
}
