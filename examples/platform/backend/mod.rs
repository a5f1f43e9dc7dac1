//! The backend: sessions, users behind a cache, the policy that the engine asks, and what the executor mends it by.
//!
//! Its listener is for what runs in the house; whoever leads users to it leads them to `/sessions` and `/users` alone.

mod policy;
mod sessions;
mod users;

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::State,
    routing::{get, post, put},
};
use serde_json::{Value, json};
use tower::BoxError;
use tower_governor::{GovernorLayer, governor::GovernorConfigBuilder, key_extractor::GlobalKeyExtractor};
use tower_metrics::{RejectionLayer, exporter::Prometheus};

use self::{policy::Policy, sessions::Sessions, users::Users};
use crate::{
    faults::Faults,
    flags::Flags,
    promise,
    service::{Role, Service},
};

pub(crate) const ROLE: Role = Role {
    name: "backend",
    port: 3000,
    metrics_port: 9301,
    flags: &["--requests-per-second", "--session-lifetime"],
};

const ENDPOINTS: [(&str, &str); 7] = [
    ("POST", "/sessions"),
    ("DELETE", "/sessions"),
    ("GET", "/users/{id}"),
    ("POST", "/policy/evaluate"),
    ("PUT", "/policy"),
    ("POST", "/admin/recover"),
    ("POST", "/admin/clear_cache"),
];

struct Backend {
    sessions: Arc<Sessions>,
    users: Users,
    policy: Policy,
    faults: Faults,
}

pub(crate) async fn run(flags: &Flags) -> Result<(), BoxError> {
    let a_second = flags.count("--requests-per-second", "100")?;
    let lifetime = flags.time("--session-lifetime", "30m")?;
    let service = Service::start(&ROLE, promise::backend(), Prometheus::new(), flags).await?;

    let mut limit = GovernorConfigBuilder::default().key_extractor(GlobalKeyExtractor);
    let limit = limit.period(Duration::from_secs(1) / a_second).burst_size(2 * a_second).finish();
    let limiter = GovernorLayer::new(limit.expect("neither period nor burst is zero"));

    let faults = Faults::new(["failing", "flaky", "slow"]);
    let sessions = Sessions::lasting(lifetime);
    let users = Users::new(faults.clone());
    let backend = Arc::new(Backend { sessions, users, policy: Policy::new(), faults: faults.clone() });
    let app = Router::new()
        .route("/sessions", post(sessions::open).delete(sessions::close))
        .route("/users/{id}", get(users::read))
        // Around what users call alone: too many of them keep neither engine nor executor from what they have to do.
        .layer(RejectionLayer::new("api").http().around(limiter))
        .route("/policy/evaluate", post(policy::evaluate))
        .route("/policy", put(policy::change))
        .route("/admin/recover", post(recover))
        .route("/admin/clear_cache", post(clear_cache))
        .with_state(backend);
    service.serve(app, &ENDPOINTS, &faults).await
}

async fn recover(State(backend): State<Arc<Backend>>) -> Json<Value> {
    backend.faults.mend_all();
    Json(json!({ "recovered": true }))
}

async fn clear_cache(State(backend): State<Arc<Backend>>) -> Json<Value> {
    Json(json!({ "cleared": backend.users.clear_cache() }))
}
