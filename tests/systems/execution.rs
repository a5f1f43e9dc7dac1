//! The command execution backend: what it says while it works, and what it counts of that.

mod alerts;
mod refused;

use std::{path::Path, time::Duration};

use bytes::Bytes;
use futures_util::future::join_all;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::timeout};
use tower_metrics::dashboard::Dashboards;

use crate::{
    measured::is_as_the_guide_says,
    programs::{free_address, run},
    system::{System, until},
};

#[path = "../../examples/execution/promise.rs"]
mod promise;

/// The answer of an execution that goes on, read line by line.
struct Told {
    body: Incoming,
    read: Vec<u8>,
}

/// Where no test listens: a free port may be taken by the next one.
const NOBODY: &str = "127.0.0.1:1";

/// The backend, with a server that nobody reaches.
fn start() -> System {
    start_at("127.0.0.1:0", "127.0.0.1:0", NOBODY)
}

fn start_at(addr: &str, metrics_addr: &str, edge: &str) -> System {
    let tags = format!("local,edge={edge}");
    System::start("execution", &["--addr", addr, "--metrics-addr", metrics_addr, "--server-tags", &tags])
}

fn plan(agent_type: &str, server_tag: &str, command: &str, args: &[&str]) -> Value {
    let step = json!({ "command": command, "args": args, "timeout_seconds": 60 });
    json!({ "agent_type": agent_type, "server_tag": server_tag, "steps": [step] })
}

/// Runs a plan to its end, and returns its last line.
async fn ran(system: &System, plan: &Value) -> Value {
    let answer = system.post("execution", "/executions", &plan.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    serde_json::from_str(answer.text().lines().last().unwrap()).unwrap()
}

// ===== impl Told =====

impl Told {
    async fn begin(system: &System, plan: &Value) -> Self {
        let request = Request::post(format!("http://{}/executions", system.address("execution")))
            .header("content-type", "application/json")
            .body(Full::<Bytes>::from(plan.to_string()))
            .unwrap();
        let answer = system.client.request(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        Self { body: answer.into_body(), read: Vec::new() }
    }

    async fn line(&mut self) -> Value {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<_> = self.read.drain(..=end).collect();
                return serde_json::from_slice(&line).unwrap();
            }
            let frame = timeout(Duration::from_secs(20), self.body.frame()).await.expect("it says something");
            self.read.extend_from_slice(&frame.unwrap().unwrap().into_data().unwrap());
        }
    }

    /// The process of the next attempt, once it runs.
    async fn pid(&mut self) -> u64 {
        loop {
            if let Some(pid) = self.line().await["pid"].as_u64() {
                return pid;
            }
        }
    }
}

#[tokio::test]
async fn what_a_step_prints_is_told_while_the_next_one_runs() {
    let system = start();
    let steps = json!([{ "command": "echo", "args": ["a", "b"] }, { "command": "sleep", "args": ["30"] }]);
    let plan = json!({ "agent_type": "security", "server_tag": "local", "steps": steps });
    let mut told = Told::begin(&system, &plan).await;
    assert!(told.line().await["execution"].is_u64());
    told.pid().await;
    assert_eq!(told.line().await, json!({ "step": 0, "output": "a b" }));
    told.pid().await;
    let labels = [("agent_type", "security"), ("server_tag", "local")];
    let page = system.page("metrics").await;
    assert_eq!(page.sum("execution_in_flight", &labels), 1.0);
    assert_eq!(page.sum("execution_started_total", &labels), 1.0);
    assert_eq!(page.sum("execution_steps_total", &[("status", "success")]), 1.0);
}

#[tokio::test]
async fn a_caller_who_breaks_off_cancels_the_execution_and_kills_its_process() {
    let system = start();
    let mut told = Told::begin(&system, &plan("network", "local", "sleep", &["3600"])).await;
    let pid = told.pid().await;
    let process = format!("/proc/{pid}");
    assert!(Path::new(&process).exists());
    drop(told);

    system
        .until("metrics", "cancelled", |page| {
            let labels = [("agent_type", "network"), ("server_tag", "local"), ("status", "cancelled")];
            let given_up = [("endpoint", "/executions"), ("outcome", "body_dropped")];
            page.sum("execution_total", &labels) == 1.0
                && page.sum("execution_duration_seconds_count", &labels) == 1.0
                && page.sum("execution_in_flight", &[]) == 0.0
                && page.sum("execution_steps_total", &[("status", "cancelled")]) == 1.0
                && page.sum("http_requests_total", &given_up) == 1.0
                && page.sum("http_requests_in_flight", &[]) == 0.0
        })
        .await;
    until("the process is gone", async || !Path::new(&process).exists()).await;
    let past = system.get("execution", "/executions").await.json();
    assert_eq!(past[0]["status"], "cancelled");
    let id = &past[0]["execution"];
    assert_eq!(system.get("execution", &format!("/executions/{id}")).await.json(), past[0]);
}

