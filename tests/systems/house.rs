//! The four systems together, called all the time in every way that they know.

use std::{sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use http::Method;
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::sleep};
use tokio_tungstenite::{connect_async, tungstenite::Message};

use crate::{
    programs::{Scratch, free_address},
    system::System,
    watched::Job,
};

/// The systems, until they are dropped.
pub(crate) struct House {
    platform: Arc<System>,
    orchestrator: Arc<System>,
    execution: Arc<System>,
    new_service: Arc<System>,
    _load: JoinSet<()>,
}

/// Where and how, and with what.
type Call = (&'static str, Method, &'static str, String);

// ===== impl House =====

impl House {
    pub(crate) fn start(scratch: &Scratch) -> Self {
        let free = ["--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0"];
        let flags: Vec<_> = ["backend", "engine", "executor"]
            .iter()
            .flat_map(|name| [format!("--{name}-addr"), format!("--{name}-metrics-addr")])
            .collect();
        let addresses: Vec<_> = flags.iter().flat_map(|flag| [&**flag, "127.0.0.1:0"]).collect();
        let data = scratch.path("data").display().to_string();
        let tags = format!("local,edge={}", free_address());
        let platform = System::start("platform", &[&addresses, &["--faults"][..]].concat());
        let orchestrator = System::start(
            "orchestrator",
            &[&free[..], &["--faults", "--refresh-interval", "1", "--rotation-interval", "1"]].concat(),
        );
        let execution = System::start("execution", &[&free[..], &["--server-tags", &tags]].concat());
        let new_service = System::start("new_service", &[&free[..], &["--data", &data]].concat());
        let [platform, orchestrator, execution, new_service] =
            [platform, orchestrator, execution, new_service].map(Arc::new);
        let mut load = JoinSet::new();
        load.spawn(calls(platform.clone(), of_the_platform()));
        load.spawn(calls(orchestrator.clone(), of_the_orchestrator()));
        load.spawn(calls(execution.clone(), of_the_execution()));
        load.spawn(calls(new_service.clone(), of_the_new_service()));
        load.spawn(hear(orchestrator.clone()));
        Self { platform, orchestrator, execution, new_service, _load: load }
    }

    /// What Prometheus scrapes.
    pub(crate) fn jobs(&self) -> Vec<Job<'_>> {
        [
            ("platform-backend", &self.platform, "backend metrics"),
            ("platform-engine", &self.platform, "engine metrics"),
            ("platform-executor", &self.platform, "executor metrics"),
            ("orchestrator", &self.orchestrator, "metrics"),
            ("execution", &self.execution, "metrics"),
            ("new-service", &self.new_service, "metrics"),
        ]
        .map(|(job, system, name)| (job, vec![system.address(name)], Vec::new()))
        .into()
    }
}

/// One call after the other, for ever.
async fn calls(system: Arc<System>, calls: Vec<Call>) {
    let mut of_one = JoinSet::new();
    for (name, method, path, body) in calls {
        let system = system.clone();
        of_one.spawn(async move {
            loop {
                system.send(name, method.clone(), path, &body).await;
                sleep(Duration::from_millis(150)).await;
            }
        });
    }
    of_one.join_all().await;
}

fn of_the_platform() -> Vec<Call> {
    let features = json!({ "features": [0.1, 0.2, 0.3, 0.4] }).to_string();
    let action =
        |target: &str| json!({ "action": "recover", "target": target, "reason": "a test" }).to_string();
    let login = |user: &str| json!({ "user": user, "password": "analytical" }).to_string();
    vec![
        ("backend", Method::POST, "/sessions", login("ada")),
        ("backend", Method::POST, "/sessions", login("eve")),
        ("backend", Method::GET, "/users/7", String::new()),
        ("backend", Method::GET, "/users/8", String::new()),
        ("backend", Method::GET, "/nowhere", String::new()),
        ("backend", Method::POST, "/policy/evaluate", action("backend")),
        ("engine", Method::POST, "/predict", features),
        ("engine", Method::POST, "/feedback", json!({ "id": 1, "was_incident": false }).to_string()),
        ("executor", Method::POST, "/actions", action("backend")),
        ("executor", Method::POST, "/actions", action("nobody")),
    ]
}

fn of_the_orchestrator() -> Vec<Call> {
    let task = json!({ "repository": "website", "user": "ada", "seconds": 0.02, "tokens": 1 }).to_string();
    let run = |path| ("orchestrator", Method::POST, path, task.clone());
    vec![run("/agents/coder/run"), run("/agents/planner/run"), run("/agents/nobody/run")]
}

fn of_the_execution() -> Vec<Call> {
    let plan = |agent_type: &str, server: &str, command: &str| {
        let step = json!({ "command": command, "args": [] });
        json!({ "agent_type": agent_type, "server_tag": server, "steps": [step] }).to_string()
    };
    let execute = |plan| ("execution", Method::POST, "/executions", plan);
    vec![
        execute(plan("general", "local", "true")),
        execute(plan("network", "local", "false")),
        execute(plan("database", "edge", "true")),
        ("execution", Method::GET, "/executions", String::new()),
    ]
}

fn of_the_new_service() -> Vec<Call> {
    vec![
        ("new-service", Method::PUT, "/items/7", "Ada".into()),
        ("new-service", Method::GET, "/items/7", String::new()),
        ("new-service", Method::GET, "/items/8", String::new()),
        ("new-service", Method::GET, "/health", String::new()),
    ]
}

/// Hears of what agents do, and acknowledges it; leaves after some events, and comes back.
async fn hear(orchestrator: Arc<System>) {
    let uri = format!("ws://{}/ws", orchestrator.address("orchestrator"));
    loop {
        let (mut socket, _) = connect_async(&uri).await.unwrap();
        for _ in 0..20 {
            let event = socket.next().await.unwrap().unwrap();
            let event: Value = serde_json::from_str(event.to_text().unwrap()).unwrap();
            socket.send(Message::text(event["id"].to_string())).await.unwrap();
        }
    }
}
