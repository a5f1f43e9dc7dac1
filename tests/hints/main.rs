//! What is said once, in words, through `tracing`.
//!
//! A binary of its own, in which every test listens: `tracing` remembers where nobody did.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

use std::{
    io,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
    routing::get,
};
use tower::{Layer, ServiceExt};

use tower_metrics::{HttpMetricsLayer, testing::Recorder};

fn measured() -> HttpMetricsLayer {
    HttpMetricsLayer::axum().recorder(Recorder::new().shared())
}

async fn ok() -> &'static str {
    "ok"
}

async fn send(app: &Router, path: &str) -> StatusCode {
    let request = Request::builder().uri(path).body(Body::empty()).unwrap();
    app.clone().oneshot(request).await.unwrap().status()
}

/// Keeps what is written.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// The lines that are written while the guard lives, on this thread.
    fn keep() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn lines(&self) -> Vec<String> {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap().lines().map(String::from).collect()
    }
}

#[tokio::test]
async fn a_layer_around_a_whole_router_is_said_once() {
    let (log, _guard) = Log::keep();
    let layer = measured();
    let app = layer.layer(Router::new().route("/users/{id}", get(ok)));
    for _ in 0..3 {
        let request = Request::builder().uri("/users/7").body(Body::empty()).unwrap();
        drop(app.clone().oneshot(request).await.unwrap());
    }
    let lines = log.lines();
    assert!(lines.len() == 1 && lines[0].contains("WARN") && lines[0].contains("Router::layer"), "{lines:?}");
}

#[tokio::test]
async fn a_path_that_nobody_routes_is_worth_no_word() {
    let (log, _guard) = Log::keep();
    let layer = measured();
    let app = Router::new().route("/users/{id}", get(ok)).layer(layer);
    assert_eq!(send(&app, "/wp-login.php").await, StatusCode::NOT_FOUND);
    assert_eq!(send(&app, "/users/7").await, StatusCode::OK);
    assert!(log.lines().is_empty(), "{:?}", log.lines());
}

#[test]
fn initializing_without_a_recorder_is_said() {
    let (log, _guard) = Log::keep();
    HttpMetricsLayer::axum().initialize();
    let lines = log.lines();
    assert!(lines.len() == 1 && lines[0].contains("install the exporter first"), "{lines:?}");
}

#[tokio::test]
async fn a_layer_applied_twice_is_said_once() {
    let (log, _guard) = Log::keep();
    let layer = measured();
    let app = Router::new().route("/a", get(ok)).route("/b", get(ok)).layer(layer.clone()).layer(layer);
    for path in ["/a", "/b", "/a"] {
        send(&app, path).await;
    }
    let lines = log.lines();
    assert!(lines.len() == 1 && lines[0].contains("http_requests_total"), "{lines:?}");
}
