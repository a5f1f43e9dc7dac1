//! What is listed and summarised says what the page says.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{APP, Orchestrator, websocket::Client};

/// What is listed elsewhere: the crate about itself, the process, and what this limiter never does.
const NOT_LISTED: [&str; 3] = ["tower_metrics_", "process_", "rate_limit_exceeded_total"];

#[tokio::test]
async fn every_metric_of_the_page_is_listed_once_as_it_stands_there() {
    let it = Orchestrator::start(&[]);
    let client = Client::connect(&it).await;
    assert_eq!(it.run("coder", 0.0).await, 200);
    drop(client);
    it.until("connection_duration_seconds_count", &[], 1.0).await;
    // The list is made while its own call is under way, so that it is asked for twice.
    it.system.get(APP, "/metrics/categories").await;
    let list = it.system.get(APP, "/metrics/categories").await.json();
    let page = it.page().await;

    let categories = list["categories"].as_array().unwrap();
    let names: Vec<_> = categories.iter().map(|it| it["category"].as_str().unwrap()).collect();
    assert_eq!(names, ["execution", "breakers", "websocket", "security", "cost", "http"]);
    let mut listed = BTreeSet::new();
    for metric in categories.iter().flat_map(|it| it["metrics"].as_array().unwrap()) {
        let name = metric["name"].as_str().unwrap();
        assert!(listed.insert(name), "{name} is listed twice");
        assert_eq!(metric["kind"], page.kinds[name], "{name}");
        assert_eq!(metric["help"], page.helps[name], "{name}");
        let parts = ["", "_bucket", "_sum", "_count"].map(|part| format!("{name}{part}"));
        let series = page.samples.iter().filter(|sample| parts.contains(&sample.name)).count();
        assert_eq!(metric["series"], series, "{name}");
        let unit = if name.ends_with("_seconds") { "seconds" } else { "count" };
        assert_eq!(metric["unit"], unit, "{name}");
    }
    let is_listed = |name: &&String| !NOT_LISTED.iter().any(|prefix| name.starts_with(prefix));
    let there: BTreeSet<_> = page.kinds.keys().filter(is_listed).map(String::as_str).collect();
    assert_eq!(listed, there);
}

#[tokio::test]
async fn the_summary_says_what_prometheus_would_of_the_same_page() {
    let it = Orchestrator::start(&["--breaker-pause", "600"]);
    let mut client = Client::connect(&it).await;
    it.until("connections_open", &[("listener", "websocket")], 1.0).await;
    // Three between 0.25 s and 0.5 s, one between 1 s and 2.5 s.
    let runs = [0.3, 0.3, 0.3, 1.2].map(|seconds| it.run("coder", seconds));
    let (statuses, _) = tokio::join!(futures_util::future::join_all(runs), client.acknowledge(6));
    assert_eq!(statuses, [200; 4]);
    it.until("orchestrator_websocket_messages_total", &[], 6.0).await;
    it.break_it("tester").await;
    for _ in 0..6 {
        it.run("tester", 0.0).await;
    }
    drop(client);
    it.until("orchestrator_websocket_queue_depth", &[], 0.0).await;

    let summary = it.system.get(APP, "/metrics/summary").await.json();
    let coder = &summary["agents"]["coder"];
    assert_eq!((&coder["executions"], &coder["failures"]), (&4.0.into(), &0.0.into()));
    // The second of three in its bucket, and 0.96 of the one in its own.
    is_about(&coder["p50_seconds"], 0.25 + 0.25 * 2.0 / 3.0);
    is_about(&coder["p95_seconds"], 1.0 + 1.5 * 0.8);
    is_about(&coder["p99_seconds"], 1.0 + 1.5 * 0.96);
    assert_eq!(summary["agents"]["planner"]["p95_seconds"], Value::Null);
    assert_eq!(summary["agents"]["tester"]["failures"], 5.0);
    assert_eq!(summary["breakers"]["tester"], serde_json::json!({ "state": "open", "openings": 1.0 }));
    assert_eq!(summary["breakers"]["coder"]["state"], "closed");

    let page = it.page().await;
    let websocket = &summary["websocket"];
    let sent = page.sum("orchestrator_websocket_messages_started_total", &[]);
    assert_eq!((sent, websocket["sent"].as_f64()), (20.0, Some(20.0)));
    assert_eq!(websocket["delivered"], 6.0);
    assert_eq!(websocket["dropped"], 14.0);
    is_about(&websocket["delivery_ratio"], 6.0 / 20.0);
    let cost = page.sum("orchestrator_cost_microdollars_total", &[]);
    assert_eq!(summary["cost"]["microdollars"], cost);
    assert_eq!(cost, 9.0 * 15_000.0);
}

fn is_about(value: &Value, expected: f64) {
    let value = value.as_f64().unwrap();
    assert!((value - expected).abs() < 1e-9, "{value} is not {expected}");
}
