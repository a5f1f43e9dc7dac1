//! An orchestrator of agents: it has them work, behind circuit breakers, tells of it over websockets, keeps its credentials
//! fresh, and knows what all of it costs.
//!
//! ```text
//! cargo run --example orchestrator -- [--addr HOST:PORT] [--metrics-addr HOST:PORT] [--agent-timeout SECONDS]
//!     [--breaker-pause SECONDS] [--refresh-interval SECONDS] [--rotation-interval SECONDS] [--token-file FILE] [--faults]
//! ```
//!
//! With `--faults`, `POST /fault/coder` makes an agent fail and `DELETE /fault/coder` mends it; `panic` has all
//! of them panic, and `token_refresh` and `secret_rotation` can fail too. See how the alerts of `promise.rs` tell of that.

mod agents;
mod breaker;
mod faults;
mod operator;
mod page;
mod promise;
mod reports;
mod security;
mod settings;
mod websocket;

use std::{env, error::Error, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, State, WebSocketUpgrade},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tokio::{
    net::TcpListener,
    signal::{self, unix},
};
use tower::BoxError;
use tower_http::catch_panic::CatchPanicLayer;
use tower_metrics::{
    HttpMetricsLayer, exporter,
    metrics::{describe_counter, describe_gauge, describe_histogram},
    names::{Kind, Metric},
};

use crate::{
    agents::{Agents, Task},
    breaker::Open,
    faults::Faults,
    operator::Operator,
    settings::Settings,
    websocket::Hub,
};

const ENDPOINTS: [(&str, &str); 5] = [
    ("POST", "/agents/{agent_type}/run"),
    ("GET", "/ws"),
    ("GET", "/metrics/categories"),
    ("GET", "/metrics/summary"),
    ("POST", "/breakers/{agent}/reset"),
];

/// What all handlers share.
struct Orchestrator {
    agents: Agents,
    hub: Arc<Hub>,
    operator: Operator,
    faults: Faults,
    metrics: exporter::Handle,
}

type App = Arc<Orchestrator>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::new(env::args().skip(1))?;

    let sla = promise::promise();
    let metrics = exporter::Prometheus::new()
        .sla(&sla)
        .bounds(promise::EXECUTION_DURATION.name(), &promise::EXECUTION_BOUNDS)
        .process()
        .page()
        .serve(&settings.metrics_addr)
        .await?;

    // Nobody is refused above it: it says where the alert on saturation begins.
    let layer = HttpMetricsLayer::axum()
        .endpoints(ENDPOINTS)
        .sla(&sla)
        .in_flight_limit(1_000)
        .oldest_start_timestamp();
    layer.initialize();
    let faults = Faults::new();
    let app = Arc::new(Orchestrator {
        agents: Agents::new(settings.agent_timeout, settings.breaker_pause, &faults),
        hub: Arc::new(Hub::new()),
        operator: Operator::new(settings.token_file.as_deref())?,
        faults: faults.clone(),
        metrics: metrics.clone(),
    });
    security::keep("token_refresh", settings.refresh_interval, &faults);
    security::keep("secret_rotation", settings.rotation_interval, &faults);
    promise::categories().iter().flat_map(|category| &category.metrics).for_each(describe);
    // All that the promise needs is exported, with its bounds; what is not would be said here.
    sla.check(&metrics.render())?.complete()?;

    let listener = TcpListener::bind(&settings.addr)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", settings.addr))?;
    let (addr, metrics_addr) = (listener.local_addr()?, metrics.local_addr().expect("it was served"));
    println!("orchestrator  http://{addr}");
    println!("metrics       http://{metrics_addr}/metrics");
    println!(
        "ready         try: curl -X POST http://{addr}/agents/coder/run --json '{{\"repository\": \"website\", \"user\": \"ada\"}}'"
    );

    let app = routes(settings.has_faults)
        .layer(layer)
        // Outside, so that the panic passes the metrics before it becomes the 500 that they already tell.
        .layer(CatchPanicLayer::new())
        .with_state(app);
    axum::serve(listener, app).with_graceful_shutdown(terminated()).await?;
    Ok(())
}

fn routes(has_faults: bool) -> Router<App> {
    let routes = Router::new()
        .route("/agents/{agent_type}/run", post(run))
        .route("/ws", get(listen))
        .route("/metrics/categories", get(reports::list))
        .route("/metrics/summary", get(reports::summarise))
        .route("/breakers/{agent}/reset", post(operator::reset));
    match has_faults {
        true => routes.route("/fault/{name}", post(break_it).delete(mend_it)),
        false => routes,
    }
}

async fn run(State(app): State<App>, Path(agent_type): Path<String>, Json(task): Json<Task>) -> Response {
    if let Err(wrong) = task.check() {
        return (StatusCode::UNPROCESSABLE_ENTITY, wrong).into_response();
    }
    let Some((agent_type, work)) = app.agents.run(&agent_type, task) else {
        return operator::unknown_agent();
    };
    app.hub.tell(agent_type, "started");
    let result = work.await;
    app.hub.tell(agent_type, agents::outcome(result.as_ref()));
    result.map_or_else(|error| failed(&error), |report| Json(report).into_response())
}

fn failed(error: &BoxError) -> Response {
    let text = format!("{error}\n");
    match error.downcast_ref::<Open>() {
        Some(open) => {
            let seconds = open.retry_after.as_secs_f64().ceil().to_string();
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, seconds)], text).into_response()
        }
        None if agents::outcome(Err::<(), _>(error)) == "timeout" => {
            (StatusCode::GATEWAY_TIMEOUT, text).into_response()
        }
        None => (StatusCode::BAD_GATEWAY, text).into_response(),
    }
}

async fn listen(State(app): State<App>, upgrade: WebSocketUpgrade) -> Response {
    let hub = app.hub.clone();
    let Some(place) = hub.place() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "all connections are taken: try again later\n")
            .into_response();
    };
    upgrade.max_message_size(websocket::LONGEST_MESSAGE).on_upgrade(|socket| hub.serve(socket, place))
}

async fn break_it(State(app): State<App>, Path(name): Path<String>) -> Response {
    switch(&app.faults, &name, true)
}

async fn mend_it(State(app): State<App>, Path(name): Path<String>) -> Response {
    switch(&app.faults, &name, false)
}

fn switch(faults: &Faults, name: &str, is_on: bool) -> Response {
    match faults.switch(name, is_on) {
        Some(()) => StatusCode::NO_CONTENT.into_response(),
        None => {
            (StatusCode::NOT_FOUND, format!("there is no such fault: {}\n", faults.names())).into_response()
        }
    }
}

/// Ctrl-C, or what a container's runtime sends first.
async fn terminated() {
    let mut terminate =
        unix::signal(unix::SignalKind::terminate()).expect("a runtime with IO hears of signals");
    tokio::select! {
        _ = signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

/// Says more than a Layer can know. Of several descriptions the exporter keeps the last before its first page, so this comes
/// after the Layers are initialized.
fn describe(metric: &Metric) {
    let (name, unit, help) = (metric.name(), metric.unit(), metric.help());
    match metric.kind() {
        Kind::Counter => describe_counter!(name, unit, help),
        Kind::Gauge => describe_gauge!(name, unit, help),
        Kind::Histogram => describe_histogram!(name, unit, help),
        kind => panic!("describe a {kind:?} too"),
    }
}
