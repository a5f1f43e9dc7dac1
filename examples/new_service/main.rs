//! A new service: the shortest way to a promise, `/metrics`, rules, dashboards and tests.
//!
//! 1. `cargo new my-service`, and copy the four files of this folder into its `src`.
//! 2. Write into its `Cargo.toml`:
//!
//!    ```toml
//!    [dependencies]
//!    axum = "0.8"
//!    tokio = { version = "1", features = ["full"] }
//!    tower = { version = "0.5", features = ["limit", "load-shed", "util"] }
//!    tower-http = { version = "0.7", features = ["catch-panic"] }
//!    tower-metrics = { version = "0.1", features = ["axum", "dashboard", "page", "process", "prometheus", "rules", "tower"] }
//!
//!    [dev-dependencies]
//!    tower-metrics = { version = "0.1", features = ["testing"] }
//!    ```
//! 3. `cargo test`; `cargo run`, which prints where it listens; `cargo run -- --write ops`, which writes what Prometheus and
//!    Grafana are given. Here in the folder of the crate it is `cargo run --example new_service`.
//! 4. In `promise.rs`, change the name, the job, the team and the numbers. Here, change the routes in `ENDPOINTS` and `app`, and the
//!    ports in `flags` (that of the metrics stands in `write` too). Of `patterns.rs`, keep what you have a use for. In
//!    `tests.rs`, change what is asked.

use std::{collections::BTreeMap, env, error::Error, fs, io, path::Path};

use axum::{
    Router,
    body::HttpBody,
    error_handling::HandleErrorLayer,
    extract::{self, MatchedPath, Request, State},
    http::StatusCode,
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::{
    net::TcpListener,
    signal::{
        ctrl_c,
        unix::{SignalKind, signal},
    },
};
use tower::{BoxError, Layer, ServiceBuilder, limit::GlobalConcurrencyLimitLayer, load_shed::LoadShedLayer};
use tower_http::catch_panic::CatchPanicLayer;
use tower_metrics::{
    ConnectionMetricsLayer, HttpMetricsLayer, RejectionLayer, dashboard::Dashboards, exporter::Prometheus,
    metrics::histogram, rules::Rules,
};

mod patterns;
mod promise;
#[cfg(test)]
mod tests;

use self::patterns::Items;

/// How many calls are taken at once.
const MOST_AT_ONCE: usize = 1_000;
const ENDPOINTS: [(&str, &str); 3] = [("GET", "/items/{id}"), ("PUT", "/items/{id}"), ("GET", "/health")];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let flags = flags()?;
    if !flags["--write"].is_empty() {
        return Ok(write(Path::new(&flags["--write"]))?);
    }
    let sla = promise::promise();
    let metrics = Prometheus::new().sla(&sla).process().page().serve(&flags["--metrics-addr"]).await?;
    let layer = HttpMetricsLayer::axum()
        .endpoints(ENDPOINTS)
        .sla(&sla)
        .in_flight_limit(MOST_AT_ONCE)
        .oldest_start_timestamp();
    layer.initialize();
    patterns::info();
    let (items, queued) = Items::open(flags["--data"].clone().into())?;
    tokio::spawn(items.clone().work(queued));
    tokio::spawn(items.clone().sample());
    // All that the promise needs is exported, with its bounds; what is not would be said here.
    sla.check(&metrics.render())?.complete()?;

    let listener = TcpListener::bind(&flags["--addr"]).await?;
    println!("new-service  http://{}", listener.local_addr()?);
    println!("metrics      http://{}/metrics", metrics.local_addr().expect("it was served"));
    println!("ready");
    let connections = ConnectionMetricsLayer::new("public");
    let serving = axum::serve(listener, connections.layer(app(layer, items).into_make_service()));
    Ok(serving.with_graceful_shutdown(terminated()).await?)
}

