//! What tests of one's own service need: an exact recorder with assertions, a clock that they step by hand, and a torture that
//! ends calls in every way.
//!
//! The recorder keeps every count and every sample, belongs to one test, and needs no global state.
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
//! let metrics = Recorder::new();
//! let (clock, time) = Clock::mock();
//! let service = HttpMetricsLayer::new().recorder(metrics.shared()).clock(clock).layer(service_fn(
//!     move |_: Request<Empty<Bytes>>| {
//!         time.advance(Duration::from_millis(30));
//!         async { Ok::<_, std::io::Error>(Response::new(Full::<Bytes>::default())) }
//!     },
//! ));
//!
//! service.oneshot(Request::new(Empty::new())).await.unwrap();
//!
//! assert_eq!(metrics.counter("http_requests_total", [("status", "200")]), 1);
//! metrics.assert_counter("http_requests_total", [("status", "200"), ("outcome", "completed")], 1);
//! assert_eq!(metrics.samples("http_request_duration_seconds", []), [0.03]);
//! assert_eq!(metrics.histogram("http_request_duration_seconds", []).within(Duration::from_millis(100)), 1);
//! metrics.assert_balanced();
//! # let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
//! #     metrics.assert_counter("http_requests_total", [("status", "200")], 2);
//! # }));
//! # let said = failed.unwrap_err().downcast_ref::<String>().unwrap().clone();
//! # assert!(said.starts_with("http_requests_total{status=\"200\"}: expected 2, found 1\n  > http_requests_total{"), "{said}");
//! # assert!(said.contains("\n    http_requests_total{method=\"GET\",endpoint=\"unmatched\",status=\"500\",outcome=\"error\"} 0\n"), "{said}");
//! # }
//! ```
//!
//! # What an assertion says
//!
//! An assertion that fails says what was asked for, what was expected and what there was, and lists every series of the
//! metric; those that were asked for are marked. Were 2 expected above:
//!
//! ```text
//! http_requests_total{status="200"}: expected 2, found 1
//!   > http_requests_total{method="GET",endpoint="unmatched",status="200",outcome="completed"} 1
//!     http_requests_total{method="GET",endpoint="unmatched",status="500",outcome="error"} 0
//!     …
//! ```
//!
//! A value that never occurred is told beside those that did. A name that was neither recorded nor described, and a label that no
//! series has, are refused even where 0 is expected, and what is near them is told: a name with a mistake in it is no proof that
//! nothing happened. [`counter`](Recorder::counter), [`gauge`](Recorder::gauge) and [`samples`](Recorder::samples) only tell, 0
//! where there is nothing.
//!
//! # When to ask
//!
//! A call ends with its body: above that is empty, and ends with the head. In a test of an application, read the body to its end
//! before the assertion, else the call is still in flight, or `body_dropped`. [`Recorder::assert_balanced`] asks whether all that
//! began was counted and timed, and has left the gauges: at the end of a test it finds what the test did not think of.
//! [`Recorder::until`] waits for what another task records at a time of its own.
//!
//! # Runtimes of several threads
//!
//! A recorder that a Layer was given, `.recorder(recorder.shared())`, records whatever thread a call begins or ends on. Each has
//! that setter: [`HttpMetricsLayer`](crate::HttpMetricsLayer), [`GrpcMetricsLayer`](crate::GrpcMetricsLayer),
//! [`ServiceMetricsLayer`](crate::ServiceMetricsLayer), [`Operation`](crate::Operation),
//! [`RejectionLayer`](crate::RejectionLayer), [`ReadinessLayer`](crate::ReadinessLayer),
//! [`ConnectionMetricsLayer`](crate::ConnectionMetricsLayer), [`Capped`](crate::labels::Capped), and `MeteredPolicy` of
//! the feature `tower`. [`GrpcMessagesLayer`](crate::GrpcMessagesLayer) and the single instruments, such as
//! [`RequestCountLayer`](crate::RequestCountLayer), are made from a Layer that has it. An application that makes its Layers in one
//! place gives them all a recorder in one line: `examples/bookshop` of the repository does, and its tests are written with this
//! module alone.
//!
//! What records through the macros of the facade is recorded by [`Recorder::local`]. That holds for the
//! thread that calls it and no other, so the runtime inside of it has to be of one thread:
//!
//! ```
//! use tower_metrics::{metrics, testing::Recorder};
//!
//! let recorder = Recorder::new();
//! recorder.local(|| {
//!     let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//!     runtime.block_on(async { metrics::counter!("orders_total", "plan" => "free").increment(2) });
//! });
//! recorder.assert_counter("orders_total", [("plan", "free")], 2);
//! ```
//!
//! # Torture
//!
//! [`Torture`] runs a service of one's own through every way in which a call can end, and says whether each was counted: see
//! [`torture`].

mod asked;
mod assertions;
mod balance;
mod calls;
mod distribution;
mod families;
mod labels;
mod pair;
mod recorder;
mod store;
pub mod torture;
mod unbalanced;
mod until;

pub use self::{
    distribution::Distribution,
    labels::Labels,
    recorder::Recorder,
    store::Description,
    torture::{Faults, Torture},
    unbalanced::Unbalanced,
};
pub use crate::clock::{Clock, MockClock};
