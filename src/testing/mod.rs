//! What tests need: an exact recorder of their own, and a clock that they step by hand.
//!
//! The recorder keeps every count and every sample, belongs to one test, and needs no global state. Hand it to a
//! Layer, or make it current with `metrics::with_local_recorder`.
//!
//! ```
//! use std::time::Duration;
//!
//! use http::{Request, Response};
//! use http_body_util::{Empty, Full};
//! use bytes::Bytes;
//! use tower::{Layer, ServiceExt, service_fn};
//! use tower_metrics::{HttpMetricsLayer, testing::{Clock, Recorder}};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let recorder = Recorder::new();
//! let (clock, time) = Clock::mock();
//! let service = HttpMetricsLayer::new().recorder(recorder.shared()).clock(clock).layer(service_fn(
//!     move |_: Request<Empty<Bytes>>| {
//!         time.advance(Duration::from_millis(30));
//!         async { Ok::<_, std::io::Error>(Response::new(Full::<Bytes>::default())) }
//!     },
//! ));
//!
//! service.oneshot(Request::new(Empty::new())).await.unwrap();
//!
//! assert_eq!(recorder.counter("http_requests_total", &[("status", "200"), ("outcome", "completed")]), 1);
//! assert_eq!(recorder.samples("http_request_duration_seconds", &[]), [0.03]);
//! assert_eq!(recorder.gauge("http_requests_in_flight", &[]), 0.0);
//! # }
//! ```
//!
//! A call ends with its body: here that is empty, and ends with the head. In a test of an application, read the
//! body to its end before the assertion, else the call is still in flight, or `body_dropped`. Names and labels that
//! were never recorded sum up to 0: an assertion of 0 is worth more beside one that is not.

mod asked;
mod assertions;
mod balance;
mod distribution;
mod families;
mod labels;
mod recorder;
mod store;
pub mod torture;

pub use self::{
    balance::Unbalanced,
    distribution::Distribution,
    labels::Labels,
    recorder::Recorder,
    store::Description,
    torture::{Faults, Torture},
};
pub use crate::clock::{Clock, MockClock};
