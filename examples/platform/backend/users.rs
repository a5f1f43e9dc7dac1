//! Users: a cache in front of what stands for a database.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Serialize;
use tokio::time::sleep;
use tower_metrics::{
    Operation,
    metrics::{counter, describe_counter},
};

use super::Backend;
use crate::faults::Faults;

pub(super) struct Users {
    cache: Mutex<Cache>,
    query: Operation<1>,
    queries: AtomicU64,
    faults: Faults,
}

/// The users that were read last.
#[derive(Default)]
struct Cache {
    users: HashMap<u64, User>,
    order: VecDeque<u64>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct User {
    id: u64,
    name: &'static str,
}

struct Broken;

/// How many users there are, and how many of them the cache holds.
const USERS: u64 = 1_000_000;
const CACHED: usize = 1_000;

/// Of how many queries a flaky database fails one.
const FLAKY: u64 = 50;

pub(super) async fn read(
    State(backend): State<Arc<Backend>>,
    Path(id): Path<u64>,
) -> Result<Json<User>, (StatusCode, String)> {
    match backend.users.find(id).await {
        Ok(Some(user)) => Ok(Json(user)),
        Ok(None) => Err((StatusCode::NOT_FOUND, format!("there are users from 1 to {USERS}\n"))),
        Err(Broken) => Err((StatusCode::INTERNAL_SERVER_ERROR, "the database fails\n".into())),
    }
}

// ===== impl Users =====

impl Users {
    pub(super) fn new(faults: Faults) -> Self {
        describe_counter!("cache_requests_total", "Look-ups in a cache, by result.");
        ["hit", "miss"].into_iter().for_each(|result| looked_up(result, 0));
        let query =
            Operation::new("db_query").labels(["query_type"]).in_flight_limit(100).oldest_start_timestamp();
        query.initialize_with(["user_by_id"]);
        Self { cache: Mutex::default(), query, queries: AtomicU64::new(0), faults }
    }

    async fn find(&self, id: u64) -> Result<Option<User>, Broken> {
        let cached = self.cache().users.get(&id).cloned();
        looked_up(if cached.is_some() { "hit" } else { "miss" }, 1);
        if cached.is_some() {
            return Ok(cached);
        }
        let found = self.query.try_instrument_with(["user_by_id"], self.query(id)).await?;
        // Whoever asks for what is not there does not drive out what is.
        if let Some(user) = &found {
            self.cache().keep(user.clone());
        }
        Ok(found)
    }

    pub(super) fn clear_cache(&self) -> usize {
        std::mem::take(&mut *self.cache()).users.len()
    }

    async fn query(&self, id: u64) -> Result<Option<User>, Broken> {
        let number = self.queries.fetch_add(1, Ordering::Relaxed);
        if self.faults.has("slow") {
            sleep(Duration::from_secs(3)).await;
        }
        if self.faults.has("failing") || (self.faults.has("flaky") && number % FLAKY == 0) {
            return Err(Broken);
        }
        Ok((1..=USERS).contains(&id).then_some(User { id, name: if id % 2 == 0 { "Ada" } else { "Grace" } }))
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn looked_up(result: &'static str, times: u64) {
    counter!("cache_requests_total", "cache" => "users", "result" => result).increment(times);
}

// ===== impl Cache =====

impl Cache {
    fn keep(&mut self, user: User) {
        let id = user.id;
        if self.users.insert(id, user).is_none() {
            self.order.push_back(id);
        }
        if self.order.len() > CACHED {
            self.order.pop_front().map(|oldest| self.users.remove(&oldest));
        }
    }
}
