//! Who refused, and why: a limiter's own refusals, told from what came from further in.
//!
//! [`RejectionLayer`] goes around the *Layer* of a limiter: tower's `LoadShed`, `Timeout` and `Buffer`, tower-governor's,
//! or one of the user's own. It is an outer and an inner half. The inner half marks what passes it on its way out: errors
//! are wrapped, answers that could be taken for refusals get an extension. What reaches the outer half unmarked is the
//! limiter's own, and is a refusal; what is marked is opened again, and goes on as it was, of the type that it was.
//!
//! | metric | labels | counts |
//! |---|---|---|
//! | `limiter_calls_total` | `limiter` | calls that reached the limiter |
//! | `requests_rejected_total` | `limiter`, `reason` | all that it refused |
//! | `rate_limit_exceeded_total` | `limiter` | what it refused as `rate_limited` |
//!
//! # Example
//!
//! ```
//! use tower::{BoxError, ServiceBuilder, load_shed::LoadShedLayer, service_fn};
//! use tower_metrics::RejectionLayer;
//!
//! let service = ServiceBuilder::new()
//!     .layer(RejectionLayer::new("edge").around(LoadShedLayer::new()))
//!     .concurrency_limit(100)
//!     .service(service_fn(async |request: String| Ok::<_, BoxError>(request)));
//! # drop(service);
//! ```
//!
//! A limiter that answers instead of failing is judged by its answers:
//! `RejectionLayer::new("edge").http().around(GovernorLayer::new(config))`.
//!
//! # When it records
//!
//! A call is counted in `Service::call`, a refusal when its future is ready:
//!
//! | the limiter's own | `reason` |
//! |---|---|
//! | answer 429, or gRPC's `ResourceExhausted` in a head without messages (`.http()`) | `rate_limited` |
//! | `Overloaded` of tower's `LoadShed` (feature `tower`), answer 503 | `overloaded` |
//! | `Elapsed` of tower's `Timeout` (feature `tower`), answer 408 or 504, gRPC's `DeadlineExceeded` | `timed_out` |
//! | `Closed` or `ServiceError` of tower's `Buffer` (feature `tower`) | `closed` |
//! | whatever [`reason`](RejectionLayer::reason) has a word for | that word |
//! | any other error | `other` |
//!
//! A call that is dropped was not refused. Neither `Pending` nor an error in `poll_ready` is a refusal, because no call
//! was made: waiting is measured by [`ReadinessLayer`](crate::ReadinessLayer). On a good answer nothing is allocated, unless
//! `by_endpoint` or `reason` asks for more.
//!
//! # Limits
//!
//! Two limiters inside of one `around` are one limiter. tower's `HandleErrorLayer` of axum goes outside of `around`, where
//! errors have their own types again. `Buffer` holds errors of the service in one of its own, `ServiceError`, in whose
//! chain of sources there is then one link more. A limiter with an error type of its own implements
//! [`LimiterError`].

mod inner;
mod layer;
mod limiter;
mod outer;
mod passed;
mod reason;

pub use self::{
    inner::{Inner, InnerFuture},
    layer::{Around, RejectionLayer},
    limiter::Limiter,
    outer::{Rejection, ResponseFuture},
    passed::{LimiterError, Opened, Passed},
    reason::{Answers, Errors, Judge, Locate, Refusal},
};
