//! A server with an answer of each kind, and an address at which nobody listens.

use std::{
    convert::Infallible,
    future::pending,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::StatusCode,
    response::Redirect,
    routing::{get, post},
};
use futures_util::{StreamExt, stream};
use tokio::net::TcpListener;

/// Starts the server. Its `/flaky` fails twice, and its `/half` sends a part of its body and no more.
pub(crate) async fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let failures = Arc::new(AtomicUsize::new(0));
    let flaky = async move || match failures.fetch_add(1, Ordering::SeqCst) {
        0 | 1 => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::OK,
    };
    let half = async || {
        let part = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"half"))]);
        Body::from_stream(part.chain(stream::pending()))
    };
    let app = Router::new()
        .route("/ok", get(async || "hello"))
        .route("/echo", post(async |body: String| body))
        .route("/never", get(pending::<()>))
        .route("/moved", get(async || Redirect::permanent("/ok")))
        .route("/loop", get(async || Redirect::permanent("/loop")))
        .route("/flaky", get(flaky))
        .route("/half", get(half));
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// An address at which somebody listened once.
pub(crate) async fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}
