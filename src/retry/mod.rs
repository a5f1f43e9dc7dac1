//! Retries: how many attempts were retried, and what came of the calls that were.
//!
//! [`MeteredPolicy`] goes around any [`tower::retry::Policy`] and counts `retry_attempts_total`, with the labels
//! `policy` and `result`:
//!
//! | `result` | counted |
//! |---|---|
//! | `retried` | for each attempt that the policy retries |
//! | `recovered` | once, for a call that was retried and then succeeded |
//! | `gave_up` | once, for a call that was retried and then failed for good |
//! | `unfinished` | once, for a call that was retried and then dropped, whose request could not be cloned again, or whose service failed in `poll_ready` |
//!
//! A call that is answered at its first attempt, well or not, counts nothing: the Layers around count calls. `Ok` is a
//! success unless [`success`](MeteredPolicy::success) says otherwise.
//!
//! ```
//! # use std::{future::{Ready, ready}, io};
//! use tower::{ServiceBuilder, retry::{Policy, RetryLayer}};
//! use tower_metrics::{ServiceMetricsLayer, retry::MeteredPolicy};
//!
//! #[derive(Clone)]
//! struct Attempts(usize);
//!
//! impl Policy<u32, u32, io::Error> for Attempts {
//!     type Future = Ready<()>;
//!
//!     fn retry(&mut self, _: &mut u32, result: &mut Result<u32, io::Error>) -> Option<Self::Future> {
//!         (result.is_err() && self.0 > 0).then(|| { self.0 -= 1; ready(()) })
//!     }
//!
//!     fn clone_request(&mut self, request: &u32) -> Option<u32> {
//!         Some(*request)
//!     }
//! }
//!
//! let service = ServiceBuilder::new()
//!     .layer(ServiceMetricsLayer::new("payment")) // one call
//!     .layer(RetryLayer::new(MeteredPolicy::new("payment", Attempts(2))))
//!     .layer(ServiceMetricsLayer::new("payment").attempts()) // each attempt, under names of its own
//!     .service_fn(async |amount: u32| Ok::<_, io::Error>(amount));
//! # tower::ServiceExt::oneshot(service, 1);
//! ```

mod policy;

pub use self::policy::MeteredPolicy;
