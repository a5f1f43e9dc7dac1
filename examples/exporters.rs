//! One program, every exporter: which one is chosen when it starts.
//!
//! ```text
//! METRICS_EXPORTER=prometheus://127.0.0.1:9000 cargo run --example exporters -- [--calls N] [--wait]
//! ```
//!
//! It makes N calls through a Layer (100 unless said), tells how they ended, and shuts the exporters down. With `--wait`, it
//! makes the calls and shuts down each after a line on its standard input, so that there is time to look.

use std::{
    convert::Infallible,
    env,
    error::Error,
    io::{Write, stderr, stdin, stdout},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, service_fn};
use tower_metrics::{
    HttpMetricsLayer,
    exporter::{Exporters, Installed},
    sla::Sla,
};

const USAGE: &str = "usage: METRICS_EXPORTER='URI[,URI…]' exporters [--calls N] [--wait]

  prometheus://127.0.0.1:9000                               scraped at http://127.0.0.1:9000/metrics
  pushgateway+http://127.0.0.1:9091?job=api&instance=api-1  pushed
  statsd://127.0.0.1:8125
  dogstatsd://127.0.0.1:8125
  otlp+http://127.0.0.1:4318, otlp+grpc://127.0.0.1:4317
  tcp://127.0.0.1:5000                                      for metrics-observer
  none";

/// What the command line says.
struct Args {
    calls: u32,
    waits: bool,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = args()?;
    // A receiver that is away is told through `tracing`.
    tracing_subscriber::fmt().with_writer(stderr).init();

    let sla = Sla::new("api").availability(0.999).latency(0.99, Duration::from_millis(70));
    let exporters = Exporters::new().sla(&sla).or("prometheus://127.0.0.1:9000").from_env().await?;
    say(&exporters)?;

    let layer = HttpMetricsLayer::new()
        .sla(&sla)
        .endpoint(|head| Some(head.uri().path().to_owned().into()))
        .endpoints([("GET", "/users"), ("GET", "/fails")])
        .oldest_start_timestamp();
    layer.initialize();

    let mut service = layer.layer(service_fn(answer));
    wait(&args)?;
    for call in 0..args.calls {
        let path = if call % 10 == 9 { "/fails" } else { "/users" };
        let response = service.call(Request::get(path).body(())?).await?;
        // A call ends with its body.
        response.into_body().collect().await?;
    }
    println!("called  {} times, of which {} failed", args.calls, args.calls / 10);
    wait(&args)?;

    exporters.shutdown().await?;
    println!("ended");
    Ok(())
}

async fn answer(request: Request<()>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::from("Ada\n"));
    if request.uri().path() == "/fails" {
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    }
    Ok(response)
}

fn say(exporters: &Installed) -> Result<(), Box<dyn Error>> {
    match exporters.prometheus().map(|page| page.local_addr()) {
        Some(Some(addr)) => println!("begun   metrics at http://{addr}/metrics"),
        Some(None) => println!("begun   with a page that is pushed, or that a route of one's own serves"),
        None => println!("begun"),
    }
    Ok(stdout().flush()?)
}

/// Waits for a line, or for the end of the input.
fn wait(args: &Args) -> Result<(), Box<dyn Error>> {
    stdout().flush()?;
    if args.waits {
        stdin().read_line(&mut String::new())?;
    }
    Ok(())
}

fn args() -> Result<Args, String> {
    let mut args = Args { calls: 100, waits: false };
    let mut given = env::args().skip(1);
    while let Some(arg) = given.next() {
        match &*arg {
            "--wait" => args.waits = true,
            "--calls" => {
                let calls = given.next().and_then(|calls| calls.parse().ok());
                args.calls = calls.ok_or_else(|| format!("--calls wants a number after it\n{USAGE}"))?;
            }
            _ => return Err(format!("there is no {arg}\n{USAGE}")),
        }
    }
    Ok(args)
}
