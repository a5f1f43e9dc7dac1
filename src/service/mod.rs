//! Any tower service: a query, a job, an inference, an agent's execution.
//!
//! [`ServiceMetricsLayer`] goes around any `Service<Request>`, whatever its request, answer and error are.
//! `ServiceMetricsLayer::new("db_query")` records
//!
//! | metric | kind | labels |
//! |---|---|---|
//! | `db_query_total` | counter | `outcome`, and those that were added |
//! | `db_query_duration_seconds` | histogram | the same |
//! | `db_query_in_flight` | gauge | those that were added |
//! | `db_query_oldest_start_timestamp_seconds`, on request | gauge | those that were added |
//! | `db_query_started_total`, on request | counter | those that were added |
//! | `db_query_in_flight_limit`, where told | gauge | none |
//!
//! [`RequestCountLayer`](crate::RequestCountLayer), [`LatencyLayer`](crate::LatencyLayer) and
//! [`InFlightLayer`](crate::InFlightLayer) record one of the first three. Code that is no service has
//! [`Operation`](crate::Operation), which records the same.
//!
//! # Example
//!
//! ```
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//! use tower_metrics::{ServiceMetricsLayer, testing::Recorder};
//!
//! struct Query { kind: &'static str }
//! struct Row { cached: bool }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! # let recorder = Recorder::new();
//! let layer = ServiceMetricsLayer::new("db_query")
//! #     .recorder(recorder.shared())
//!     .label("query_type", |query: &Query| query.kind.into())
//!     .classify(|row: Result<&Row, &std::io::Error>| match row {
//!         Ok(row) if row.cached => "hit",
//!         Ok(_) => "miss",
//!         Err(_) => "failed",
//!     })
//!     .expect_words(["hit", "miss", "failed"]);
//! let database = ServiceBuilder::new()
//!     .layer(layer)
//!     .service(service_fn(async |_: Query| Ok::<_, std::io::Error>(Row { cached: true })));
//!
//! database.oneshot(Query { kind: "select" }).await?;
//! # assert!(recorder.to_string().contains("db_query_total{query_type=\"select\",outcome=\"hit\"} 1"));
//! # Ok(())
//! # }
//! ```
//!
//! An exporter shows `db_query_total{query_type="select",outcome="hit"} 1`.
//!
//! # When it records
//!
//! A call begins in `Service::call`, before the inner service is called, and ends exactly once:
//!
//! | what happens | `outcome` |
//! |---|---|
//! | the future gives `Ok` | `completed`, or the word of [`classify`](ServiceMetricsLayer::classify) |
//! | it gives `Err` | `error`, or the word of `classify` |
//! | it is dropped before, polled or not | `cancelled` |
//! | the service panics in `call` or in its future | `panicked` |
//!
//! [`word`](ServiceMetricsLayer::word) says another word for an outcome, and
//! [`outcome_label`](ServiceMetricsLayer::outcome_label) calls the label something else. `poll_ready` records nothing:
//! see [`ReadinessLayer`](crate::ReadinessLayer). Closures run in `call`, and when the result is there; never in `Drop`.
//!
//! With the first call of a label set, its counters of `panicked` and of `error` stand at zero, and those of the
//! [expected words](ServiceMetricsLayer::expect_words) in the place of `error`.
//!
//! # Labels
//!
//! What [`label`](ServiceMetricsLayer::label) returns is made clean (control characters, `\` and `"` become `_`) and cut
//! at 128 bytes. One label has at most [`max_values`](ServiceMetricsLayer::max_values), all of them together make at most
//! [`max_label_sets`](ServiceMetricsLayer::max_label_sets). What is beyond is `_OVERFLOW`, keeps its outcome, and is
//! counted in `tower_metrics_overflow_total`.
//!
//! # Where to place it
//!
//! Outside of a `Retry` it sees calls; inside, told [`attempts`](ServiceMetricsLayer::attempts), it sees attempts under
//! names of their own. Outside of `LoadShed` and `Timeout` it sees `error` where they refuse, which
//! [`RejectionLayer`](crate::RejectionLayer) tells by reason; inside it sees `cancelled`, or no call at all. Waiting in
//! front of a `ConcurrencyLimit` is in no call's duration.

mod answers;
mod config;
mod future;
mod hooks;
mod layer;
#[expect(clippy::module_inception, reason = "each protocol has its service in a file of this name")]
mod service;

pub(crate) use self::{answers::OutcomeWords, config::Config};
pub use self::{
    future::ResponseFuture,
    hooks::{Classified, Classify, Labelled, RequestLabels},
    layer::{AnyService, ServiceMetricsLayer},
};
pub use crate::labels::values::LabelValues;
