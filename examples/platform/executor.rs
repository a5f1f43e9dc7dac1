//! The executor: does what was proposed, if it was not done too often, by calls of the target's API.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use serde_json::{Value, json};
use tokio::time::Instant;
use tower::BoxError;
use tower_metrics::{
    Operation, Outcome,
    exporter::Prometheus,
    metrics::{counter, describe_counter},
};

use crate::{
    action::{Action, Proposal, Report, Target},
    client::Api,
    faults::Faults,
    flags::Flags,
    promise,
    service::{Peers, Role, Service},
};

pub(crate) const ROLE: Role =
    Role { name: "executor", port: 4000, metrics_port: 9303, flags: &["--most-actions"] };

const ENDPOINTS: [(&str, &str); 1] = [("POST", "/actions")];

struct Executor {
    api: Api,
    peers: Peers,
    actions: Operation,
    faults: Faults,
    most: usize,
    /// When each action was last done to each target.
    done: Mutex<BTreeMap<(Action, Target), VecDeque<Instant>>>,
}

/// Shorter than that of whoever asks, who can then still be told what failed.
const PATIENCE: Duration = Duration::from_secs(3);

/// What helped is not needed again soon, and what did not help will not: people have to look.
const WINDOW: Duration = Duration::from_secs(600);

pub(crate) async fn run(flags: &Flags) -> Result<(), BoxError> {
    let most = flags.count("--most-actions", "3")? as usize;
    let service = Service::start(&ROLE, promise::executor(), Prometheus::new(), flags).await?;

    describe_counter!(
        "executor_policy_checks_total",
        "Actions judged by how often they were done, by decision."
    );
    ["allowed", "denied"].into_iter().for_each(|decision| checked(decision, 0));
    let actions = Operation::new("executor_action")
        .count_as("executor_actions_total")
        .outcome_label("status")
        .word(Outcome::Error, "failed")
        .expect_words(["completed", "failed", "denied"]);
    actions.initialize();
    let peers = service.peers.clone();
    let api = Api::of([&*peers.backend, &*peers.engine], PATIENCE)?;
    let faults = Faults::new(["failing"]);
    let executor =
        Arc::new(Executor { api, peers, actions, faults: faults.clone(), most, done: Mutex::default() });

    let app = Router::new().route("/actions", post(act)).with_state(executor);
    service.serve(app, &ENDPOINTS, &faults).await
}

/// `{"action": "recover", "target": "backend", "reason": "…"}`. An action that is denied or fails is a good answer all the
/// same: the executor did what it is for, and an alert of its own watches actions.
async fn act(
    State(executor): State<Arc<Executor>>,
    Json(proposal): Json<Proposal>,
) -> Result<Json<Report>, (StatusCode, &'static str)> {
    let Some(path) = proposal.action.path(proposal.target) else {
        return Err((
            StatusCode::UNPROCESSABLE_ENTITY,
            "clear_cache is for the backend, retrain for the engine\n",
        ));
    };
    let action = executor.actions.start();
    if let Err(reason) = executor.check(&proposal) {
        action.finish("denied");
        return Ok(Json(Report::Denied { reason }));
    }
    Ok(Json(match executor.carry_out(&proposal, path).await {
        Ok(()) => {
            action.complete();
            Report::Completed
        }
        Err(error) => {
            action.fail();
            Report::Failed { reason: error.to_string() }
        }
    }))
}

// ===== impl Executor =====

impl Executor {
    fn check(&self, proposal: &Proposal) -> Result<(), String> {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        let times = done.entry((proposal.action, proposal.target)).or_default();
        let now = Instant::now();
        while times.front().is_some_and(|time| now - *time > WINDOW) {
            times.pop_front();
        }
        if times.len() >= self.most {
            checked("denied", 1);
            return Err(format!("it was done {} times in {WINDOW:?}: somebody has to look", times.len()));
        }
        times.push_back(now);
        checked("allowed", 1);
        Ok(())
    }

    async fn carry_out(&self, proposal: &Proposal, path: &str) -> Result<(), BoxError> {
        if self.faults.has("failing") {
            return Err("it fails, as switched".into());
        }
        let server = match proposal.target {
            Target::Backend => &self.peers.backend,
            Target::Engine => &self.peers.engine,
        };
        self.api.post::<Value>(server, path, &json!({ "reason": proposal.reason })).await.map(drop)
    }
}

fn checked(decision: &'static str, times: u64) {
    counter!("executor_policy_checks_total", "decision" => decision).increment(times);
}