#[tokio::test]
async fn each_error_has_its_type_and_only_what_may_pass_is_tried_again() {
    let system = start();
    let slow = json!({ "command": "sleep", "args": ["60"], "timeout_seconds": 1 });
    let slow = json!({ "agent_type": "database", "server_tag": "local", "steps": [slow] });
    let killed = async {
        let mut told = Told::begin(&system, &plan("security", "local", "sleep", &["60"])).await;
        for _ in 0..3 {
            let pid = told.pid().await;
            run("kill", &["-9", &pid.to_string()]).unwrap();
            assert_eq!(told.line().await["error"], "system_error");
        }
        told.line().await
    };
    let (edge, late, long, no, killed) = tokio::join!(
        async { ran(&system, &plan("network", "edge", "true", &[])).await },
        async { ran(&system, &slow).await },
        async { ran(&system, &plan("general", "local", "seq", &["100000"])).await },
        async { ran(&system, &plan("general", "local", "false", &[])).await },
        killed,
    );
    for last in [edge, late, long, no, killed] {
        assert_eq!(last["status"], "failed", "{last}");
    }
    let refused =
        system.post("execution", "/executions", &plan("general", "local", "rm", &[]).to_string()).await;
    assert_eq!(refused.status, 403);

    let page = system.page("metrics").await;
    let errors = |agent: &str, error: &str| {
        page.sum("execution_errors_total", &[("agent_type", agent), ("error_type", error)])
    };
    assert_eq!(errors("network", "connection_error"), 3.0);
    assert_eq!(errors("security", "system_error"), 3.0);
    assert_eq!(errors("database", "timeout"), 1.0);
    assert_eq!(errors("general", "output_limit"), 1.0);
    assert_eq!(errors("general", "command_failed"), 1.0);
    assert_eq!(errors("general", "not_allowed"), 1.0);
    assert_eq!(page.sum("execution_errors_total", &[]), 10.0);
    assert_eq!(page.of("execution_errors_total").count(), 24, "all of them stand at zero from the beginning");
    for (policy, tried_again, gave_up) in
        [("network", 2.0, 1.0), ("security", 2.0, 1.0), ("database", 0.0, 0.0), ("general", 0.0, 0.0)]
    {
        let result = |result| page.sum("retry_attempts_total", &[("policy", policy), ("result", result)]);
        assert_eq!((result("retried"), result("gave_up")), (tried_again, gave_up), "{policy}");
    }
    assert_eq!(page.sum("execution_total", &[("status", "failed")]), 5.0);
    assert_eq!(page.sum("execution_steps_total", &[("status", "failed")]), 5.0);
}

#[tokio::test]
async fn a_server_that_comes_back_is_healed_and_the_step_is_a_success() {
    let edge = free_address();
    let system = start_at("127.0.0.1:0", "127.0.0.1:0", &edge);
    let mut told = Told::begin(&system, &plan("network", "edge", "true", &[])).await;
    told.line().await;
    assert_eq!(told.line().await["error"], "connection_error");
    let _edge = TcpListener::bind(&edge).await.unwrap();
    told.pid().await;
    assert_eq!(told.line().await["status"], "success");
    let page = system.page("metrics").await;
    let result = |result| page.sum("retry_attempts_total", &[("policy", "network"), ("result", result)]);
    assert_eq!((result("recovered"), result("gave_up")), (1.0, 0.0));
    assert_eq!(page.sum("execution_steps_total", &[("status", "success")]), 1.0);
    assert_eq!(page.sum("execution_steps_total", &[]), 1.0, "attempts are no steps");
}

#[tokio::test]
async fn all_that_began_has_ended_or_goes_on() {
    let system = start();
    let sleeper = plan("general", "local", "sleep", &["3600"]);
    let mut kept = join_all((0..4).map(|_| Told::begin(&system, &sleeper))).await;
    for command in ["true", "false", "date", "true", "false"] {
        join_all((0..6).map(|_| async { ran(&system, &plan("database", "local", command, &[])).await }))
            .await;
        drop(join_all((0..3).map(|_| Told::begin(&system, &sleeper))).await);
        // What was given up leaves its slot once the server has heard of it.
        system.until("metrics", "four go on", |page| page.sum("execution_in_flight", &[]) == 4.0).await;
        let page = system.page("metrics").await;
        assert_eq!(page.sum("execution_started_total", &[]), page.sum("execution_total", &[]) + 4.0);
    }
    let page = system.page("metrics").await;
    let ended = |status| page.sum("execution_total", &[("status", status)]);
    assert_eq!((ended("success"), ended("failed"), ended("cancelled")), (18.0, 12.0, 15.0));
    kept.clear();
    system.until("metrics", "none goes on", |page| page.sum("execution_in_flight", &[]) == 0.0).await;
    let page = system.page("metrics").await;
    assert_eq!(page.sum("execution_started_total", &[]), page.sum("execution_total", &[]));
    assert_eq!(page.sum("http_requests_in_flight", &[]), 0.0);
}

/// Makes everything happen once.
async fn everything(system: &System) {
    for agent in ["general", "network", "database", "security"] {
        ran(system, &plan(agent, "local", "true", &[])).await;
    }
    ran(system, &plan("network", "edge", "true", &[])).await;
    ran(system, &plan("general", "local", "false", &[])).await;
    system.get("execution", "/executions").await;
    system.get("execution", "/executions/0").await;
}

#[tokio::test]
async fn it_measures_what_the_guide_lists() {
    let system = start();
    everything(&system).await;
    is_as_the_guide_says("Command execution backend", &[&system.page("metrics").await]);
}

#[tokio::test]
async fn what_its_board_shows_is_exported() {
    let system = start();
    everything(&system).await;
    let page = system.page("metrics").await;
    for metric in promise::BOARD {
        let count = format!("{}_count", metric.name());
        let mut samples = page.samples.iter().filter(|it| it.name == metric.name() || it.name == count);
        let is_there = samples.any(|it| metric.labels().iter().all(|label| it.labels.contains_key(*label)));
        assert!(is_there, "{metric:?}");
    }
    let boards = promise::boards(Dashboards::new(&promise::promises())).all();
    assert_eq!(boards.last().unwrap().title(), "Executions");
}
