//! An axum application with every way in which a request can end, and its metrics on a port of their own: for Prometheus at
//! `/metrics`, for people at `/`.
//!
//! ```text
//! cargo run --example axum -- [--load] [--addr HOST:PORT] [--metrics-addr HOST:PORT]
//! ```
//!
//! With `--load` it calls itself, about a hundred times a second, so that there is something to see.
//!
//! `POST /switch/failing` breaks it, `POST /switch/well` mends it: see how its alerts, which `cargo run --example slo` writes,
//! tell of that.

use std::{convert::Infallible, env, error::Error, fs, path::PathBuf, process, time::Duration};

use axum::{
    BoxError, Json, Router,
    body::{Body, Bytes},
    error_handling::HandleErrorLayer,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, get_service, post},
};
use futures_util::stream;
use tokio::{net::TcpListener, sync::watch, time::sleep};
use tower::{ServiceBuilder, limit::GlobalConcurrencyLimitLayer, load_shed::LoadShedLayer};
use tower_http::{catch_panic::CatchPanicLayer, services::ServeFile};
use tower_metrics::{HttpMetricsLayer, Operation, RejectionLayer, exporter, labels::Capped};

#[path = "axum/load.rs"]
mod load;
#[path = "slo/promise.rs"]
mod promise;

const ENDPOINTS: [(&str, &str); 9] = [
    ("GET", "/users/{id}"),
    ("GET", "/slow"),
    ("GET", "/fail"),
    ("GET", "/panic"),
    ("GET", "/stream"),
    ("POST", "/echo"),
    ("GET", "/file"),
    ("POST", "/reports"),
    ("POST", "/switch/{mode}"),
];

/// How `/users/{id}` behaves.
#[derive(Clone, Copy, Debug)]
enum Mode {
    Well,
    Failing,
    Panicking,
    Slow,
    Stuck,
}

/// What `/users/{id}` does its work with.
#[derive(Clone)]
pub(crate) struct Shop {
    mode: watch::Sender<Mode>,
    query: Operation,
    plans: Capped<1>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let addr = flag("--addr", "127.0.0.1:3000")?;
    let metrics_addr = flag("--metrics-addr", "127.0.0.1:9000")?;

    // The promise, said once: its thresholds are bucket bounds of the histograms, its endpoints are declared, and the rules
    // that `cargo run --example slo` writes are about the same.
    let sla = promise::promise();
    let metrics = exporter::Prometheus::new().sla(&sla).process().page().serve(metrics_addr).await?;

    let layer = HttpMetricsLayer::axum()
        .endpoints(ENDPOINTS)
        .sla(&sla)
        .in_flight_limit(1_000)
        .oldest_start_timestamp();
    layer.initialize();
    let shop = Shop::new();
    shop.query.initialize();
    // All that the promise needs is exported, with its bounds; what is not would be said here.
    sla.check(&metrics.render())?.complete()?;

    let listener =
        TcpListener::bind(&addr).await.map_err(|error| format!("cannot listen on {addr}: {error}"))?;

    let (addr, metrics_addr) = (listener.local_addr()?, metrics.local_addr().expect("it was served"));
    println!(
        "application  http://{addr}/users/7  (also /slow /fail /panic /stream /file, POST /echo /reports)"
    );
    println!("metrics      http://{metrics_addr}/metrics, and as a page for people http://{metrics_addr}/");
    println!(
        "try          curl -s http://{addr}/fail; curl -s http://{metrics_addr}/metrics | grep total | grep -v ' 0$'"
    );

    if env::args().any(|arg| arg == "--load") {
        load::begin(addr);
    }
    axum::serve(listener, app(layer, shop, example_file()?)).await?;
    Ok(())
}

