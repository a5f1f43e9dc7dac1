//! An axum application with every way in which a request can end, and its metrics on a port of their own.
//!
//! ```text
//! cargo run --example axum -- [--addr HOST:PORT] [--metrics-addr HOST:PORT]
//! ```

use std::{convert::Infallible, env, error::Error, path::PathBuf, time::Duration};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::Path,
    http::StatusCode,
    routing::{get, get_service, post},
};
use futures_util::stream;
use tokio::{net::TcpListener, time::sleep};
use tower_http::{catch_panic::CatchPanicLayer, services::ServeFile};
use tower_metrics::{HttpMetricsLayer, exporter, sla::Sla};

const ENDPOINTS: [(&str, &str); 7] = [
    ("GET", "/users/{id}"),
    ("GET", "/slow"),
    ("GET", "/fail"),
    ("GET", "/panic"),
    ("GET", "/stream"),
    ("POST", "/echo"),
    ("GET", "/file"),
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let addr = flag("--addr", "127.0.0.1:3000")?;
    let metrics_addr = flag("--metrics-addr", "127.0.0.1:9000")?;

    // The promise, said once: its thresholds are bucket bounds of the latency histogram.
    let sla = Sla::new("api").availability(0.999).latency(0.99, Duration::from_millis(100));
    let metrics = exporter::Prometheus::new().sla(&sla).serve(metrics_addr).await?;

    let layer = HttpMetricsLayer::axum().endpoints(ENDPOINTS);
    layer.initialize();
    let listener =
        TcpListener::bind(&addr).await.map_err(|error| format!("cannot listen on {addr}: {error}"))?;

    let (addr, metrics_addr) = (listener.local_addr()?, metrics.local_addr().expect("it was served"));
    println!("application  http://{addr}/users/7  (also /slow /fail /panic /stream /file, POST /echo)");
    println!("metrics      http://{metrics_addr}/metrics");
    println!(
        "try          curl -s http://{addr}/fail; curl -s http://{metrics_addr}/metrics | grep total | grep -v ' 0$'"
    );

    axum::serve(listener, app(layer, example_file()?)).await?;
    Ok(())
}

fn app(layer: HttpMetricsLayer, file: PathBuf) -> Router {
    Router::new()
        .route("/users/{id}", get(user))
        .route("/slow", get(slow))
        .route("/fail", get(async || (StatusCode::INTERNAL_SERVER_ERROR, "failed, as asked\n")))
        .route("/panic", get(panic))
        .route("/stream", get(numbers))
        .route("/echo", post(async |body: Bytes| body))
        .route("/file", get_service(ServeFile::new(file)))
        .layer(layer)
        // Outside, so that the panic passes the metrics before it becomes the 500 that they already tell.
        .layer(CatchPanicLayer::new())
}

async fn user(Path(id): Path<u64>) -> Json<serde_json::Value> {
    Json(serde_json::json!({ "id": id, "name": "Ada" }))
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

/// Writes the 10 MiB that `/file` serves.
fn example_file() -> std::io::Result<PathBuf> {
    let file = env::temp_dir().join("tower-metrics-example.bin");
    std::fs::write(&file, vec![b'.'; 10 * 1024 * 1024])?;
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
