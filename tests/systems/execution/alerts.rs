//! What is told of the backend when it breaks, and when it is mended.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use serde_json::Value;
use tokio::task::JoinSet;
use tower_metrics::rules::Rules;

use super::{NOBODY, everything, plan, promise, start_at};
use crate::{
    programs::free_address,
    watched::{FIRED, IS_DOWN, Watched},
};

#[tokio::test]
#[ignore = "needs the Debian packages prometheus and prometheus-alertmanager"]
async fn each_alert_fires_on_its_fault_and_resolves() {
    let (addr, metrics) = (free_address(), free_address());
    let system = start_at(&addr, &metrics, NOBODY);
    everything(&system).await;
    let rules = Rules::new(&promise::promises()).alerts(promise::alerts()).to_yaml();
    let job = ("execution", vec![&*metrics], vec![]);
    let mut watched = Watched::start("execution", &[job], &rules, 60).await;

    let mut well = JoinSet::new();
    for agent in ["database", "security"] {
        well.spawn(again_and_again(system.client.clone(), addr.clone(), plan(agent, "local", "true", &[])));
    }
    // Answers that last for longer than a call may, because they are streams.
    let mut lasting = JoinSet::new();
    for _ in 0..6 {
        let sleeper = plan("database", "local", "sleep", &["3"]);
        lasting.spawn(again_and_again(system.client.clone(), addr.clone(), sleeper));
    }
    watched.prometheus.becomes("job:http_requests:rate5m", |rate| rate > 10.0).await;
    watched.prometheus.becomes("count_over_time(job:http_requests:rate5m[60s])", |count| count >= 15.0).await;
    assert_eq!(watched.prometheus.query(FIRED).await, None, "it is well");
    lasting.shutdown().await;

    // One slot is left, of 16; what fails and what is refused take turns at it.
    let mut bad = JoinSet::new();
    for _ in 0..15 {
        let sleeper = plan("security", "local", "sleep", &["3600"]);
        bad.spawn(again_and_again(system.client.clone(), addr.clone(), sleeper));
    }
    for (agent, server, command) in [("general", "local", "false"), ("network", "edge", "true")] {
        bad.spawn(again_and_again(system.client.clone(), addr.clone(), plan(agent, server, command, &[])));
    }
    let told: [(&str, &[(&str, &str)]); 5] = [
        ("ExecutionFailureRateHigh", &[("agent_type", "general"), ("team", "ops")]),
        ("SelfHealingExhausted", &[("policy", "network"), ("team", "ops")]),
        ("HighAPIErrorRate", &[("job", "execution")]),
        ("RateLimitRejections", &[("limiter", "executions"), ("reason", "overloaded")]),
        ("ErrorBudgetBurn", &[("slo", "execution-availability"), ("severity", "critical")]),
    ];
    for (alert, labels) in told {
        watched.until(alert, "firing", labels).await;
    }
    bad.shutdown().await;
    for (alert, labels) in told {
        watched.until(alert, "resolved", labels).await;
    }

    watched.forget();
    drop(system);
    watched.prometheus.becomes(IS_DOWN, |n| n == 1.0).await;
    watched.until("ServiceDown", "firing", &[("job", "execution"), ("severity", "critical")]).await;
    let _again = start_at(&addr, &metrics, NOBODY);
    watched.prometheus.becomes(&format!("absent({IS_DOWN})"), |n| n == 1.0).await;
    watched.until("ServiceDown", "resolved", &[]).await;
}

/// Runs the plan, pauses, and runs it again, until it is aborted.
async fn again_and_again(client: Client<HttpConnector, Full<Bytes>>, addr: String, plan: Value) {
    loop {
        let request = Request::post(format!("http://{addr}/executions"))
            .header("content-type", "application/json")
            .body(Full::<Bytes>::from(plan.to_string()))
            .unwrap();
        if let Ok(answer) = client.request(request).await {
            drop(answer.into_body().collect().await);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
