//! The policy: which actions the house allows.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use serde::{Deserialize, Serialize};
use tower_metrics::metrics::{counter, describe_counter};

use super::Backend;
use crate::action::{Action, Proposal, Verdict};

/// All is allowed but what is denied.
pub(super) struct Policy {
    rules: Mutex<Rules>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rules {
    denied: BTreeSet<Action>,
}

pub(super) async fn evaluate(
    State(backend): State<Arc<Backend>>,
    Json(proposal): Json<Proposal>,
) -> Json<Verdict> {
    Json(backend.policy.verdict(&proposal))
}

/// `{"denied": ["recover"]}` takes the place of the policy before. Whoever changes it is logged in.
pub(super) async fn change(
    State(backend): State<Arc<Backend>>,
    headers: HeaderMap,
    Json(rules): Json<Rules>,
) -> Result<Json<Rules>, (StatusCode, &'static str)> {
    backend.sessions.of(&headers)?;
    backend.policy.rules.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&rules);
    Ok(Json(rules))
}

// ===== impl Policy =====

impl Policy {
    pub(super) fn new() -> Self {
        describe_counter!(
            "policy_evaluations_total",
            "Actions that the policy was asked about, by decision."
        );
        ["allowed", "denied"].into_iter().for_each(|decision| decided(decision, 0));
        Self { rules: Mutex::default() }
    }

    fn verdict(&self, proposal: &Proposal) -> Verdict {
        let rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let is_denied = rules.denied.contains(&proposal.action);
        decided(if is_denied { "denied" } else { "allowed" }, 1);
        match is_denied {
            true => Verdict::Denied { reason: "the policy denies it".into() },
            false => Verdict::Allowed,
        }
    }
}

fn decided(decision: &'static str, times: u64) {
    counter!("policy_evaluations_total", "decision" => decision).increment(times);
}