pub(crate) fn app(layer: HttpMetricsLayer, shop: Shop, file: PathBuf) -> Router {
    // One report at a time; whoever asks for a second is refused, and counted as such.
    let one_at_a_time = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(async |_: BoxError| StatusCode::TOO_MANY_REQUESTS))
        .layer(RejectionLayer::new("reports").around(LoadShedLayer::new()))
        .layer(GlobalConcurrencyLimitLayer::new(1));

    Router::new()
        .route("/reports", post(report).layer(one_at_a_time))
        .route("/users/{id}", get(user))
        .route("/slow", get(slow))
        .route("/fail", get(async || (StatusCode::INTERNAL_SERVER_ERROR, "failed, as asked\n")))
        .route("/panic", get(panic))
        .route("/stream", get(numbers))
        .route("/echo", post(async |body: Bytes| body))
        .route("/file", get_service(ServeFile::new(file)))
        .route("/switch/{mode}", post(switch))
        .layer(layer)
        // Outside, so that the panic passes the metrics before it becomes the 500 that they already tell.
        .layer(CatchPanicLayer::new())
        .with_state(shop)
}

async fn user(State(shop): State<Shop>, Path(id): Path<u64>) -> Response {
    let mode = *shop.mode.borrow();
    match mode {
        Mode::Well => {}
        Mode::Failing => return (StatusCode::INTERNAL_SERVER_ERROR, "failing\n").into_response(),
        Mode::Panicking => panic!("as switched"),
        Mode::Slow => sleep(Duration::from_secs(3)).await,
        Mode::Stuck => drop(shop.mode.subscribe().changed().await),
    }
    let plan = shop.query.run(|| if id % 10 == 0 { "paid" } else { "free" });
    shop.plans.increment([plan], 1);
    Json(serde_json::json!({ "id": id, "name": "Ada", "plan": plan })).into_response()
}

async fn switch(State(shop): State<Shop>, Path(mode): Path<String>) -> Response {
    let mode = match &*mode {
        "well" => Mode::Well,
        "failing" => Mode::Failing,
        "panicking" => Mode::Panicking,
        "slow" => Mode::Slow,
        "stuck" => Mode::Stuck,
        _ => return (StatusCode::NOT_FOUND, "well, failing, panicking, slow or stuck\n").into_response(),
    };
    shop.mode.send_replace(mode);
    format!("{mode:?}\n").into_response()
}

async fn report() -> &'static str {
    sleep(Duration::from_millis(50)).await;
    "reported\n"
}

async fn slow() -> &'static str {
    sleep(Duration::from_millis(300)).await;
    "done\n"
}

async fn panic() -> &'static str {
    panic!("as asked")
}

async fn numbers() -> Body {
    Body::from_stream(stream::unfold(1, async |n| {
        sleep(Duration::from_millis(100)).await;
        (n <= 20).then(|| (Ok::<_, Infallible>(format!("{n}\n")), n + 1))
    }))
}

impl Shop {
    pub(crate) fn new() -> Self {
        Self {
            mode: watch::Sender::new(Mode::Well),
            query: Operation::new("db_query").in_flight_limit(100).oldest_start_timestamp(),
            plans: Capped::new("users_read_total", ["plan"], "Users read, by plan.").max_values("plan", 20),
        }
    }
}

/// Writes the 10 MiB that `/file` serves. Another of these examples may serve it already: it goes on with the old one.
fn example_file() -> std::io::Result<PathBuf> {
    let file = env::temp_dir().join("tower-metrics-example.bin");
    let new = file.with_extension(process::id().to_string());
    fs::write(&new, vec![b'.'; 10 * 1024 * 1024])?;
    fs::rename(&new, &file)?;
    Ok(file)
}

fn flag(name: &str, default: &str) -> Result<String, String> {
    let mut args = env::args().skip_while(|arg| arg != name).skip(1);
    match (env::args().any(|arg| arg == name), args.next()) {
        (false, _) => Ok(default.into()),
        (true, Some(value)) => Ok(value),
        (true, None) => Err(format!("{name} wants HOST:PORT after it")),
    }
}
