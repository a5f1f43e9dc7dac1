//! How long callers wait in `poll_ready`: in front of a `ConcurrencyLimit`, a `RateLimit`, a `Buffer`.
//!
//! Such a limiter refuses nothing; it lets callers wait, which is in no call's duration, because no call was made
//! yet. [`ReadinessLayer`] goes around it and records `service_ready_wait_seconds`.
//!
//! ```
//! use std::time::Duration;
//!
//! use tower::{ServiceBuilder, service_fn};
//! use tower_metrics::ReadinessLayer;
//!
//! let service = ServiceBuilder::new()
//!     .layer(ReadinessLayer::new("payments"))
//!     .concurrency_limit(100)
//!     .service(service_fn(async |request: String| Ok::<_, std::io::Error>(request)));
//! # drop(service);
//! ```
//!
//! # When it records
//!
//! A wait begins with the first `Pending` of a handle. It is recorded once, when that handle is next found `Ready`
//! (`outcome="ready"`), fails (`error`) or is dropped (`abandoned`); a panic of the service is `panicked` when the
//! handle is dropped. A handle that is ready at once waits for nothing, and records nothing. A caller that stops
//! asking and keeps its handle cannot be seen: its wait lasts until it asks again. Clones wait on their own clock.
//!
//! # Where to place it
//!
//! Directly around what makes callers wait, and not directly inside of a `LoadShed`: there nobody waits, because it asks
//! once and refuses. Inside of a `Buffer` it sees the waits of the one task that drives the
//! service, not those of the callers in the queue.

mod layer;

pub use self::layer::{Readiness, ReadinessLayer};
