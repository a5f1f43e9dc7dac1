//! A backend that runs commands: a plan of steps goes in, and what they do streams out while they do it.
//!
//! ```text
//! cargo run --example execution -- [--addr HOST:PORT] [--metrics-addr HOST:PORT] [--server-tags TAG[=HOST:PORT],…]
//! ```
//!
//! A server with an address is reached there before each step, and one without is this machine. Whoever breaks off the
//! answer cancels the execution, and its process is killed:
//!
//! ```sh
//! curl -N 127.0.0.1:7100/executions -H 'content-type: application/json' -d \
//!     '{"agent_type": "general", "server_tag": "local", "steps": [{"command": "date"}, {"command": "sleep", "args": ["5"]}]}'
//! ```

use std::{env, error::Error, sync::Arc};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, State},
    http::{
        StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    signal::{self, unix},
};
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;
use tower_metrics::{HttpMetricsLayer, exporter, metrics::describe_counter};

mod command;
mod plan;
#[expect(dead_code, reason = "the service needs the promise alone, and what watches it needs the rest")]
mod promise;
mod run;
mod step;
mod store;

use self::{
    plan::{Asked, Refused, Servers},
    run::{Executions, SLOTS},
    step::ErrorType,
    store::Store,
};

const ENDPOINTS: [(&str, &str); 4] =
    [("POST", "/executions"), ("GET", "/executions"), ("GET", "/executions/{id}"), ("GET", "/health")];

/// What requests are answered with.
#[derive(Clone)]
struct Backend {
    servers: Arc<Servers>,
    executions: Executions,
    store: Store,
}

struct Flags {
    addr: String,
    metrics_addr: String,
    servers: Servers,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Flags { addr, metrics_addr, servers } = Flags::read(env::args().skip(1))?;

    let sla = promise::promise();
    let metrics = exporter::Prometheus::new()
        .sla(&sla)
        // A step has ten seconds unless it asks for more, and a plan twenty steps.
        .bounds("execution_duration_seconds", &[0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1_200.0])
        .process()
        .page()
        .serve(metrics_addr)
        .await?;
    describe_counter!(promise::ERRORS.name(), promise::ERRORS.help());
    // Nobody is refused above it but executions, far below: it says where the alert on saturation begins.
    let layer = HttpMetricsLayer::axum()
        .endpoints(ENDPOINTS)
        .sla(&sla)
        .in_flight_limit(1_000)
        .oldest_start_timestamp();
    layer.initialize();
    let store = Store::new();
    let executions = run::executions(&servers, store.clone());
    sla.check(&metrics.render())?.complete()?;

    let listener =
        TcpListener::bind(&addr).await.map_err(|error| format!("cannot listen on {addr}: {error}"))?;
    println!("execution  http://{}", listener.local_addr()?);
    println!("metrics    http://{}/metrics", metrics.local_addr().expect("it was served"));
    println!("ready");
    let app = app(layer, Backend { servers: Arc::new(servers), executions, store });
    axum::serve(listener, app).with_graceful_shutdown(terminated()).await?;
    Ok(())
}

fn app(layer: HttpMetricsLayer, backend: Backend) -> Router {
    Router::new()
        .route("/executions", get(list).post(execute))
        .route("/executions/{id}", get(one))
        .route("/health", get(async || "well\n"))
        .layer(DefaultBodyLimit::max(64 * 1024))
        .layer(layer)
        // Outside, so that the panic passes the metrics before it becomes the 500 that they already tell.
        .layer(CatchPanicLayer::new())
        .with_state(backend)
}

async fn execute(State(backend): State<Backend>, Json(asked): Json<Asked>) -> Response {
    let plan = match asked.checked(&backend.servers) {
        Ok(plan) => plan,
        Err(Refused::Invalid(why)) => return (StatusCode::BAD_REQUEST, why + "\n").into_response(),
        Err(Refused::NotAllowed(agent_type, why)) => {
            ErrorType::NotAllowed.count(agent_type, 1);
            return (StatusCode::FORBIDDEN, why + "\n").into_response();
        }
    };
    match backend.executions.oneshot(plan).await {
        Ok(body) => ([(CONTENT_TYPE, "application/x-ndjson")], body).into_response(),
        Err(_) => {
            let why = format!("{SLOTS} executions go on: try again later\n");
            (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "5")], why).into_response()
        }
    }
}

async fn list(State(backend): State<Backend>) -> Json<Vec<Value>> {
    Json(backend.store.list())
}

async fn one(State(backend): State<Backend>, Path(id): Path<u64>) -> Response {
    match backend.store.get(id) {
        Some(record) => Json(record).into_response(),
        None => (StatusCode::NOT_FOUND, "no such execution has ended lately\n").into_response(),
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

// ===== impl Flags =====

impl Flags {
    fn read(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut flags = Self {
            addr: "127.0.0.1:7100".into(),
            metrics_addr: "127.0.0.1:9321".into(),
            servers: Servers::read("local")?,
        };
        while let Some(name) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{name} wants a value after it"));
            match &*name {
                "--addr" => flags.addr = value()?,
                "--metrics-addr" => flags.metrics_addr = value()?,
                "--server-tags" => flags.servers = Servers::read(&value()?)?,
                _ => return Err(format!("{name} is no flag: use --addr, --metrics-addr and --server-tags")),
            }
        }
        Ok(flags)
    }
}
