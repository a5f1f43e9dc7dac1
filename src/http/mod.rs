//! HTTP: servers and clients, measured from the call to the last frame of the answer.
//!
//! [`HttpMetricsLayer`] goes around any `Service<http::Request<_>, Response = http::Response<_>>`: hyper and
//! tower-http, axum, hyper-util's client. It records `http_requests_total`, `http_request_duration_seconds` and
//! `http_requests_in_flight` in one pass; [`RequestCountLayer`](crate::RequestCountLayer),
//! [`LatencyLayer`](crate::LatencyLayer) and [`InFlightLayer`](crate::InFlightLayer) record one of them. On request it tells
//! [when the oldest call in flight began](HttpMetricsLayer::oldest_start_timestamp).
//!
//! # Example
//!
//! ```
//! use std::convert::Infallible;
//!
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode};
//! use http_body_util::{BodyExt, Empty, Full};
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_metrics::{HttpMetricsLayer, testing::Recorder};
//!
//! async fn user(_: Request<Empty<Bytes>>) -> Result<Response<Full<Bytes>>, Infallible> {
//!     Ok(Response::new("Ada".into()))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! # let recorder = Recorder::new();
//! let layer = HttpMetricsLayer::new()
//!     .endpoint(|head| head.uri().path().starts_with("/users/").then(|| "/users/{id}".into()))
//! #     .recorder(recorder.shared())
//!     .endpoints([("GET", "/users/{id}")]);
//! let service = ServiceBuilder::new().layer(layer).service_fn(user);
//!
//! let request = Request::builder().uri("/users/7").body(Empty::new()).unwrap();
//! let response = service.oneshot(request).await.unwrap();
//! response.into_body().collect().await.unwrap();
//! # let line = recorder.to_string().lines().find(|line| line.ends_with(" 1")).unwrap().replace(" 1", "");
//! # assert_eq!(line, r#"http_requests_total{method="GET",endpoint="/users/{id}",status="200",outcome="completed"}"#);
//! # }
//! ```
//!
//! An exporter shows:
//!
//! ```text
//! http_requests_total{method="GET",endpoint="/users/{id}",status="200",outcome="completed"} 1
//! ```
//!
//! # What is recorded, and when
//!
//! A call begins in `Service::call`, before the inner service is called, and ends exactly once:
//!
//! | what happens | `outcome` | `status` | the call ends |
//! |---|---|---|---|
//! | the body gives its last frame: `None`, trailers, `is_end_stream` after data, or as many bytes as Content-Length or the exact size hint announced | `completed` | as answered | there |
//! | the answer has no content: HEAD, 1xx, 204, 304, a length of 0, a body that is at its end from the beginning | `completed` | as answered | with the head |
//! | 101, or a 2xx to CONNECT | `upgraded` | as answered | with the head |
//! | the service returns `Err` | `error` | `500`; a client: `none` | there |
//! | the future is dropped before the head, polled or not | `cancelled` | `none` | there |
//! | the service panics in `call` or in its future | `panicked` | `500`; a client: `none` | when the future is dropped |
//! | the body panics | `panicked` | as answered | when the body is dropped |
//! | the body gives an error | `body_error` | as answered | there |
//! | the body is dropped before its end | `body_dropped` | as answered | there |
//!
//! At its end the call counts once in the counter, its duration is recorded once in the histogram, and it leaves
//! the gauge. The call belongs to the recorder that was current when it began: should that be a scoped one, and the
//! call outlive its scope, then only the gauge hears of its end (see [`recorder`](HttpMetricsLayer::recorder)).
//! `poll_ready` records nothing. Without a recorder that takes anything, a call is not measured at
//! all, and is not counted later. The last frame is handed to the server then; that the client has received it,
//! nobody here can know.
//!
//! A server that returns `Err` or panics has sent no status. `500` stands there because that is what callers are
//! told by whatever stands in front, and what every alert on `status=~"5.."` matches.
//!
//! # Labels
//!
//! Nothing that a client sends becomes a label value but by choice from a closed set:
//!
//! - `method`: those of [RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#section-9), PATCH, and those added by
//!   [`methods`](HttpMetricsLayer::methods); else `_OTHER`, as in the semantic conventions of OpenTelemetry.
//! - `endpoint`: the route template of [`axum`](HttpMetricsLayer::axum), or what the user's
//!   [function](HttpMetricsLayer::endpoint) says; else `unmatched`.
//! - `server`, in the place of `endpoint` for clients: one of those [named](HttpMetricsLayer::servers), else
//!   `_OTHER`.
//! - `status`: 100 to 599 on the counter, else `_OTHER`; its class, `4xx`, on the histogram, because each status
//!   there would cost as many series as there are bounds.
//! - `outcome`: the words of [`Outcome`](crate::Outcome), on the counter.
//!
//! The user's own, as many as eight, stand beside them:
//!
//! | label | told by | stands on |
//! |---|---|---|
//! | constant | [`constant_label`](HttpMetricsLayer::constant_label) | everything |
//! | of the request: a header, an extension | [`label`](HttpMetricsLayer::label) | everything; `none` on what was answered 405 or 501 alone |
//! | of the answer: a header, an extension | [`response_label`](HttpMetricsLayer::response_label) | counter and histograms; `none` without a head |
//! | `error_type`: the kind of an error | [`classify_errors`](HttpMetricsLayer::classify_errors) | the counter; `none` but where the outcome is `error` |
//!
//! Their values are capped, each by [`max_values`](HttpMetricsLayer::max_values), and label sets as a whole by
//! [`max_label_sets`](HttpMetricsLayer::max_label_sets): a call begins under the values of its request, and goes on under those of
//! its answer, and each of the two is a label set. What is beyond folds into `_OVERFLOW`: the own labels, and an endpoint of
//! a function; never a matched or declared endpoint, a [group](HttpMetricsLayer::group_endpoints), the method, the status or
//! the outcome. With `L` label sets, `S` statuses and ends that occurred, and `B` bounds, a Layer exports at most
//! `L × (6 + S)` counters, `L × C × (B + 3)` series of a histogram of `C` classes, and `L` gauges.
//!
//! A method and an endpoint get series of their own with the first call that ends in anything but 405 or 501, or by
//! [declaration](HttpMetricsLayer::endpoints): who tries every method on every route makes none, where the service
//! answers so. Until then their calls are in flight, and their 405s and 501s are counted, under `_OTHER` and
//! `unmatched`. In any case there are no more than methods × routes.
//!
//! # Zeros
//!
//! A counter that is born at 1 shows Prometheus no increase, so a first failure would be lost to every alert. With
//! the first call of a label set its counters of failure stand at 0 (`500`, `502`, `503`, `504`, `panicked`, and
//! `error` where the service can fail). For what was declared by [`endpoints`](HttpMetricsLayer::endpoints),
//! [`initialize`](HttpMetricsLayer::initialize) does it at startup. A route that was not declared loses to
//! `increase()` the failures that come before the scrape that follows its first call.
//!
//! # Where to place it
//!
//! Outside of everything whose answers callers get, and inside of what turns a panic into an answer:
//!
//! | beside | the Layer outside | the Layer inside |
//! |---|---|---|
//! | tower-http's `CatchPanic` | `status="500"`, `completed` | `status="500"`, `panicked`: tells a panic from an answer |
//! | tower-http's `Timeout` | `status="504"` (or its status), `completed` | `status="none"`, `cancelled` |
//! | tower's `Timeout`, `LoadShed` | `error`, as the caller sees it | `cancelled`; a shed call is never seen |
//! | `Compression` | the duration includes compressing what is read | the duration includes waiting for the compressor |
//! | tower's `Buffer`, `ConcurrencyLimit` | waiting in `poll_ready` is not in the duration | the same |
//! | tower's `Retry` | one call | every attempt is a call |
//!
//! With axum, `Router::layer` sees the template of every route, also of routers nested with `nest`, from outside
//! as from inside, and counts what matches no route as `unmatched`. `Router::route_layer` and `MethodRouter::layer`
//! see the template, and nothing of what matches no route. It sees no route, and says `unmatched`:
//!
//! - outside of `nest_service` (a router inside it can have a Layer of its own), and for fallbacks such as
//!   `ServeDir`: tell the endpoint with [`endpoint`](HttpMetricsLayer::endpoint);
//! - around a whole `Router` (`layer.layer(router)`, or a `ServiceBuilder` with a router in it), because routes
//!   are matched inside of it. `axum::serve` does not even compile with that (`expected Response<Body>, found
//!   Response<ResponseBody<Body>>`). With the feature `tracing` it is also said once at run time.
//!
//! As every Layer of axum, it covers the routes that were added before it, and none that come after.
//!
//! Two Layers of the same names around one call count it twice. That is noticed when the first call of a label set
//! passes both of them, counted in `tower_metrics_applied_twice_total`, and said once where the feature `tracing` is on.

mod body;
mod calls;
mod config;
mod errors;
mod future;
mod groups;
mod labels;
mod layer;
mod methods;
#[cfg(feature = "reqwest")]
#[cfg_attr(docsrs, doc(cfg(feature = "reqwest")))]
pub mod reqwest;
mod server;
mod service;
mod setters;
mod spec;
mod told;

pub use self::{
    body::ResponseBody,
    errors::{ErrorKind, Kinds},
    future::ResponseFuture,
    layer::{Http, HttpMetricsLayer},
};
pub use crate::labels::{RequestHead, ResponseHead};
