//! What can be made to fail, for demonstrations and tests.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::agents::AGENTS;

/// Switches, each with the name of what fails while it is on. Clones are of the same ones.
#[derive(Clone)]
pub(crate) struct Faults {
    switches: Arc<BTreeMap<&'static str, AtomicBool>>,
}

// ===== impl Faults =====

impl Faults {
    /// All that can fail, and nothing that does.
    pub(crate) fn new() -> Self {
        let names = AGENTS.into_iter().chain(["panic", "token_refresh", "secret_rotation"]);
        Self { switches: Arc::new(names.map(|name| (name, AtomicBool::new(false))).collect()) }
    }

    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.switches.get(name).is_some_and(|switch| switch.load(Ordering::Relaxed))
    }

    /// Switches one, if there is such a switch.
    pub(crate) fn switch(&self, name: &str, is_on: bool) -> Option<()> {
        self.switches.get(name).map(|switch| switch.store(is_on, Ordering::Relaxed))
    }

    pub(crate) fn names(&self) -> String {
        self.switches.keys().copied().collect::<Vec<_>>().join(", ")
    }
}
