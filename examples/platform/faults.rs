//! Faults for demonstrations, switched over HTTP: `POST /fault/NAME` breaks, `DELETE /fault/NAME` mends.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    Router,
    extract::{Path, State},
    http::{Method, StatusCode},
    routing::post,
};

/// The faults that a service can have, and those that it has.
#[derive(Clone, Debug)]
pub(crate) struct Faults(Arc<[(&'static str, AtomicBool)]>);

// ===== impl Faults =====

impl Faults {
    pub(crate) fn new<const N: usize>(names: [&'static str; N]) -> Self {
        Self(names.map(|name| (name, AtomicBool::new(false))).into_iter().collect())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(it, is_on)| *it == name && is_on.load(Ordering::Relaxed))
    }

    pub(crate) fn mend_all(&self) {
        self.0.iter().for_each(|(_, is_on)| is_on.store(false, Ordering::Relaxed));
    }

    pub(crate) fn routes(&self) -> Router {
        let route = post(switch).delete(switch);
        Router::new().route("/fault/{name}", route).with_state(self.clone())
    }
}

async fn switch(
    method: Method,
    State(Faults(faults)): State<Faults>,
    Path(name): Path<String>,
) -> (StatusCode, String) {
    let Some((_, is_on)) = faults.iter().find(|(it, _)| *it == name) else {
        let names: Vec<_> = faults.iter().map(|(name, _)| *name).collect();
        return (StatusCode::NOT_FOUND, format!("there is no such fault, there are {}\n", names.join(", ")));
    };
    is_on.store(method == Method::POST, Ordering::Relaxed);
    (StatusCode::OK, String::new())
}
