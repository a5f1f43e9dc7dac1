//! Recording rules and alerts for Prometheus, from the promise of a service.
//!
//! The promise is said once, in code. Its thresholds are bucket bounds, its objectives are recorded as error ratios and
//! budgets, and its alerts follow: nothing that depends on it is typed a second time, and what follows from
//! the promise reads nothing but `up` and series that a Layer of this crate exports.
//!
//! ```
//! use std::time::Duration;
//! use tower_metrics::{rules::Rules, sla::Sla};
//!
//! let api = Sla::new("api").availability(0.999).latency(0.99, Duration::from_millis(100));
//! let yaml = Rules::new([&api]).to_yaml();
//!
//! assert!(yaml.contains("slo:period_error_budget_remaining:ratio"));
//! // A program of a few lines writes it where Prometheus finds it: std::fs::write("rules/api.yml", yaml)
//! ```
//!
//! `cargo run --example slo -- --out DIR` writes the rules of an example, and beside them what Prometheus and
//! Alertmanager are configured with.
//!
//! # What is recorded
//!
//! Every rule of a service selects its [`job`](crate::sla::Sla::job) and its
//! [selectors](crate::sla::Sla::selector), and what is recorded has them as labels.
//!
//! | series | labels beside `job` | what |
//! |---|---|---|
//! | `job:http_requests:rate5m`, `job:http_errors:rate5m` | | all HTTP calls a second, and those of status 5xx |
//! | `job_endpoint:http_requests:rate5m`, `job_endpoint:http_errors:ratio_rate5m` | `endpoint` | the same by route, errors as a share |
//! | `job_le:http_request_duration_seconds_bucket:rate5m` | `le` | for quantiles: `histogram_quantile(0.99, …)` |
//! | `job:apdex:ratio_rate5m` | | Apdex: calls within T, and half of those within 4 T, of all |
//! | `job:rate_limit_exceeded:rate5m` | | calls refused because there were too many |
//! | `job:http_judged:rate5m`, `job:http_bad:rate5m` | | the calls that tell how the service is doing, and the bad ones |
//! | `job:http_cancelled:rate5m` | | the calls that callers gave up |
//! | `job:http_timed:rate5m`, `job:http_slow:rate5m` | | the calls whose time counts, and those above the high latency |
//! | `slo:sli_total:rateW`, `slo:sli_bad:rateW` for 5m, 30m, 1h | `slo` | what an objective counts, and of it the bad |
//! | `slo:sli_error:ratio_rateW` for 5m, 30m, 1h, 2h, 6h, 1d, 3d, 30d | `slo` | the bad as a share |
//! | `slo:period_error_budget_remaining:ratio` | `slo` | 1 is untouched, 0 is spent, below it is overdrawn |
//! | `slo:current_burn_rate:ratio`, `slo:period_burn_rate:ratio` | `slo` | how many times as fast as allowed |
//! | `slo:objective:ratio`, `slo:error_budget:ratio`, `slo:time_period:days` | `slo` | the promise |
//!
//! `slo` is the name of the SLA and of the objective: `api-availability`, `api-latency-p99`,
//! `api-GET-/reports-latency-p95` (with `method` and `endpoint`), `api-grpc-availability`,
//! `api-operation-db_query-availability`. The names beginning with `slo:` are those of the tool sloth, whose dashboards show
//! them. What counts as good and bad is in the [manual of the promise](crate::sla#what-counts).
//!
//! Ratios over two hours and more are weighted by traffic: sums of what was recorded each 30 s, not means of ratios, of which
//! a quiet night with one failure spoils a month and an hour of silence makes a NaN. Those of a day and more are evaluated
//! every five minutes.
//!
//! # Under another naming scheme
//!
//! The [naming](crate::sla::Sla::naming) of the promise says by which metrics and labels calls are told, so the same promise has
//! the same numbers under each scheme, as far as the scheme tells them:
//!
//! - *OpenTelemetry*: calls are counted by the `_count` of the histogram. What has no status failed, or was given up, by `error_type`; what
//!   has no route is unmatched. Which gRPC calls are unary is told by what is in flight. `endpoint` is `http_route` in what is recorded.
//! - *axum-prometheus*: there is no label for how a call ended. Calls given up are those of `status="none"`; a body that broke off is a
//!   good answer; latencies are those to the response head, of streams too.
//!
//! # When an alert fires
//!
//! [`Alert`] tells of each. Burn rates are those of Google's *Site Reliability Workbook*, chapter 5, worked out for the
//! [period](crate::sla::Sla::period); a condition that no outage could meet is left out, and an objective without a
//! page is refused. Ratios are guarded by the number of bad events, never by traffic: a service of a call a minute that
//! fails for ten minutes pages, and one failed call does not. Below that, nothing can be told from traffic; only a probe
//! helps.
//!
//! Intervals of 30 s, and scrapes of every 15 s, are what the windows are made for: a window of five minutes wants four scrapes.
//! Prometheus has to keep its data for as long as the period: `--storage.tsdb.retention.time=40d` for 30 days.
//!
//! # Alerts of one's own
//!
//! What a service measures beside its calls has alerts too: [`CustomAlert`], given to [`Rules::alerts`], has the shapes that are
//! commonly got wrong by hand. A share is summed on both sides, a quantile is told by the bucket of its threshold and fires where there is no such
//! bucket, and a single event among few raises nothing.
//!
//! # What can be silent
//!
//! [`Alert::Saturation`] needs a Layer that was told its limit, and [`Alert::RateLimitRejections`] a
//! [`RejectionLayer`](crate::RejectionLayer). [`Alert::SloDataMissing`] tells of a Layer removed, a metric or a label renamed,
//! a threshold that is no bound; it takes an idle instance for one without a Layer unless the Layer was
//! [initialized](crate::HttpMetricsLayer::initialize), and also then where the exporter has an
//! [idle timeout](crate::HttpMetricsLayer::idle_timeout). An endpoint whose route is misspelled in the promise has series at
//! zero where the Layer was given the promise, and nothing tells: compare `slo:sli_total:rate5m` with what you expect, once.
//!
//! An instance that was restarted in place with other bounds, or whose bounds Prometheus begins to spell otherwise (as
//! version 3 does), is left out of the latencies of a window until the window is over: of the page's, for an hour. A new
//! instance is not.

mod alert;
mod anomaly;
mod builder;
pub(crate) mod burn;
mod config;
mod custom;
pub(crate) mod file;
pub(crate) mod link;
mod service;
pub(crate) mod sli;
mod slo;
mod written;

pub use self::{
    alert::{Alert, Severity},
    builder::Rules,
    custom::{CustomAlert, Series},
    file::{Group, Rule},
};
