//! Tower Layers that tell how a service is doing: how many requests, how fast against its SLA, how many in flight, how
//! many refused and by whom.
//!
//! A Layer goes around a tower `Service`, counts every accepted call to its end, whichever end that is, and hands
//! the numbers to the `metrics` facade, so that any exporter can be chosen at startup.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use axum::{Router, routing::get};
//! use tower_metrics::{HttpMetricsLayer, exporter, sla::Sla};
//!
//! # async fn user() {}
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sla = Sla::new("api").availability(0.999).latency(0.99, Duration::from_millis(100));
//! exporter::Prometheus::new().sla(&sla).serve("127.0.0.1:9000").await?;
//!
//! let layer = HttpMetricsLayer::axum().endpoints([("GET", "/users/{id}")]);
//! layer.initialize();
//! let app: Router = Router::new().route("/users/{id}", get(user)).layer(layer);
//! # drop(app);
//! # Ok(())
//! # }
//! ```
//!
//! | to | see |
//! |---|---|
//! | measure HTTP, and know what is recorded when | [`http`], [`HttpMetricsLayer`] |
//! | measure the calls of a client, of hyper-util or of reqwest | [`HttpMetricsLayer::client`], [`http::reqwest`] |
//! | measure gRPC, servers and clients | [`grpc`], [`GrpcMetricsLayer`], [`GrpcMessagesLayer`] |
//! | measure any tower service | [`service`], [`ServiceMetricsLayer`] |
//! | measure code that is no service | [`operation`], [`Operation`] |
//! | record one instrument alone | [`RequestCountLayer`], [`LatencyLayer`], [`InFlightLayer`] |
//! | know who refused, and why | [`rejection`], [`RejectionLayer`] |
//! | know how long callers waited for a service to be ready | [`readiness`], [`ReadinessLayer`] |
//! | know what came of retries | [`retry`] |
//! | count connections | [`connection`], [`ConnectionMetricsLayer`] |
//! | know how a call can end | [`Outcome`] |
//! | promise an availability or a latency, get its bucket bounds, and check them at startup | [`sla`] |
//! | get rules and alerts for Prometheus from the promise | [`rules`] |
//! | get dashboards for Grafana from it | [`dashboard`] |
//! | export to Prometheus, a Pushgateway, StatsD, OpenTelemetry, …, as a URI says | [`exporter`] |
//! | look at the numbers of one process, live, in a browser | [`page`] |
//! | export what the process takes of the machine | [`exporter::process`] |
//! | add labels of one's own, count routes together | [`HttpMetricsLayer::label`], [`HttpMetricsLayer::response_label`], [`HttpMetricsLayer::group_endpoints`] |
//! | record under the names of OpenTelemetry, of axum-prometheus, or of one's own house | [`names::Naming`] |
//! | count something of one's own under bounded labels | [`labels::Capped`] |
//! | list all metrics, give them other names, or declare one of one's own | [`names`] |
//! | test one's own service: what it records, and that every call is counted however it ends | [`testing`], [`testing::torture`] |
//!
//! # Features
//!
//! None is on by default, and each only adds.
//!
//! | feature | adds |
//! |---|---|
//! | `axum` | [`HttpMetricsLayer::axum`]: the route template from axum's `MatchedPath` |
//! | `dashboard` | [`dashboard`]: Grafana dashboards from the SLAs and their rules, [`rules::Rules::grafana_url`] and [`rules::Rules::house`]; brings `rules` |
//! | `descriptors` | [`GrpcMetricsLayer::descriptors`]: gRPC methods from a protobuf descriptor set |
//! | `dogstatsd` | [`exporter`]: `dogstatsd://…` |
//! | `otlp` | [`exporter`]: `otlp+http://…` and `otlp+grpc://…` |
//! | `page` | [`page`]: the numbers as a page for people beside `/metrics`, and the catalogue as JSON; brings `prometheus` and `rules` |
//! | `process` | [`exporter::process`]: what the process takes of the machine, beside the metrics of calls; brings `prometheus` |
//! | `prometheus` | [`exporter::Prometheus`]: bounds, upkeep, and `/metrics` on a listener of its own |
//! | `push-gateway` | [`exporter`]: `pushgateway+http://…`; brings `prometheus` |
//! | `reqwest` | [`http::reqwest`]: calls of a reqwest client |
//! | `rules` | [`rules`]: recording rules and alerts for Prometheus from the SLAs, [`rules::CustomAlert`] for metrics of one's own |
//! | `statsd` | [`exporter`]: `statsd://…` |
//! | `tcp` | [`exporter`]: `tcp://…`, for `metrics-observer` |
//! | `testing` | [`testing`]: an exact recorder with assertions, a clock that a test steps by hand, and a torture that ends calls in every way |
//! | `tower` | [`retry::MeteredPolicy`], and the names of what tower's own limiters refuse |
//! | `tracing` | a warning, once, for a Layer that is applied twice, sees no route, or is initialized too early; and for an export that fails |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod applied_twice;
mod call;
#[cfg_attr(not(feature = "testing"), expect(unreachable_pub, reason = "public through `testing` alone"))]
mod clock;
pub mod connection;
#[cfg(feature = "dashboard")]
#[cfg_attr(docsrs, doc(cfg(feature = "dashboard")))]
pub mod dashboard;
#[cfg_attr(
    not(all(
        feature = "dogstatsd",
        feature = "otlp",
        feature = "push-gateway",
        feature = "statsd",
        feature = "tcp"
    )),
    allow(
        dead_code,
        reason = "what only the exporters need that are not there; with all of them nothing is dead"
    )
)]
pub mod exporter;
pub mod grpc;
mod hints;
pub mod http;
mod in_flight;
mod instrument;
pub mod labels;
pub mod names;
pub mod operation;
mod outcome;
#[cfg(feature = "page")]
#[cfg_attr(docsrs, doc(cfg(feature = "page")))]
pub mod page;
#[cfg(feature = "rules")]
mod promql;
pub mod readiness;
pub mod rejection;
#[cfg(feature = "tower")]
#[cfg_attr(docsrs, doc(cfg(feature = "tower")))]
pub mod retry;
#[cfg(feature = "rules")]
#[cfg_attr(docsrs, doc(cfg(feature = "rules")))]
pub mod rules;
mod series;
pub mod service;
pub mod sla;
mod sync;
#[cfg(feature = "testing")]
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
pub mod testing;

