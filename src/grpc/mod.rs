//! gRPC: calls by their code, which usually comes in the trailers, after a head that says 200.
//!
//! The names, labels and spellings are those of the gRPC ecosystem (go-grpc-middleware's `providers/prometheus`), so that its
//! dashboards, mixins and alerts work: `grpc_code` is `OK`, `Canceled`, `ResourceExhausted` and so on, as Go spells them.
//!
//! ```
//! use std::convert::Infallible;
//!
//! use bytes::Bytes;
//! use http::{HeaderMap, Request, Response};
//! use http_body_util::{BodyExt, Empty, Full};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//! use tower_metrics::{GrpcMetricsLayer, grpc::unary, testing::Recorder};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Infallible> {
//! let recorder = Recorder::new();
//! let layer = GrpcMetricsLayer::new().methods([unary("shop.Orders", "Place")]).recorder(recorder.shared());
//! let service = ServiceBuilder::new().layer(layer).service(service_fn(async |_: Request<Empty<Bytes>>| {
//!     let trailers = HeaderMap::from_iter([("grpc-status".parse().unwrap(), "8".parse().unwrap())]);
//!     let body = Full::new(Bytes::from_static(&[0; 5])).with_trailers(async move { Some(Ok(trailers)) });
//!     Ok::<_, Infallible>(Response::new(body))
//! }));
//!
//! let request = Request::post("/shop.Orders/Place").body(Empty::new()).unwrap();
//! service.oneshot(request).await?.into_body().collect().await?;
//!
//! let labels = [("grpc_method", "Place"), ("grpc_code", "ResourceExhausted")];
//! assert_eq!(recorder.counter("grpc_server_handled_total", &labels), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # What is recorded
//!
//! | metric | labels | when |
//! |---|---|---|
//! | `grpc_server_started_total` | `grpc_type`, `grpc_service`, `grpc_method` | when `call` is called |
//! | `grpc_server_handled_total` | the same, and `grpc_code` | when the call ends |
//! | `grpc_server_handling_seconds` | the same without the code, as in Go | from `call` to the end |
//! | `grpc_server_in_flight` | the same without the code | from `call` to the end |
//! | `grpc_server_oldest_start_timestamp_seconds`, [on request](GrpcMetricsLayer::oldest_start_timestamp) | the same without the code | when another call becomes the oldest in flight |
//! | `grpc_server_msg_received_total`, `grpc_server_msg_sent_total` | the same without the code | by [`GrpcMessagesLayer`]: when a message's last byte has passed |
//!
//! A client has `grpc_client_…`. Methods that are not [registered](GrpcMetricsLayer::methods) are `unknown` in all three labels,
//! whatever path was asked for.
//!
//! # The code
//!
//! | the call | code |
//! |---|---|
//! | ended with `grpc-status` in the trailers | that one; a status of the head was said before the end |
//! | ended with `grpc-status` in the head alone (*trailers-only*) | that one |
//! | has free bytes, or a number above 16, as its status | `Unknown` |
//! | ended without a status, with HTTP 200 | `Unknown` |
//! | ended without a status, with another HTTP status | what clients make of it: 400 `Internal`, 401 `Unauthenticated`, 403 `PermissionDenied`, 404 `Unimplemented`, 429 and 502 to 504 `Unavailable`, else `Unknown` |
//! | ended unanswered, dropped or with `Err`, after its deadline: `grpc-timeout`, or [`timeout`](GrpcMetricsLayer::timeout) | `DeadlineExceeded` |
//! | was dropped before its end: the future, or the body, by a caller that left or by a client that could not read an answer | `Canceled`; a status that the head said stays |
//! | returned `Err`, panicked, or broke in its body: a server | `Internal` |
//! | returned `Err`, panicked, or broke in its body: a client | `Unavailable` |
//!
//! The last two are what this Layer can say without looking into an error that is of another crate; what tonic makes of one
//! for its caller can be more exact, or another code. Where an error is an answer in truth, turn it into one further in.
//!
//! # Where to place it
//!
//! - *A server*: `Server::builder().layer(layer)` measures all services, and what no service answers, as `unknown`.
//!   tonic's own `timeout`, `load_shed` and `concurrency_limit_per_connection` stand outside of every Layer: calls that they
//!   refuse do not arrive here, and what waits in them is not timed.
//! - *One service alone* keeps its `NamedService` by tonic's own way to layer one:
//!
//!   ```
//!   # use tower_metrics::GrpcMetricsLayer;
//!   use tonic::{server::NamedService, service::LayerExt};
//!   use tower::ServiceBuilder;
//!
//!   # fn measured<S: NamedService + Clone>(orders: S, layer: GrpcMetricsLayer) -> impl NamedService {
//!   ServiceBuilder::new().layer(layer).named_layer(orders) // for Server::builder().add_service(…)
//!   # }
//!   ```
//! - *A client*: `ServiceBuilder::new().layer(GrpcMetricsLayer::client()).service(channel)`, and that into the generated client.
//!   It stays `Clone`.
//! - *gRPC-Web*: tonic-web's Layer goes outside of this one, because it turns trailers into bytes of the body.
//! - *Compression* is inside of messages, so frames are counted as they are.
//!

mod answers;
mod body;
#[cfg(feature = "descriptors")]
mod descriptors;
mod frames;
mod future;
mod layer;
mod messages;
mod methods;
mod service;
mod status;

#[cfg(feature = "descriptors")]
#[cfg_attr(docsrs, doc(cfg(feature = "descriptors")))]
pub use self::descriptors::DescriptorError;
pub use self::{
    body::ResponseBody,
    future::ResponseFuture,
    layer::{Grpc, GrpcMetricsLayer},
    messages::{GrpcMessagesLayer, Messages, MessagesBody, MessagesFuture},
    methods::{Method, bidi_stream, client_stream, server_stream, unary},
};
pub use crate::labels::{RequestHead, ResponseHead};