fn app(layer: HttpMetricsLayer, items: Items) -> Router {
    // Above so many at once a call is refused, and counted as such, in the place of all of them becoming slow.
    let overload = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(async |_: BoxError| StatusCode::SERVICE_UNAVAILABLE))
        .layer(RejectionLayer::new("overload").around(LoadShedLayer::new()))
        .layer(GlobalConcurrencyLimitLayer::new(MOST_AT_ONCE));
    Router::new()
        .route("/items/{id}", get(read).put(enqueue))
        .layer(overload)
        .route("/health", get(health))
        .layer(from_fn(answer_size))
        .layer(layer)
        // Outside, so that the panic passes the metrics before it becomes the 500 that they already tell.
        .layer(CatchPanicLayer::new())
        .with_state(items)
}

async fn read(State(items): State<Items>, extract::Path(id): extract::Path<u64>) -> Response {
    match items.read(id).await {
        Ok(Some(text)) => text.into_response(),
        Ok(None) => (StatusCode::NOT_FOUND, "there is no such item\n").into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

async fn enqueue(
    State(items): State<Items>,
    extract::Path(id): extract::Path<u64>,
    text: String,
) -> (StatusCode, &'static str) {
    match items.check(&text) {
        Err(why) => (StatusCode::UNPROCESSABLE_ENTITY, why),
        Ok(()) if items.enqueue(id, text) => (StatusCode::ACCEPTED, "it will be stored\n"),
        Ok(()) => (StatusCode::SERVICE_UNAVAILABLE, "too many items wait: try again later\n"),
    }
}

async fn health(State(items): State<Items>) -> StatusCode {
    if items.is_well() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

/// A histogram of one's own, by the route and never by the path.
async fn answer_size(route: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let answer = next.run(request).await;
    let route = route.map_or_else(|| "unmatched".to_owned(), |it| it.as_str().to_owned());
    if let Some(size) = answer.body().size_hint().exact() {
        histogram!("response_size_bytes", "endpoint" => route).record(size as f64);
    }
    answer
}

/// Writes what Prometheus and Grafana are given.
fn write(dir: &Path) -> io::Result<()> {
    let sla = promise::promise();
    let rules = Rules::new(&promise::promises()).alerts(promise::alerts());
    fs::create_dir_all(dir.join("dashboards"))?;
    fs::write(dir.join("rules.yml"), rules.to_yaml())?;
    let scrape = "global: { scrape_interval: 15s, evaluation_interval: 30s }\nrule_files: [rules.yml]\nscrape_configs:\n";
    let target = "    static_configs: [{ targets: [\"127.0.0.1:9331\"] }]\n";
    fs::write(dir.join("prometheus.yml"), format!("{scrape}  - job_name: {}\n{target}", sla.job_name()))?;
    for board in promise::boards(Dashboards::of(&rules)).all() {
        fs::write(dir.join(format!("dashboards/{}.json", board.uid())), board.to_json())?;
    }
    Ok(())
}

/// Ctrl-C, or what a container's runtime sends first.
async fn terminated() {
    let mut terminate = signal(SignalKind::terminate()).expect("a runtime with IO hears of signals");
    tokio::select! {
        _ = ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

fn flags() -> Result<BTreeMap<&'static str, String>, String> {
    let data = env::temp_dir().join("new-service").display().to_string();
    let mut flags = BTreeMap::from([
        ("--addr", "127.0.0.1:7200".to_owned()),
        ("--metrics-addr", "127.0.0.1:9331".to_owned()),
        ("--data", data),
        ("--write", String::new()),
    ]);
    let mut args = env::args().skip(1);
    while let Some(name) = args.next() {
        let known = flags.keys().copied().collect::<Vec<_>>().join(", ");
        let flag = flags.get_mut(&*name).ok_or_else(|| format!("{name} is no flag: use one of {known}"))?;
        *flag = args.next().ok_or_else(|| format!("{name} wants a value after it"))?;
    }
    Ok(flags)
}
