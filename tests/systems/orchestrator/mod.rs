//! The orchestrator, as a program.

mod alerts;
mod breaker;
mod cost;
mod hostile;
mod operator;
mod reports;
mod websocket;

use http::Method;
use serde_json::{Value, json};

use crate::{
    exposition::Page,
    programs::Scratch,
    system::{Answer, System, until},
};

/// The address of the application.
const APP: &str = "orchestrator";

/// The orchestrator at work, with switches for its faults.
struct Orchestrator {
    system: System,
}

// ===== impl Orchestrator =====

impl Orchestrator {
    fn start(args: &[&str]) -> Self {
        let addresses = ["--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0", "--faults"];
        Self { system: System::start("orchestrator", &[&addresses, args].concat()) }
    }

    /// With an operator whose token is `sesame`.
    fn with_operator(scratch: &Scratch, args: &[&str]) -> Self {
        let token = scratch.write("token", "sesame\n");
        Self::start(&[&["--token-file", token.to_str().unwrap()], args].concat())
    }

    /// Has an agent do its task, which takes so many seconds.
    async fn run(&self, agent_type: &str, seconds: f64) -> u16 {
        let task = json!({ "repository": "website", "user": "ada", "seconds": seconds });
        self.ask(agent_type, &task).await.status
    }

    async fn ask(&self, agent_type: &str, task: &Value) -> Answer {
        self.system.post(APP, &format!("/agents/{agent_type}/run"), &task.to_string()).await
    }

    async fn break_it(&self, fault: &str) {
        let answer = self.system.post(APP, &format!("/fault/{fault}"), "").await;
        assert_eq!(answer.status, 204, "{answer:?}");
    }

    async fn mend_it(&self, fault: &str) {
        let answer = self.system.send(APP, Method::DELETE, &format!("/fault/{fault}"), "").await;
        assert_eq!(answer.status, 204, "{answer:?}");
    }

    async fn page(&self) -> Page {
        self.system.page("metrics").await
    }

    async fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.page().await.sum(name, labels)
    }

    /// The one state that the breaker of an agent is in.
    async fn state(&self, agent: &str) -> String {
        let page = self.page().await;
        let states = page.of("orchestrator_circuit_breaker_state");
        let states: Vec<_> =
            states.filter(|sample| sample.labels["agent"] == agent && sample.value == 1.0).collect();
        let [state] = states[..] else { panic!("{agent} is in {states:?}") };
        state.labels["state"].clone()
    }

    /// Waits until a metric is what it has to be.
    async fn until(&self, name: &str, labels: &[(&str, &str)], value: f64) {
        let what = format!("{name}{labels:?} is {value}");
        self.system.until("metrics", &what, |page| page.sum(name, labels) == value).await;
    }
}

/// Waits until the breaker of an agent is in this state.
async fn until_state(it: &Orchestrator, agent: &str, state: &str) {
    until(&format!("{agent} is {state}"), async || it.state(agent).await == state).await;
}

#[tokio::test]
async fn the_orchestrator_measures_what_the_guide_says() {
    let scratch = Scratch::new("orchestrator-guide");
    let it = Orchestrator::with_operator(&scratch, &["--refresh-interval", "0.1"]);
    let client = websocket::Client::connect(&it).await;
    assert_eq!(it.run("coder", 0.0).await, 200);
    it.break_it("token_refresh").await;
    it.break_it("secret_rotation").await;
    it.until("connections_open", &[("listener", "websocket")], 1.0).await;
    drop(client);
    it.until("connections_open", &[("listener", "websocket")], 0.0).await;
    crate::measured::is_as_the_guide_says("Agent orchestrator", &[&it.page().await]);
}
