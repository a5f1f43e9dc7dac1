//! The engine: predicts incidents from features, is told how right it was, and watches the platform's last hour.

mod anomalies;
mod audit;
mod history;
mod measures;
mod model;
mod watch;

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{task::spawn_blocking, time::sleep};
use tower::BoxError;
use tower_metrics::exporter::Prometheus;

use self::{
    audit::{Audit, Entry},
    history::History,
    model::{FEATURES, Model, Prediction},
    watch::Watch,
};
use crate::{
    client::Api,
    faults::Faults,
    flags::Flags,
    promise,
    service::{Role, Service},
};

pub(crate) const ROLE: Role =
    Role { name: "engine", port: 8000, metrics_port: 9302, flags: &["--prometheus", "--every", "--last"] };

const ENDPOINTS: [(&str, &str); 5] = [
    ("POST", "/predict"),
    ("POST", "/feedback"),
    ("POST", "/admin/retrain"),
    ("POST", "/admin/recover"),
    ("GET", "/audit"),
];

struct Engine {
    model: Model,
    audit: Arc<Audit>,
    faults: Faults,
}

#[derive(Deserialize)]
struct Features {
    features: [f64; FEATURES],
}

#[derive(Deserialize)]
struct Feedback {
    id: u64,
    was_incident: bool,
}

type Refused = (StatusCode, String);

pub(crate) async fn run(flags: &Flags) -> Result<(), BoxError> {
    let every = flags.time("--every", "5m")?;
    let last = flags.time("--last", "1h")?;
    let prometheus = flags.parsed("--prometheus", "http://127.0.0.1:9090", "http://HOST:PORT", |text| {
        Url::parse(text).ok().filter(|url| url.scheme() == "http" && url.has_host())
    })?;
    let exporter = Prometheus::new().bounds(model::CONFIDENCE, &model::CONFIDENCE_BOUNDS);
    let service = Service::start(&ROLE, promise::engine(), exporter, flags).await?;

    let peers = service.peers.clone();
    let history = format!(
        "{}:{}",
        prometheus.host_str().expect("it has one"),
        prometheus.port_or_known_default().expect("http has one")
    );
    let api = Api::of([&*history, &*peers.backend, &*peers.executor], Duration::from_secs(5))?;
    let history = History::new(api.clone(), prometheus, last);
    let audit = Arc::new(Audit::default());
    Arc::new(Watch::new(history, api, peers, Arc::clone(&audit))).start(every);

    let faults = Faults::new(["slow"]);
    let engine = Arc::new(Engine { model: Model::new(), audit, faults: faults.clone() });
    let app = Router::new()
        .route("/predict", post(predict))
        .route("/feedback", post(feedback))
        .route("/admin/retrain", post(retrain))
        .route("/admin/recover", post(recover))
        .route("/audit", get(audited))
        .with_state(engine);
    service.serve(app, &ENDPOINTS, &faults).await
}

/// `{"features": [0.02, 0.4, 0.7, 0.6]}`: errors, saturation, CPU and memory, as shares.
async fn predict(
    State(engine): State<Arc<Engine>>,
    Json(Features { features }): Json<Features>,
) -> Result<Json<Prediction>, Refused> {
    if let Some(wrong) = features.iter().find(|it| !(0.0..=1.0).contains(*it)) {
        let message = format!("{wrong} is no share: give {FEATURES} numbers between 0 and 1\n");
        return Err((StatusCode::UNPROCESSABLE_ENTITY, message));
    }
    let inference = async {
        if engine.faults.has("slow") {
            sleep(Duration::from_millis(2_500)).await;
        }
        engine.model.predict(features)
    };
    Ok(Json(engine.model.inference.instrument(inference).await))
}

/// `{"id": 7, "was_incident": true}`: what came of what was predicted.
async fn feedback(
    State(engine): State<Arc<Engine>>,
    Json(Feedback { id, was_incident }): Json<Feedback>,
) -> Result<Json<Value>, Refused> {
    let is_right = engine.model.learn(id, was_incident);
    let is_right = is_right
        .ok_or_else(|| (StatusCode::NOT_FOUND, format!("no prediction {id} waits for feedback\n")))?;
    Ok(Json(json!({ "was_right": is_right })))
}

async fn retrain(State(engine): State<Arc<Engine>>) -> Result<Json<Value>, Refused> {
    let retraining = spawn_blocking(move || engine.model.retrain());
    let examples = retraining
        .await
        .expect("learning does not panic")
        .map_err(|reason| (StatusCode::CONFLICT, reason))?;
    Ok(Json(json!({ "examples": examples })))
}

async fn recover(State(engine): State<Arc<Engine>>) -> Json<Value> {
    engine.faults.mend_all();
    Json(json!({ "recovered": true }))
}

async fn audited(State(engine): State<Arc<Engine>>) -> Json<Vec<Entry>> {
    Json(engine.audit.entries())
}
