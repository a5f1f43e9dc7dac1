//! The loop: what breaks is seen in Prometheus, judged, allowed or denied, acted on, and written down.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{RawQuery, State},
    http::StatusCode,
    routing::get,
};
use http::Method;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle, time::sleep};

use super::{login, platform, predict, promise, with_token};
use crate::{
    programs::{Scratch, Server, body, client},
    system::{System, until},
};

/// What the engine takes for Prometheus: what stands between both, or answers in its place.
#[derive(Clone, Default)]
struct Between(Arc<Mutex<Answers>>);

#[derive(Default)]
struct Answers {
    /// The Prometheus behind it.
    upstream: Option<String>,
    /// Queries with this in them are answered 500.
    failing: Option<&'static str>,
    /// Queries with this in them are answered with these values.
    canned: Vec<(&'static str, Vec<f64>)>,
}

// ===== impl Between =====

impl Between {
    async fn start(&self) -> String {
        let app = Router::new().route("/api/v1/query_range", get(answer)).with_state(self.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        url
    }

    fn change(&self, change: impl FnOnce(&mut Answers)) {
        change(&mut self.0.lock().unwrap());
    }
}

async fn answer(State(between): State<Between>, RawQuery(query): RawQuery) -> (StatusCode, Bytes) {
    let query = query.unwrap();
    let (is_failing, canned, upstream) = {
        let answers = between.0.lock().unwrap();
        let has = |what: &&str| query.contains(*what);
        let canned = answers.canned.iter().find(|(what, _)| has(what)).map(|(_, values)| values.clone());
        (answers.failing.as_ref().is_some_and(has), canned, answers.upstream.clone())
    };
    if is_failing {
        return (StatusCode::INTERNAL_SERVER_ERROR, "as asked".into());
    }
    match upstream {
        Some(upstream) => {
            let answer = body(&client(), &format!("http://{upstream}/api/v1/query_range?{query}")).await;
            (StatusCode::OK, answer.unwrap_or_default())
        }
        None => {
            let end: f64 = query.split_once("end=").unwrap().1.split('&').next().unwrap().parse().unwrap();
            let values = canned.unwrap_or_default();
            let times = (0..values.len()).rev().map(|back| end - back as f64);
            let values: Vec<_> =
                times.zip(&values).map(|(at, value)| json!([at, value.to_string()])).collect();
            let metric = json!({ "job": promise::backend().job_name() });
            let result =
                if values.is_empty() { json!([]) } else { json!([{ "metric": metric, "values": values }]) };
            let answer = json!({ "status": "success", "data": { "resultType": "matrix", "result": result } });
            (StatusCode::OK, answer.to_string().into())
        }
    }
}

/// The platform that reads from it, each second.
async fn watched(between: &Between) -> System {
    let url = between.start().await;
    platform(&[
        "--faults",
        "--prometheus",
        &url,
        "--every",
        "1s",
        "--last",
        "60s",
        "--requests-per-second",
        "10000",
    ])
}

async fn audit(platform: &System) -> Vec<Value> {
    platform.get("engine", "/audit").await.json().as_array().unwrap().clone()
}

async fn detected(platform: &System, category: &str, severity: &str) -> f64 {
    let labels = [("category", category), ("severity", severity)];
    platform.page("engine metrics").await.sum("ai_anomalies_detected_total", &labels)
}

async fn analysed(platform: &System, category: &str, outcome: &str) -> f64 {
    let labels = [("category", category), ("outcome", outcome)];
    platform.page("engine metrics").await.sum("ai_analysis_total", &labels)
}

#[tokio::test]
async fn an_anomaly_is_as_severe_as_it_is_unusual_and_wrong_and_what_is_merely_unusual_is_left_alone() {
    let between = Between::default();
    let platform = watched(&between).await;
    let errors = |newest: f64| {
        let before = (0..30).map(|n| if n % 2 == 0 { 0.01 } else { 0.02 });
        before.chain([newest]).collect::<Vec<_>>()
    };
    let memory = |newest: f64| vec![0.5; 30].into_iter().chain([newest]).collect::<Vec<_>>();
    for (severity, canned) in [
        // 0.015 is usual, and a spread is 0.01: the limit is 0.05.
        ("low", ("status%3D%7E%225", errors(0.046))),
        ("medium", ("node_memory_MemAvailable", memory(0.81))),
        ("high", ("status%3D%7E%225", vec![0.5; 30])),
        ("critical", ("status%3D%7E%225", errors(0.5))),
    ] {
        let category = if canned.0.contains("memory") { "infrastructure" } else { "api" };
        let is_acted_on = ["high", "critical"].contains(&severity);
        let entries = audit(&platform).await.len();
        between.change(|it| it.canned = vec![canned]);
        until(severity, async || detected(&platform, category, severity).await >= 1.0).await;
        if is_acted_on {
            until("it is in the audit", async || audit(&platform).await.len() > entries).await;
            let audit = audit(&platform).await;
            let of_it = audit.iter().find(|it| it["severity"] == severity).unwrap();
            assert_eq!(of_it["measure"], "error_ratio");
        } else {
            assert!(audit(&platform).await.is_empty(), "nobody acts on what is {severity}");
        }
    }
    // As usual: what is within three spreads is none. Nor is what was wrong, and had no calls for a while since.
    for nothing in [errors(0.04), [vec![0.5; 30], vec![f64::NAN; 5]].concat()] {
        between.change(|it| it.canned = vec![("status%3D%7E%225", nothing)]);
        let rounds = analysed(&platform, "api", "completed").await;
        let more = async |count| {
            until("more rounds", async || analysed(&platform, "api", "completed").await >= rounds + count)
                .await;
        };
        more(2.0).await;
        let counts =
            |page: crate::exposition::Page| page.sum("ai_anomalies_detected_total", &[("category", "api")]);
        let before = counts(platform.page("engine metrics").await);
        more(4.0).await;
        assert_eq!(counts(platform.page("engine metrics").await), before);
    }
}

/// A Prometheus that scrapes the platform each second, and what reads from it.
fn scraped(scratch: &Scratch, platform: &System, between: &Between) -> Server {
    let jobs: String = promise::promises()
        .iter()
        .map(|sla| {
            let address = platform.address(&format!("{} metrics", sla.name()));
            format!("  - {{job_name: {:?}, static_configs: [{{targets: [{address:?}]}}]}}\n", sla.job_name())
        })
        .collect();
    let config = format!("global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n{jobs}");
    let prometheus = Server::prometheus(&scratch.write("prometheus.yml", &config));
    between.change(|it| it.upstream = Some(prometheus.addr.clone()));
    prometheus
}

/// Users who read each other, fifty a second, and a prediction among them.
fn users(platform: &Arc<System>) -> JoinHandle<()> {
    let platform = Arc::clone(platform);
    tokio::spawn(async move {
        for id in 1_u64.. {
            platform.get("backend", &format!("/users/{id}")).await;
            if id % 10 == 0 {
                predict(&platform, [0.9, 0.9, 0.9, 0.9]).await;
            }
            sleep(Duration::from_millis(20)).await;
        }
    })
}

#[tokio::test]
#[ignore = "needs the Debian package prometheus"]
async fn a_share_of_errors_is_none_before_there_are_five() {
    let between = Between::default();
    let platform = watched(&between).await;
    let scratch = Scratch::new("platform-few");
    let prometheus = scraped(&scratch, &platform, &between);
    let fail = async |calls| {
        assert_eq!(platform.post("backend", "/fault/failing", "").await.status, 200);
        for id in 0..calls {
            assert_eq!(platform.get("backend", &format!("/users/{id}")).await.status, 500);
        }
        assert_eq!(platform.send("backend", Method::DELETE, "/fault/failing", "").await.status, 200);
    };
    let has_judged = async || audit(&platform).await.iter().any(|it| it["measure"] == "error_ratio");
    let ratio = "sum(rate(http_requests_total{job=\"platform-backend\",status=~\"5..\"}[5s])) \
                 / sum(rate(http_requests_total{job=\"platform-backend\"}[5s]))";
    prometheus.becomes("up{job=\"platform-backend\"}", |up| up == 1.0).await;
    fail(2).await;
    prometheus.becomes(ratio, |ratio| ratio > 0.05).await;
    // As long as the failures are in the window, and longer.
    let rounds = analysed(&platform, "api", "completed").await;
    until("more rounds", async || analysed(&platform, "api", "completed").await >= rounds + 6.0).await;
    assert!(!has_judged().await, "{:?}", audit(&platform).await);

    fail(20).await;
    until("it is judged", has_judged).await;
}

#[tokio::test]
#[ignore = "needs the Debian package prometheus"]
async fn a_broken_backend_is_noticed_and_recovered_unless_the_policy_denies_it() {
    let between = Between::default();
    let platform = Arc::new(watched(&between).await);
    let scratch = Scratch::new("platform-loop");
    let prometheus = scraped(&scratch, &platform, &between);
    let ratio = "sum(rate(http_requests_total{job=\"platform-backend\",status=~\"5..\"}[5s])) \
                 / sum(rate(http_requests_total{job=\"platform-backend\"}[5s]))";
    let users = users(&platform);
    prometheus.becomes(ratio, |ratio| ratio == 0.0).await;
    assert_eq!(audit(&platform).await, Vec::<Value>::new(), "all is well");

    // Denied, so the executor is not asked, and it stays broken.
    let token = login(&platform).await;
    let denies = r#"{"denied": ["recover"]}"#;
    assert_eq!(with_token(&platform, &token, Method::PUT, "/policy", denies).await.status, 200);
    assert_eq!(platform.post("backend", "/fault/failing", "").await.status, 200);
    let of = async |decision: &str| {
        let audit = audit(&platform).await;
        audit.into_iter().find(|it| it["decision"] == decision && it["measure"] == "error_ratio")
    };
    until("it is denied", async || of("denied").await.is_some()).await;
    let denied = of("denied").await.unwrap();
    assert_eq!(denied["because"], "the policy denies it");
    assert_eq!((&denied["action"], &denied["target"]), (&json!("recover"), &json!("backend")));
    assert!(denied["severity"] == "high" || denied["severity"] == "critical", "{denied}");
    let page = platform.page("executor metrics").await;
    assert_eq!(page.sum("executor_policy_checks_total", &[]), 0.0, "nobody asked the executor");
    prometheus.becomes(ratio, |ratio| ratio > 0.9).await;

    // Allowed: it is recovered, and well again.
    assert_eq!(with_token(&platform, &token, Method::PUT, "/policy", r#"{"denied": []}"#).await.status, 200);
    until("it is done", async || of("done").await.is_some()).await;
    prometheus.becomes(ratio, |ratio| ratio == 0.0).await;
    let page = platform.page("executor metrics").await;
    assert!(page.sum("executor_actions_total", &[("status", "completed")]) >= 1.0);
    let page = platform.page("backend metrics").await;
    for decision in ["allowed", "denied"] {
        assert!(page.sum("policy_evaluations_total", &[("decision", decision)]) >= 1.0, "{decision}");
    }

    // One category fails: it is counted, and the others go on.
    let failed = analysed(&platform, "api", "error").await;
    between.change(|it| it.failing = Some("http_request"));
    until("it fails", async || analysed(&platform, "api", "error").await >= failed + 3.0).await;
    let done = async |category| analysed(&platform, category, "completed").await;
    let before = (done("infrastructure").await, done("ai_engine").await);
    assert_eq!(platform.post("engine", "/fault/slow", "").await.status, 200);
    until("the others go on", async || {
        done("infrastructure").await > before.0 + 2.0 && done("ai_engine").await > before.1 + 2.0
    })
    .await;
    until("and find what is wrong", async || {
        audit(&platform).await.iter().any(|it| it["category"] == "ai_engine" && it["decision"] == "done")
    })
    .await;
    users.abort();
}
