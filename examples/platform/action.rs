//! What the services say to each other about an action: it is proposed, judged, and reported of.

use serde::{Deserialize, Serialize};

/// What can be done about an anomaly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    /// Gives up what the service does wrong.
    Recover,
    /// Gives back the memory of the backend's cache.
    ClearCache,
    /// Lets the model learn from what was said about its predictions.
    Retrain,
}

/// A service that something can be done to. Who acts is none: its alerts tell people of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    Backend,
    Engine,
}

/// What the engine proposes: to the policy first, then to the executor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Proposal {
    pub(crate) action: Action,
    pub(crate) target: Target,
    pub(crate) reason: String,
}

/// What the policy says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub(crate) enum Verdict {
    Allowed,
    Denied { reason: String },
}

/// What came of an action.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub(crate) enum Report {
    Completed,
    Failed { reason: String },
    Denied { reason: String },
}

// ===== impl Action =====

impl Action {
    /// Where the target is asked for it; nowhere if it cannot do that.
    pub(crate) fn path(self, target: Target) -> Option<&'static str> {
        match (self, target) {
            (Self::Recover, Target::Backend | Target::Engine) => Some("/admin/recover"),
            (Self::ClearCache, Target::Backend) => Some("/admin/clear_cache"),
            (Self::Retrain, Target::Engine) => Some("/admin/retrain"),
            (Self::ClearCache, Target::Engine) | (Self::Retrain, Target::Backend) => None,
        }
    }
}
