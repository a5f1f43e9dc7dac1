//! The executions that ended: the last thousand of them.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::{Value, json};
use tower_metrics::Operation;

use crate::plan::AgentType;

/// What stands for a database. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    past: Arc<Mutex<VecDeque<(u64, Value)>>>,
    next_id: Arc<AtomicU64>,
    query: Operation<1>,
}

/// An execution that goes on. It is stored when it is dropped, so also when its caller gives up.
#[derive(Debug)]
pub(crate) struct Record {
    id: u64,
    agent_type: AgentType,
    server_tag: String,
    steps_done: usize,
    status: &'static str,
    store: Store,
}

const MOST: usize = 1_000;

const LISTED: usize = 50;

// ===== impl Store =====

impl Store {
    pub(crate) fn new() -> Self {
        let query = Operation::new("db_query").labels(["query_type"]);
        for query_type in ["list", "select", "insert"] {
            query.initialize_with([query_type]);
        }
        Self { past: Arc::default(), next_id: Arc::default(), query }
    }

    /// The last ones, the newest first.
    pub(crate) fn list(&self) -> Vec<Value> {
        self.query.run_with(["list"], || {
            self.past().iter().rev().take(LISTED).map(|(_, record)| record.clone()).collect()
        })
    }

    pub(crate) fn get(&self, id: u64) -> Option<Value> {
        self.query.run_with(["select"], || {
            self.past().iter().find(|(it, _)| *it == id).map(|(_, record)| record.clone())
        })
    }

    fn insert(&self, id: u64, record: Value) {
        self.query.run_with(["insert"], || {
            let mut past = self.past();
            past.push_back((id, record));
            if past.len() > MOST {
                past.pop_front();
            }
        });
    }

    fn past(&self) -> MutexGuard<'_, VecDeque<(u64, Value)>> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// ===== impl Record =====

impl Record {
    pub(crate) fn begun(store: &Store, agent_type: AgentType, server_tag: String) -> Self {
        let id = store.next_id.fetch_add(1, Ordering::Relaxed);
        Self { id, agent_type, server_tag, steps_done: 0, status: "cancelled", store: store.clone() }
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn step_done(&mut self) {
        self.steps_done += 1;
    }

    /// Stores it, and returns what is stored.
    pub(crate) fn end(mut self, status: &'static str) -> Value {
        self.status = status;
        self.to_json()
    }

    fn to_json(&self) -> Value {
        json!({
            "execution": self.id,
            "agent_type": self.agent_type.as_str(),
            "server_tag": self.server_tag,
            "steps_done": self.steps_done,
            "status": self.status,
        })
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.store.insert(self.id, self.to_json());
    }
}
