//! The alerts: each fires on the fault that it is for, and resolves.

use std::{sync::Arc, time::Duration};

use http::Method;
use serde_json::{Value, json};
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};
use tower_metrics::rules::Rules;

use super::{platform, predict, promise, propose};
use crate::{
    programs::{Server, rate},
    system::System,
    watched::Watched,
};

const BACKEND: &str = "job=\"platform-backend\"";

/// What the requirement names, but for what node_exporter tells.
const OURS: [&str; 5] =
    ["HighAPIErrorRate", "HighAPILatency", "HighInferenceLatency", "HighExecutorFailureRate", "ServiceDown"];

/// What fires in every new Prometheus.
const ALWAYS: [&str; 2] = ["SloHistoryShort", "Watchdog"];

/// Calls of all three services, until they are aborted.
fn load(platform: &Arc<System>) -> Vec<JoinHandle<()>> {
    let each = |pause: u64, call: fn(Arc<System>, u64) -> JoinHandle<()>| {
        let platform = Arc::clone(platform);
        tokio::spawn(async move {
            for number in 1.. {
                // Those that are slow keep no other waiting.
                call(Arc::clone(&platform), number);
                sleep(Duration::from_millis(pause)).await;
            }
        })
    };
    let user = |platform: Arc<System>, id| {
        tokio::spawn(async move { drop(platform.get("backend", &format!("/users/{id}")).await) })
    };
    let prediction = |platform: Arc<System>, _| {
        tokio::spawn(async move { drop(predict(&platform, [0.1, 0.2, 0.3, 0.4]).await) })
    };
    let action = |platform: Arc<System>, _| {
        tokio::spawn(async move { drop(propose(&platform, "retrain", "engine").await) })
    };
    vec![each(5, user), each(100, prediction), each(100, action)]
}

/// Feedback, without which no retraining is possible.
async fn feedback(platform: &System) {
    for _ in 0..20 {
        let prediction = predict(platform, [0.1, 0.2, 0.3, 0.4]).await;
        let feedback = json!({ "id": prediction["id"], "was_incident": false }).to_string();
        assert_eq!(platform.post("engine", "/feedback", &feedback).await.status, 200);
    }
}

/// The rates of calls and of errors, worked out from the samples that the rules had at their last evaluation.
async fn by_hand(prometheus: &Server, window: u64) -> (f64, f64, f64) {
    let at = prometheus.query(&format!("timestamp(job:http_errors:rate5m{{{BACKEND}}})")).await.unwrap();
    let raw = format!("http_requests_total{{{BACKEND}}}[{window}s]");
    let (mut all, mut errors) = (0.0, 0.0);
    for series in prometheus.ask(&raw, Some(at)).await.unwrap() {
        let samples: Vec<_> = series["values"].as_array().unwrap().iter().map(sample).collect();
        let rate = rate(&samples, at, window as f64);
        all += rate;
        errors += if series["metric"]["status"].as_str().unwrap().starts_with('5') { rate } else { 0.0 };
    }
    (at, all, errors)
}

fn sample(sample: &Value) -> (f64, f64) {
    (sample[0].as_f64().unwrap(), sample[1].as_str().unwrap().parse().unwrap())
}

