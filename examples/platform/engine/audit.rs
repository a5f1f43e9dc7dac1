//! The audit: what was decided about anomalies, and what came of it. The newest thousand are kept.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::UNIX_EPOCH,
};

use serde::Serialize;

use super::anomalies::Anomaly;
use crate::action::Proposal;

#[derive(Default)]
pub(super) struct Audit {
    entries: Mutex<VecDeque<Entry>>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Entry {
    /// Seconds since 1970.
    at: u64,
    #[serde(flatten)]
    anomaly: Anomaly,
    #[serde(flatten)]
    proposal: Proposal,
    #[serde(flatten)]
    decision: Decision,
}

#[derive(Clone, Debug, Serialize)]
#[serde(tag = "decision", content = "because", rename_all = "snake_case")]
pub(super) enum Decision {
    /// The executor did it.
    Done,
    /// The policy denied it, or the executor did.
    Denied(String),
    /// The executor could not do it, or could not be reached.
    Failed(String),
    /// The policy could not be asked, so nothing was done.
    Undecided(String),
}

const KEPT: usize = 1_000;

// ===== impl Audit =====

impl Audit {
    pub(super) fn add(&self, anomaly: Anomaly, proposal: Proposal, decision: Decision) {
        let at = UNIX_EPOCH.elapsed().expect("1970 is over").as_secs();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.push_back(Entry { at, anomaly, proposal, decision });
        if entries.len() > KEPT {
            entries.pop_front();
        }
    }

    /// In their order.
    pub(super) fn entries(&self) -> Vec<Entry> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
