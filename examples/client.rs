//! Two clients, measured: one of reqwest, one of hyper-util with retries. Answers, errors, timeouts and attempts are told apart.
//!
//! ```text
//! cargo run --example client
//! ```
//!
//! It calls a server of its own a few times, prints what was recorded, and ends.

use std::{
    future::{Ready, pending, ready},
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use axum::{Router, http::StatusCode, routing::get};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use hyper_util::{client::legacy, rt::TokioExecutor};
use tokio::net::TcpListener;
use tower::{
    BoxError, ServiceBuilder, ServiceExt,
    retry::{Policy, RetryLayer},
    timeout::error::Elapsed,
};
use tower_metrics::{
    HttpMetricsLayer, exporter,
    http::reqwest::{MeasuredClient, kind},
    retry::MeteredPolicy,
};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let exporter = exporter::Prometheus::new().install()?;
    let server = serve().await?;
    with_reqwest(server).await?;
    with_hyper(server).await?;

    let page = exporter.render();
    let is_told = |line: &&str| !line.starts_with('#') && !line.ends_with(" 0") && line.contains("_total{");
    let mut lines: Vec<_> = page.lines().filter(is_told).collect();
    lines.sort_unstable();
    println!("{}", lines.join("\n"));
    Ok(())
}

async fn with_reqwest(server: SocketAddr) -> Result<(), BoxError> {
    let layer = HttpMetricsLayer::client().servers(["127.0.0.1", "payments.internal"]).reqwest_errors();
    layer.initialize();
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_millis(200)).build()?;
    let measured = MeasuredClient::new(client.clone(), layer);

    let hello = measured.send(client.get(format!("http://{server}/hello"))).await?;
    println!("reqwest: {} {:?}", hello.status(), hello.text().await?);
    let late = measured.send(client.get(format!("http://{server}/never"))).await;
    println!("reqwest: {}", kind(&late.expect_err("it never answers")));
    let refused = measured.send(client.get("http://127.0.0.1:1/")).await;
    println!("reqwest: {}", kind(&refused.expect_err("nobody listens there")));
    Ok(())
}

async fn with_hyper(server: SocketAddr) -> Result<(), BoxError> {
    let layer = HttpMetricsLayer::client()
        .servers(["127.0.0.1"])
        .classify_errors(|error: &BoxError| match error.downcast_ref::<legacy::Error>() {
            Some(error) if error.is_connect() => "connect",
            Some(_) => "request",
            None if error.is::<Elapsed>() => "timeout",
            None => "other",
        })
        .expect_errors(["connect", "request", "timeout", "other"]);
    layer.initialize();
    let client = ServiceBuilder::new()
        .layer(layer.clone()) // calls
        .layer(RetryLayer::new(MeteredPolicy::new("inventory", Unavailable(3)))) // what came of retries
        .layer(layer.attempts()) // each attempt, under names of its own
        .timeout(Duration::from_millis(200))
        .service(legacy::Client::builder(TokioExecutor::new()).build_http());
    let response = client.oneshot(flaky(format!("http://{server}/flaky").parse()?)).await?;
    println!("hyper:   {} after retries", response.status());
    Ok(())
}

/// Retries an answer of 503, so many times.
#[derive(Clone)]
struct Unavailable(usize);

impl<B> Policy<Request<Empty<Bytes>>, Response<B>, BoxError> for Unavailable {
    type Future = Ready<()>;

    fn retry(
        &mut self,
        _: &mut Request<Empty<Bytes>>,
        result: &mut Result<Response<B>, BoxError>,
    ) -> Option<Ready<()>> {
        self.0 = self.0.checked_sub(1)?;
        matches!(result, Ok(response) if response.status() == StatusCode::SERVICE_UNAVAILABLE)
            .then(|| ready(()))
    }

    fn clone_request(&mut self, request: &Request<Empty<Bytes>>) -> Option<Request<Empty<Bytes>>> {
        Some(flaky(request.uri().clone()))
    }
}

fn flaky(uri: http::Uri) -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = uri;
    request
}

/// A server that says hello, one that never answers, and one that fails twice.
async fn serve() -> Result<SocketAddr, BoxError> {
    static FAILURES: AtomicUsize = AtomicUsize::new(2);
    let flaky = async || {
        let left = FAILURES.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if left.is_ok() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
    };
    let app = Router::new()
        .route("/hello", get(async || "hello"))
        .route("/never", get(pending::<()>))
        .route("/flaky", get(flaky));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}