#[tokio::test]
#[ignore = "needs the Debian packages prometheus and prometheus-alertmanager"]
async fn each_alert_fires_on_its_fault_and_resolves_and_two_percent_are_two_percent() {
    const SPEED: u64 = 30;
    let more = ["--faults", "--requests-per-second", "100000", "--most-actions", "1000000"];
    let platform = Arc::new(platform(&more));
    // Another engine, which can be taken away.
    let spare =
        System::start("platform", &["engine", "--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0"]);
    let spare_at = ["engine", "engine metrics"].map(|name| spare.address(name).to_owned());

    let rules = Rules::new(&promise::promises()).alerts(promise::alerts()).to_yaml();
    let [backend, engine, executor] =
        ["backend metrics", "engine metrics", "executor metrics"].map(|name| platform.address(name));
    let jobs = [
        ("platform-backend", vec![backend], vec![]),
        ("platform-engine", vec![engine, &*spare_at[1]], vec![]),
        ("platform-executor", vec![executor], vec![]),
    ];
    let mut watched = Watched::start("platform-alerts", &jobs, &rules, SPEED).await;
    feedback(&platform).await;
    let load = load(&platform);

    // All is well, for longer than most alerts wait.
    let evaluated = format!("count_over_time(job:http_requests:rate5m{{{BACKEND}}}[15s])");
    watched.prometheus.becomes(&evaluated, |times| times >= 12.0).await;
    let unasked = |fired: Vec<String>, allowed: &[&str]| {
        let mut fired = fired;
        fired.retain(|alert| !ALWAYS.contains(&&**alert) && !allowed.contains(&&**alert));
        fired
    };
    assert_eq!(unasked(watched.fired(), &[]), Vec::<String>::new());

    // One in fifty fails. The true share, and what a division without sums takes for it.
    assert_eq!(platform.post("backend", "/fault/flaky", "").await.status, 200);
    let ratio = format!("job:http_errors:rate5m{{{BACKEND}}} / job:http_requests:rate5m{{{BACKEND}}}");
    watched.prometheus.becomes(&ratio, |ratio| (0.018..0.022).contains(&ratio)).await;
    // It has been so for longer than any alert waits.
    let held =
        format!("min_over_time(({ratio})[20s:1s]) > 0.018 and max_over_time(({ratio})[20s:1s]) < 0.022");
    watched.prometheus.becomes(&held, |_| true).await;
    let (at, all, errors) = by_hand(&watched.prometheus, 300 / SPEED).await;
    let recorded = watched.prometheus.query_at(&ratio, Some(at)).await.unwrap();
    assert!((recorded / (errors / all) - 1.0).abs() < 1e-6, "{recorded} is recorded, of {all} fail {errors}");
    let calls = format!("rate(http_requests_total{{{BACKEND},endpoint=\"/users/{{id}}\"}}[10s])");
    let naive = format!("{} / {calls} > 0", calls.replace("}[", ",status=~\"5..\"}["));
    assert_eq!(watched.prometheus.query(&naive).await, Some(1.0), "each series is divided by itself");
    println!("the error ratio reads {recorded}, and 1 without sums");
    assert_eq!(platform.send("backend", Method::DELETE, "/fault/flaky", "").await.status, 200);
    // Which is more than the budget has for long, and no more than that.
    assert_eq!(unasked(watched.fired(), &["ErrorBudgetBurn"]), Vec::<String>::new());

    let faults = [("backend", "/fault/failing"), ("engine", "/fault/slow"), ("executor", "/fault/failing")];
    for (service, fault) in faults {
        assert_eq!(platform.post(service, fault, "").await.status, 200);
    }
    drop(spare);
    let expected = [
        ("HighAPIErrorRate", "job", "platform-backend", "api"),
        ("HighAPILatency", "job", "platform-engine", "ml"),
        ("HighInferenceLatency", "job", "platform-engine", "ml"),
        ("HighExecutorFailureRate", "job", "platform-executor", "ops"),
        ("ServiceDown", "instance", &*spare_at[1], "ml"),
    ];
    for (alert, label, value, team) in expected {
        let told = watched.until(alert, "firing", &[(label, value), ("team", team)]).await;
        let summary = told["annotations"]["summary"].as_str().unwrap();
        println!("{alert}: {summary}");
        assert!(!summary.is_empty() && !summary.contains("no value"), "{summary}");
    }

    for (service, fault) in faults {
        assert_eq!(platform.send(service, Method::DELETE, fault, "").await.status, 200);
    }
    let at = ["engine", "--addr", &*spare_at[0], "--metrics-addr", &*spare_at[1]];
    let _spare = System::start("platform", &at);
    for (alert, label, value, _) in expected {
        watched.until(alert, "resolved", &[(label, value)]).await;
    }
    let firing = format!("ALERTS{{alertstate=\"firing\",alertname=~\"{}\"}}", OURS.join("|"));
    let quiet = async {
        while watched.prometheus.query(&firing).await.is_some() {
            sleep(Duration::from_millis(100)).await;
        }
    };
    assert!(timeout(Duration::from_secs(60), quiet).await.is_ok(), "all of them end");
    load.iter().for_each(JoinHandle::abort);
}
