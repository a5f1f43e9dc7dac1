//! Exporters, set up for the metrics of this crate: chosen at startup, each behind a feature of its own.
//!
//! A Layer needs nothing but the `metrics` facade, so any exporter can be set up as its own manual says. What
//! stands here spares the mistakes that are made then: histograms without bounds, which become summaries; upkeep that
//! nobody runs, so that memory grows with every request; a last push that is never made.
//!
//! # By URI
//!
//! [`install`] takes a URI, [`from_env`] reads it from the environment variable `METRICS_EXPORTER`; several stand with
//! commas between them, and each gets everything. [`Exporters`] is the same with what a URI cannot say: the SLAs, whose thresholds
//! become bounds, names of the house's own, a default. One binary has all exporters that it was built with.
//!
//! ```no_run
//! use std::time::Duration;
//! use tower_metrics::{exporter::Exporters, sla::Sla};
//!
//! # async fn answer_until_told_to_end() {}
//! # #[tokio::main]
//! # async fn main() -> Result<(), tower_metrics::exporter::Error> {
//! let sla = Sla::new("api").latency(0.99, Duration::from_millis(100));
//! let exporters = Exporters::new().sla(&sla).or("prometheus://127.0.0.1:9000").from_env().await?;
//! answer_until_told_to_end().await;
//! exporters.shutdown().await?; // what was not sent yet is sent now
//! # Ok(())
//! # }
//! ```
//!
//! | URI | exports | feature |
//! |---|---|---|
//! | `none` | nothing: no recorder is installed, and a Layer measures nothing | |
//! | `prometheus` | a page: [`Installed::prometheus`] renders it | `prometheus` |
//! | `prometheus://127.0.0.1:9000` | the page, at `/metrics` of a [listener](#the-listener) of its own | `prometheus` |
//! | `pushgateway+http://HOST:9091?job=JOB&instance=NAME` | the page, pushed to a Pushgateway | `push-gateway` |
//! | `statsd://HOST:8125` | every sample, by UDP | `statsd` |
//! | `dogstatsd://HOST:8125` | what was recorded in a second, by UDP to a Datadog Agent | `dogstatsd` |
//! | `otlp+http://HOST:4318`, `otlp+grpc://HOST:4317` | OpenTelemetry's protocol | `otlp` |
//! | `tcp://127.0.0.1:5000` | every sample, to each `metrics-observer` that connects | `tcp` |
//!
//! A URI that is wrong, of a feature that is off, or of a port that is taken is an [`Error`] that says what to write
//! instead, and of several exporters none is installed then. A receiver that is away is no error: it is counted in
//! `tower_metrics_export_failures_total` (but for DogStatsD, whose crate logs it), said once through `tracing` where that feature is on, and tried again.
//! The options, what each exporter loses, and what it costs to build: [the page on exporters][page].
//!
//! [page]: https://docs.rs/crate/tower-metrics/latest/source/docs/exporters.md
//!
//! # The listener
//!
//! [`Prometheus::serve`] answers `GET` and `HEAD` of `/metrics` with the text format 0.0.4, as it is, never compressed; where
//! [`Prometheus::page`] asks for that, `/` with a page for people, and `/catalog.json` with what the page has to know.
//!
//! It works on two threads of its own: what is asked of it does not keep the application's workers from its requests, and
//! it answers when all of those are stuck.
//!
//! Every scrape gets a page whose rendering began after it asked. One page is rendered at a time, and all who wait share
//! it; after it, nothing is rendered for nine times as long as it took, 5 s at most. So whoever asks, however often, has at
//! most a tenth of one core for rendering, as long as a page takes no more than half a second. A flood of requests for a
//! large page can still take all 128 connections: where that is to be feared, a token keeps strangers from waiting at all.
//! `catalog.json` is rendered so too, on a third thread.
//!
//! | what | limit | beyond it |
//! |---|---|---|
//! | requests of a connection | 1 | it is closed with the answer |
//! | time to send a request | 10 s | the connection is closed |
//! | head of a request | 16 KiB | 431 |
//! | body of a request | | it is not read |
//! | time to the page | 10 s | 503 |
//! | time of a connection as a whole | 60 s | it is closed |
//! | connections | 128 | the oldest without a request makes way, else the oldest that has an answer to read, else the newcomer |
//! | pages that slow readers hold | the two newest, and more within 64 MiB | their connections are closed, within a second |
//!
//! | answer | to |
//! |---|---|
//! | 401 | whoever does not show the [token](Prometheus::bearer_token), whatever it asks for but the page for people |
//! | 404 | any other path |
//! | 405 | any other method |
//! | 406 | an `Accept` header that takes no text, such as OpenMetrics alone, for `/metrics` |
//! | 500 | all who wait for a page whose rendering panicked; the next one is another try |

#[cfg(feature = "prometheus")]
mod accept;
#[cfg(feature = "prometheus")]
mod answer;
#[cfg(any(feature = "otlp", feature = "push-gateway", feature = "tcp"))]
mod background;
mod bounds;
mod choice;
#[cfg(any(feature = "dogstatsd", feature = "statsd"))]
mod clean;
#[cfg(any(feature = "otlp", feature = "push-gateway"))]
mod client;
#[cfg(feature = "prometheus")]
mod connections;
#[cfg(feature = "otlp")]
mod described;
#[cfg(feature = "dogstatsd")]
mod dogstatsd;
mod error;
mod exporters;
#[cfg(feature = "_exporter")]
mod flush;
#[cfg(feature = "prometheus")]
mod handle;
#[cfg(feature = "_exporter")]
mod health;
mod histograms;
mod installed;
#[cfg(feature = "prometheus")]
mod listener;
#[cfg(feature = "otlp")]
mod otlp;
#[cfg(feature = "prometheus")]
mod pages;
mod plan;
#[cfg(feature = "process")]
#[cfg_attr(docsrs, doc(cfg(feature = "process")))]
pub mod process;
#[cfg(feature = "prometheus")]
mod prometheus;
#[cfg(feature = "push-gateway")]
mod push;
#[cfg(feature = "prometheus")]
mod ready;
#[cfg(feature = "statsd")]
mod statsd;
#[cfg(feature = "_exporter")]
mod target;
#[cfg(feature = "tcp")]
mod tcp;
#[cfg(feature = "prometheus")]
mod token;
#[cfg(feature = "prometheus")]
mod upkeep;
#[cfg(feature = "tcp")]
mod wire;

pub use self::{
    error::Error,
    exporters::{Exporters, from_env, install},
    installed::Installed,
};
#[cfg(feature = "prometheus")]
#[cfg_attr(docsrs, doc(cfg(feature = "prometheus")))]
pub use self::{handle::Handle, prometheus::Prometheus};
/// The exporter behind [`Prometheus`], in the version that its builder belongs to.
#[cfg(feature = "prometheus")]
#[cfg_attr(docsrs, doc(cfg(feature = "prometheus")))]
pub use ::metrics_exporter_prometheus;
