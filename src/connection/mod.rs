//! Connections: how many are open, how many were opened, how long they lived.
//!
//! [`ConnectionMetricsLayer`] goes around a make-service, which makes a service for each connection. It records
//! `connections_open`, `connections_total` and `connection_duration_seconds`, with the label `listener`.
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use tower::Layer;
//! use tower_metrics::ConnectionMetricsLayer;
//!
//! # #[tokio::main]
//! # async fn main() -> std::io::Result<()> {
//! let app = Router::new().route("/", get(async || "hello"));
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//! let connections = ConnectionMetricsLayer::new("public");
//! axum::serve(listener, connections.layer(app.into_make_service())).await
//! # }
//! ```
//!
//! An accept loop of one's own, tonic's `incoming`, and an upgraded socket hold the guard themselves:
//!
//! ```
//! # use tower_metrics::ConnectionMetricsLayer;
//! let websockets = ConnectionMetricsLayer::new("websocket");
//! let open = websockets.open();
//! // … as long as the socket lives …
//! drop(open);
//! ```
//!
//! # When it records
//!
//! A connection is open, and counted, when its service is asked for, or by `open()`. It is closed, and its duration
//! recorded in seconds, when the last clone of its service is dropped, or the guard. A server keeps that service until
//! the connection ends, and until the calls on it that hold a clone end. One whose service could not be made is closed
//! at once. The bounds of the duration are those of [`exporter`](crate::exporter): 1 s to 1 day.

mod layer;

pub use self::layer::{Connection, ConnectionMetricsLayer, MakeConnection, MakeFuture, OpenConnection};
