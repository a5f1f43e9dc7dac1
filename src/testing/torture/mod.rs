//! A service of one's own, run through every way in which a call can end.
//!
//! A call is answered, or dropped before its first poll, while it is pending, by another thread, as the stack of its caller unwinds,
//! or with its task; its body is read, dropped unread, half read, or by another thread; the service panics in `call`, in its
//! future or in its body, and fails. Whatever it is, the call has to be counted, once, and to leave the gauge. [`Torture`] makes
//! calls that end in each of these ways, many at once and a step of each in turn, and compares what it did with what the recorder
//! counted: calls made are calls ended and calls in flight, after every step, and at the end everything
//! [balances](crate::testing::Recorder::balance), beside what did not before. Then several threads drop many calls at once while
//! others begin.
//!
//! ```
//! use axum::{Router, body::Body, http::Request, routing::get};
//! use tower_metrics::{HttpMetricsLayer, testing::{Faults, Recorder, Torture}};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let recorder = Recorder::new();
//! let faults = Faults::new();
//! let app: Router = Router::new()
//!     .route("/users/{id}", get(async || "Ada"))
//!     .layer(faults.http()) // inside: the application itself panics, fails and waits
//!     .layer(HttpMetricsLayer::axum().recorder(recorder.shared()));
//!
//! let torture = Torture::new(&recorder).faults(&faults).tasks(|task| {
//!     let task = tokio::spawn(task);
//!     move || task.abort()
//! });
//! let request = || Request::get("/users/7").body(Body::empty()).unwrap();
//! let report = torture.run_http(|| app.clone(), request).await;
//!
//! report.assert_balanced();
//! assert_eq!(recorder.counter("http_requests_total", []), report.calls());
//! # let said = report.to_string();
//! # let expected = [
//! #     "balanced\n408 calls, seed 0; and 264 that never reached the Layer, which is called by the first poll:\n",
//! #     "\n  answered, and read to the end         16\n",
//! #     "\n  dropped while pending                 24\n",
//! #     "\n  the body fails                        8\n  dropped by several threads at once    512\ncounted:\n",
//! #     "\n  http_requests_total{method=\"GET\",endpoint=\"/users/{id}\",status=\"200\",outcome=\"completed\"} 48\n",
//! # ];
//! # for part in expected {
//! #     assert!(said.contains(part), "{part}\n{said}");
//! # }
//! # }
//! ```
//!
//! The report as text begins so:
//!
//! ```text
//! balanced
//! 408 calls, seed 0; and 264 that never reached the Layer, which is called by the first poll:
//!   ready, and not called                 8
//!   answered, and read to the end         16
//!   dropped before the first poll         8
//!   dropped while pending                 24
//!   …
//! counted:
//!   http_requests_total{method="GET",endpoint="/users/{id}",status="200",outcome="body_dropped"} 24
//!   …
//! ```
//!
//! Of a middleware that forgets the calls that were dropped before their head, it would say:
//!
//! ```text
//! not balanced:
//!   after a call (the service panics in call): 3 had begun, http_requests_total had counted 0, and http_requests_in_flight was at 2
//!   672 calls were made, and http_requests_total counted 88
//!   672 calls were made, and http_request_duration_seconds has 88 samples
//! ```
//!
//! # What to put where
//!
//! [`Faults`] go inside of the Layer that measures, as near to the service as can be: what they do is what the service does. The
//! tortured service is the one outside of the Layer, with all that stands between. What a Layer in between answers, such as
//! tower-http's `CatchPanic`, is an answer to the torture, and the report counts the fault all the same. What goes to another task
//! (tower's `Buffer`, a server behind a socket) ends when that task finds the time: torture what is inside of it.
//!
//! # What it compares, and what it cannot
//!
//! - Where the counter has the label `outcome`, with the words of [`Outcome`](crate::Outcome), a call that is known to have
//!   panicked, to have been cancelled, to have failed or to have broken off in its body has to be counted as that. Known is what a
//!   fault brought about and the torture saw. A counter with other words is asked for its sum alone; so name what
//!   [`classify`](crate::ServiceMetricsLayer::classify) makes of an error with a word that is no outcome's.
//!   Of the body of an answer that has none, to a `HEAD` or with a 204, nothing is known.
//! - Where only a gauge is recorded, it has to have been above what it stood at, never above the calls that go on, and never
//!   below those that the faults hold back.
//! - Two calls never begin at the same moment, for a service need not be `Send`: it is their ends that several threads bring about
//!   at once, while one thread begins more. A gauge that is loaded and then stored is seen if that happens to go wrong, which it
//!   does not in every run.
//! - A torture that makes no call, whose faults nobody takes, or in which nothing came of a way, is not balanced.
//!
//! # How it does it
//!
//! It polls and drops by hand, in the task of the test: no runtime is needed, no time passes, and the same seed gives the same
//! order of steps, but for what [tasks of the runtime](Torture::tasks) and timers of the service do. Its own panics write nothing to
//! the standard error. An endless body is left after 1,000 frames, and a call that nothing comes of after
//! [`patience`](Torture::patience). `poll_ready` is asked before each call, and a service that is not ready is asked again when
//! another call has ended. A `poll_ready` that fails is no call, and no fault makes one fail.

mod aborted;
mod at_once;
mod call;
mod dice;
mod drive;
mod faults;
mod faulty;
mod faulty_http;
mod left;
mod outcomes;
mod patience;
mod reading;
mod report;
mod rest;
mod run;
mod told;
mod way;
mod witness;

pub use self::{
    aborted::Task,
    faults::{Faults, HttpFaults},
    faulty::{Faulty, FaultyFuture},
    faulty_http::{FaultyBody, FaultyHttp, FaultyHttpFuture},
    report::Report,
    run::Torture,
    way::Way,
};
