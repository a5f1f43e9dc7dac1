//! Grafana dashboards, from the promise of a service.
//!
//! What an operator looks at follows from the same promise as the alerts: every line in a panel is where the objective is, or
//! where an alert of the [rules](crate::rules) fires, and every query reads what a Layer exports or a rule records.
//!
//! ```
//! use std::time::Duration;
//! use tower_metrics::{dashboard::Dashboards, rules::Rules, sla::Sla};
//!
//! let shop = Sla::new("shop")
//!     .job("shop-backend")
//!     .availability(0.999)
//!     .latency(0.99, Duration::from_millis(100))
//!     .operation("db_query", |it| it.availability(0.999));
//!
//! let rules = Rules::new([&shop]).grafana_url("https://grafana.example.com"); // every alert links to its dashboard
//! for dashboard in Dashboards::of(&rules).all() {
//!     let (file, json) = (format!("{}.json", dashboard.uid()), dashboard.to_json());
//!     println!("{file}: {} bytes", json.len());
//!     // std::fs::write(dir.join(file), json)?
//! }
//! # let uids: Vec<_> = Dashboards::of(&rules).all().iter().map(|it| it.uid().to_owned()).collect();
//! # assert_eq!(uids, ["tower-metrics-overview", "tower-metrics-shop-http", "tower-metrics-shop-operations"]);
//! ```
//!
//! `cargo run --example slo -- --out DIR` writes those of the examples into `DIR/dashboards`. The page `docs/dashboards.md` of
//! the repository shows them as pictures, and says how Grafana gets them: by hand, and by provisioning.
//!
//! # Which there are
//!
//! | dashboard | of | rows |
//! |---|---|---|
//! | overview | all services | all objectives; rate, errors and P99 of HTTP, gRPC and operations by service; alerts and instances |
//! | `<service>: HTTP` | the HTTP calls of a service | overview; rate, errors, duration; by instance; one for each objective; saturation; refusals; anomalies; the metrics themselves |
//! | `<service>: gRPC` | its gRPC calls, if something is promised of them | overview; rate, errors, duration by code and method; by instance; one for each objective; streams and messages; refusals; the metrics themselves |
//! | `<service>: operations` | its operations, if something is promised of them | overview; one for each operation, followed by its objectives; the metrics themselves |
//! | a title of your own | metrics of your own: [`Dashboards::board`] | one for each metric |
//!
//! A service is a job and its selectors: promises of one job make one set of dashboards. The row of anomalies is there if
//! [`Alert::Anomaly`](crate::rules::Alert::Anomaly) is on.
//!
//! # What they need
//!
//! - The [rules](crate::rules) of the same promises, loaded by the same Prometheus: the rows of objectives, Apdex, anomalies and
//!   the overview read what these record. Everything else reads the Layers' own series.
//! - The scrape interval, said in the data source (*Interval behaviour → Scrape interval*, `timeInterval` in provisioning):
//!   Grafana makes `$__rate_interval`, the window of every rate, of it.
//! - One program that writes those of all services, so that one overview has them all. Who writes them in two places gives each
//!   its own [`Rules::house`](crate::rules::Rules::house), by which dashboards in one Grafana are told apart.
//! - Grafana 10 or later: the JSON is the classic model in schema version 39.
//!
//! Numbers and tables tell of the last rate interval, about a minute at the usual range of six hours. They are asked of this
//! moment: of a service that is gone they say *No data*, and not what was last.
//!
//! *In flight* has a limit to be compared with, and *Refusals* has series, only where a Layer was told
//! ([`in_flight_limit`](crate::HttpMetricsLayer::in_flight_limit), [`RejectionLayer`](crate::RejectionLayer)).
//!
//! # What is in all of them
//!
//! Variables choose the data source, the instances, and the routes or methods; rows of objectives, the budgets of the
//! overview row, Apdex and anomalies are of the service as a whole and do not follow them. In every panel a red mark is an alert that fires (`ALERTS`), and a blue one an instance
//! that was not there in the quarter of an hour before, as `tower_metrics_build_info` tells: a deploy, most often. One that
//! restarts under the same address within that time leaves no mark. Dashboards link to each other, refresh every 30 s, and cannot be edited in Grafana:
//! what is changed by hand would be lost with the next promise.
//!
//! The status of the counter is exact and that of the histogram is its class; so no variable is called `status`, and the legend
//! of the one is `class`, made of the exact status.
//!
//! [`Dashboards::to_lint`] writes the exceptions for those who run grafana/dashboard-linter over what they deploy.
//!
//! What is written is the same, byte for byte, for the same promises: files that are committed change only with them.

mod builder;
mod frame;
mod grpc;
mod http;
mod layout;
mod lint;
mod model;
mod operations;
mod overview;
mod own;
mod red;
mod service;
mod shared;
mod slo;

pub use self::builder::{Dashboard, Dashboards};
