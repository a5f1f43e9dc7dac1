//! Its alerts, with a real Prometheus and a real Alertmanager: each fires on the fault that it is for, and resolves.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio::{sync::watch, task::JoinSet, time::sleep};
use tower_metrics::{dashboard::Dashboards, rules::Rules};

use super::{APP, Orchestrator, websocket::Client};
use crate::{
    programs::{Scratch, run},
    watched::Watched,
};

#[path = "../../../examples/orchestrator/promise.rs"]
mod promise;

/// How many times as fast the rules are.
const SPEED: u64 = 60;

/// What fires where all is well: that Prometheus works, and that it has no history yet.
const ALWAYS: [&str; 2] = ["SloHistoryShort", "Watchdog"];

/// What tells of the same faults: agents that fail and are not asked are calls that are answered badly.
const BESIDE: [&str; 3] = ["ErrorBudgetBurn", "HighAPIErrorRate", "RateLimitRejections"];

const OWN: [(&str, &[(&str, &str)]); 5] = [
    ("CircuitBreakerOpen", &[("agent", "coder"), ("severity", "critical"), ("team", "agents")]),
    ("CostSpikeDetected", &[("repository", "monolith"), ("severity", "warning")]),
    ("HighAgentLatencyP95", &[("agent_type", "researcher"), ("severity", "warning")]),
    ("JWTRefreshFailureRateHigh", &[("job", "orchestrator"), ("severity", "warning")]),
    ("MessageDeliveryRateLow", &[("job", "orchestrator"), ("severity", "warning")]),
];

fn rules() -> String {
    Rules::new(&promise::promises()).alerts(promise::alerts()).to_yaml()
}

/// Cheap tasks for every agent, ten a second each, and a client that hears of them.
fn load(it: &Arc<Orchestrator>) -> JoinSet<()> {
    let mut load = JoinSet::new();
    for agent_type in ["coder", "planner", "researcher", "reviewer", "tester"] {
        let it = it.clone();
        load.spawn(async move {
            let task = json!({ "repository": "website", "user": "ada", "seconds": 0.05, "tokens": 1 });
            loop {
                it.ask(agent_type, &task).await;
                sleep(Duration::from_millis(50)).await;
            }
        });
    }
    let it = it.clone();
    load.spawn(async move {
        let mut client = Client::connect(&it).await;
        loop {
            client.acknowledge(1).await;
        }
    });
    load
}

/// Tasks that take longer than they should, some of which end each second, until it is said that it is enough.
fn slow(it: &Arc<Orchestrator>, enough: &watch::Receiver<bool>) -> JoinSet<()> {
    let mut slow = JoinSet::new();
    for number in 0..40 {
        let (it, enough) = (it.clone(), enough.clone());
        slow.spawn(async move {
            sleep(Duration::from_millis(270 * number)).await;
            while !*enough.borrow() {
                it.run("researcher", 10.8).await;
            }
        });
    }
    slow
}

#[tokio::test]
#[ignore = "needs the Debian packages prometheus and prometheus-alertmanager"]
async fn each_alert_fires_on_its_fault_and_resolves() {
    let args = ["--breaker-pause", "3", "--refresh-interval", "2", "--rotation-interval", "2"];
    let it = Arc::new(Orchestrator::start(&args));
    let jobs = [("orchestrator", vec![it.system.address("metrics")], vec![])];
    let mut watched = Watched::start("orchestrator-alerts", &jobs, &rules(), SPEED).await;
    let mut load = load(&it);

    // Longer than any window and hold of these alerts but that of the cost.
    watched.prometheus.becomes("count_over_time(up{job=\"orchestrator\"}[1m])", |times| times >= 15.0).await;
    let fired = watched.fired();
    assert!(fired.iter().all(|alert| ALWAYS.contains(&&**alert)), "all is well, and there are {fired:?}");

    it.break_it("coder").await;
    it.break_it("token_refresh").await;
    let silent = Client::connect(&it).await;
    let (is_enough, enough) = watch::channel(false);
    let slow = slow(&it, &enough);
    // Long enough for a scrape to see that it has cost nothing yet.
    let dear = json!({ "repository": "monolith", "user": "bob", "seconds": 3, "tokens": 700_000 });
    assert_eq!(it.ask("planner", &dear).await.status, 200);
    for (alert, labels) in OWN {
        watched.until(alert, "firing", labels).await;
    }

    it.mend_it("coder").await;
    it.mend_it("token_refresh").await;
    drop(silent);
    is_enough.send(true).unwrap();
    slow.join_all().await;
    for (alert, labels) in OWN {
        watched.until(alert, "resolved", labels).await;
    }
    let fired = watched.fired();
    let is_known = |alert: &str| {
        OWN.iter().any(|(own, _)| *own == alert) || ALWAYS.contains(&alert) || BESIDE.contains(&alert)
    };
    assert!(fired.iter().all(|alert| is_known(alert)), "{fired:?}");

    // With nothing under way, Prometheus estimates the same quantiles as the summary.
    load.shutdown().await;
    it.until("orchestrator_agent_execution_in_flight", &[], 0.0).await;
    let summary = it.system.get(APP, "/metrics/summary").await.json();
    for (quantile, name) in [(0.5, "p50_seconds"), (0.95, "p95_seconds"), (0.99, "p99_seconds")] {
        let ours = summary["agents"]["researcher"][name].as_f64().unwrap();
        let buckets = "orchestrator_agent_execution_duration_seconds_bucket{agent_type=\"researcher\"}";
        let query = format!("histogram_quantile({quantile}, sum by (le) ({buckets}))");
        watched.prometheus.becomes(&query, |theirs| (theirs - ours).abs() < 1e-9).await;
    }
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn prometheus_accepts_the_rules() {
    let scratch = Scratch::new("orchestrator-rules");
    let file = scratch.write("rules.yml", &rules());
    run("promtool", &["check", "rules", "--lint=all", "--lint-fatal", file.to_str().unwrap()]).unwrap();
}

#[test]
fn each_concern_has_a_board_with_all_its_metrics() {
    let dashboards = promise::boards(Dashboards::new(&promise::promises())).all();
    let titles: Vec<_> = dashboards.iter().map(|it| it.title().to_owned()).collect();
    assert!(
        titles.ends_with(&["Agents", "Circuit breakers", "WebSockets", "Security", "Cost"].map(Into::into))
    );
    let json: String = dashboards.iter().map(|it| it.to_json()).collect();
    for metric in promise::categories().iter().flat_map(|category| &category.metrics) {
        assert!(json.contains(metric.name()), "{} is on no board", metric.name());
    }
}