/// The facade, in the version that this crate speaks: another one in the same program records into the void.
pub use ::metrics;

pub use self::{
    connection::ConnectionMetricsLayer,
    grpc::{GrpcMessagesLayer, GrpcMetricsLayer},
    http::HttpMetricsLayer,
    instrument::{InFlightLayer, LatencyLayer, Metrics, RequestCountLayer},
    operation::Operation,
    outcome::Outcome,
    readiness::ReadinessLayer,
    rejection::RejectionLayer,
    service::ServiceMetricsLayer,
};

/// The README's examples, compiled.
#[cfg(all(
    doctest,
    feature = "axum",
    feature = "dashboard",
    feature = "descriptors",
    feature = "page",
    feature = "prometheus",
    feature = "reqwest",
    feature = "testing",
    feature = "tower"
))]
#[doc = include_str!("../README.md")]
struct Readme;

/// The example of the page on dashboards, compiled.
#[cfg(all(doctest, feature = "dashboard"))]
#[doc = include_str!("../docs/dashboards.md")]
struct OnTheScreen;

/// The examples of the page on migrating, compiled.
#[cfg(all(doctest, feature = "axum", feature = "prometheus"))]
#[doc = include_str!("../docs/migrating.md")]
struct Migrating;

/// The examples of the page on exporters, compiled.
#[cfg(all(doctest, feature = "prometheus"))]
#[doc = include_str!("../docs/exporters.md")]
struct Chosen;

/// The examples of the guide, compiled.
#[cfg(all(doctest, feature = "prometheus", feature = "testing"))]
#[doc = include_str!("../docs/guide.md")]
struct Guide;

/// The examples of the page on performance, compiled.
#[cfg(doctest)]
#[doc = include_str!("../docs/performance.md")]
struct Performance;
