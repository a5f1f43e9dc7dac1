//! What a service promises, said once: how often it answers well, and how fast.
//!
//! Everything else follows from the promise: the bucket bounds of the histograms, which make the share of calls within a
//! threshold a ratio of two counts, without interpolation; the check at startup that these bounds are what is really
//! exported; and, with the feature `rules`, recording rules and alerts for Prometheus.
//!
//! ```
//! use std::time::Duration;
//! use tower_metrics::sla::Sla;
//!
//! let sla = Sla::new("shop")
//!     .job("shop-backend") // what Prometheus calls it; the name of the SLA unless said
//!     .availability(0.999)
//!     .latency(0.99, Duration::from_millis(100))
//!     .endpoint("POST", "/reports", |it| it.latency(0.95, Duration::from_secs(2)))
//!     .operation("db_query", |it| it.availability(0.999).latency(0.99, Duration::from_millis(50)))
//!     .streams(["/events"]);
//!
//! assert_eq!(
//!     sla.bounds(),
//!     [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.2, 0.25, 0.4, 0.5, 1.0, 1.5, 2.0, 2.5, 5.0, 8.0, 10.0, 20.0],
//! );
//! ```
//!
//! # What counts
//!
//! | objective | good | bad | on neither side |
//! |---|---|---|---|
//! | HTTP availability | every other answer | status 5xx; outcome `error`, `panicked`, `body_error` | cancelled calls; 4xx of `unmatched`; excluded routes |
//! | HTTP latency | 1xx to 3xx within T | 1xx to 3xx, and cancelled calls, longer than T | 4xx and 5xx; calls cancelled within T; excluded routes and streams |
//! | HTTP head latency | the same, to the response head | the same | the same, but streams count |
//! | gRPC availability | every other code | `Unknown`, `DeadlineExceeded`, `Internal`, `Unavailable`, `DataLoss` | `Canceled`; the service `unknown` |
//! | gRPC latency | every call that ended within T | every call that ended later | the service `unknown` |
//! | operation availability | every other word | all but `completed` and `cancelled`, or the words declared | `cancelled` |
//! | operation latency | good calls within T | good and cancelled calls longer than T | bad calls; calls cancelled within T |
//!
//! An endpoint or a gRPC method with an objective of its own leaves the service-wide objective of the same kind
//! (availability, latency, head latency), unless it [`also_counts`](Endpoint::also_counts).
//!
//! Where the Layers have another [naming scheme](crate::names::Naming#schemes), an outcome is told by its labels. That of
//! axum-prometheus has none for it: a body that broke off counts as its status does, and HTTP latencies are those to the head.
//!
//! # Changing a threshold
//!
//! A share within a threshold can only be counted where the threshold is a bound, and instances of two versions run side
//! by side during a roll-out. Rules count only instances that have the bound. So change a latency in two releases: first
//! [`also_bound`](Sla::also_bound) the new threshold, then promise it. Only the thresholds T, and 4 T, are stable bounds.

mod bounds;
mod check;
mod endpoint;
mod grpc;
#[cfg(feature = "rules")]
mod merged;
mod objectives;
mod operation;
mod promise;
mod said;
mod share;
mod slo;

pub(crate) use self::bounds::SECONDS;
#[cfg(feature = "page")]
pub(crate) use self::merged::{by_service, of_naming};
pub use self::{
    bounds::{bounds, histogram_bounds},
    check::{CheckError, Checked},
    endpoint::Endpoint,
    grpc::Grpc,
    objectives::LatencyObjective,
    operation::Operation,
    promise::Sla,
};
#[cfg(feature = "rules")]
pub(crate) use self::{
    merged::{Merged, merged},
    objectives::{assert_threshold, nanos},
    share::{budget, percent, percentile},
    slo::{Objective, Scope, Slo},
};
