//! A service to be looked at: as many routes as one likes, and answers as the caller asks for them.
//!
//! ```text
//! service --addr HOST:PORT --metrics-addr HOST:PORT [--routes N] [--token TOKEN] [--ageless]
//! ```
//!
//! With `--ageless` its page does not say when it began. `/route7/x?status=503&millis=30` answers so after so long. What it calls its jobs, whoever asks for one says.

use std::{env, error::Error, time::Duration};

use axum::{
    Router,
    extract::{Path, Query},
    http::StatusCode,
    routing::get,
};
use serde::Deserialize;
use tokio::{net::TcpListener, time::sleep};
use tower_metrics::{HttpMetricsLayer, Operation, exporter::Prometheus, sla::Sla};

#[derive(Deserialize)]
struct Wish {
    #[serde(default = "well")]
    status: u16,
    #[serde(default)]
    millis: u64,
}

fn well() -> u16 {
    200
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sla = Sla::new("many").availability(0.99).latency(0.99, Duration::from_millis(100));
    let mut exporter = Prometheus::new().sla(&sla).page();
    if !env::args().any(|arg| arg == "--ageless") {
        exporter = exporter.process();
    }
    if let Some(token) = flag("--token") {
        exporter = exporter.bearer_token(token);
    }
    let metrics = exporter.serve(flag("--metrics-addr").unwrap_or("127.0.0.1:0".into())).await?;

    let count = flag("--routes").map_or(Ok(3), |it| it.parse())?;
    let routes: Vec<_> = (0..count).map(|number: usize| format!("/route{number}/{{id}}")).collect();
    let layer = HttpMetricsLayer::axum().sla(&sla).endpoints(routes.iter().map(|route| ("GET", &**route)));
    layer.initialize();
    let job = Operation::new("job").labels(["name"]);

    let app = routes.iter().fold(Router::new(), |app, route| app.route(route, get(wished)));
    let work = get(async move |Path(name): Path<String>| job.run_with([&name], || "done"));
    let app = app.route("/job/{name}", work).layer(layer);

    let listener = TcpListener::bind(flag("--addr").unwrap_or("127.0.0.1:0".into())).await?;
    println!("application http://{}", listener.local_addr()?);
    println!("metrics http://{}", metrics.local_addr().expect("it was served"));
    println!("ready");
    Ok(axum::serve(listener, app).await?)
}

async fn wished(Query(wish): Query<Wish>) -> StatusCode {
    sleep(Duration::from_millis(wish.millis)).await;
    StatusCode::from_u16(wish.status).expect("a caller that asks for a status asks for one that there is")
}

fn flag(name: &str) -> Option<String> {
    env::args().skip_while(|arg| arg != name).nth(1)
}
