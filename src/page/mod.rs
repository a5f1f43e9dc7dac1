//! The numbers as a page for people: live, in a browser, with nothing else to install.
//!
//! One document with everything in it, and nothing from anywhere else. It reads `/metrics` every two seconds, and draws
//! the request rate, the share of errors, percentiles against the thresholds of the SLA, a heat map on the buckets that are
//! there, what is in flight and since when, how calls ended, who was refused and why, what is left of each error budget since
//! the service started, a table of routes, and the catalogue of metrics with their help texts. It is for the minutes in which one looks at one process: what
//! watches many, remembers, and wakes somebody is Prometheus, with the [rules](crate::rules) and the dashboards.
//!
//! # On the exporter's listener
//!
//! ```no_run
//! use std::time::Duration;
//! use tower_metrics::{exporter, sla::Sla};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), tower_metrics::exporter::Error> {
//! let sla = Sla::new("api").availability(0.999).latency(0.99, Duration::from_millis(100));
//! exporter::Prometheus::new().sla(&sla).page().serve("127.0.0.1:9000").await?;
//! # Ok(())
//! # }
//! ```
//!
//! and look at `http://127.0.0.1:9000/`. [`Prometheus::page`](crate::exporter::Prometheus::page) says who can see it.
//!
//! # On a server of one's own
//!
//! [`service`] answers with the page, and it asks for `metrics` and `catalog.json` beside the place where it is. The
//! handle is that of [`Prometheus::install`](crate::exporter::Prometheus::install), where no listener is wanted:
//!
//! ```
//! # fn routes(handle: tower_metrics::exporter::Handle) -> axum::Router {
//! use axum::{Router, http::header::CONTENT_TYPE, response::Redirect, routing::get};
//! use tower_metrics::page;
//!
//! let rendered = handle.clone();
//! Router::new()
//!     .route("/status", get(async || Redirect::permanent("/status/"))) // beside it is what begins with the slash
//!     .route_service("/status/", page::service())
//!     .route("/status/metrics", get(async move || rendered.render()))
//!     .route(
//!         "/status/catalog.json",
//!         get(async move || ([(CONTENT_TYPE, "application/json")], handle.catalog_json())),
//!     )
//! # }
//! ```
//!
//! Whoever reaches that server can then read every number, whatever token the listener asks for: put what asks who it is in
//! front of all of these. Each request is rendered for by itself, where it is asked for; the limits of the listener are its own.
//!
//! # `catalog.json`
//!
//! [`Handle::catalog_json`](crate::exporter::Handle::catalog_json), or [`catalog_json`] of whatever renders the text of
//! Prometheus, is a JSON object:
//!
//! | key | value |
//! |---|---|
//! | `version` | the version of this crate |
//! | `metrics` | every metric of the page, and of this crate: `name`, `kind`, `unit`, `help`, `labels`; `series`, how many it has there (a histogram has its bounds and three for each label set); `of`, its name in [`names::catalog`](crate::names::catalog), `null` where it is none of this crate's |
//! | `signals` | HTTP, gRPC, and each operation: by which series their calls, errors, durations and number in flight are told |
//! | `refusals` | where refusals are counted |
//! | `promises` | each objective of the SLAs, and by which series it is told |
//!
//! `metrics` is for programs to read, and changes as names and labels do: a key that goes is a breaking change. What the page needs
//! beside, `signals`, `refusals` and `promises`, changes with the page.
//!
//! # What it shows
//!
//! What is an error, what counts for an objective and which calls are timed is what the [rules](crate::rules) and the
//! dashboards ask for: a number on the page is the number in the alert. A percentile is worked out as
//! `histogram_quantile` does. Where counters fall, the service was restarted, and the page goes on from zero. Of an operation that
//! no SLA promises anything of, `error` and `panicked` are errors, and words of the user's own are none.
//!
//! # What it costs
//!
//! On the listener a refresh is a scrape: see [its limits](crate::exporter#the-listener), which hold however many look. `catalog.json` is
//! rendered by the same rules on a thread of its own, so that it takes another tenth of a core at most.

mod catalog;
pub(crate) mod document;
mod exposition;
mod promises;
mod service;
mod signal;
mod signals;

pub(crate) use self::catalog::Told;
pub use self::service::Page;
use crate::{names::Naming, sla::Sla};

/// Returns a service that answers `GET` and `HEAD` of every path with the page; see the [module's documentation](self).
///
/// The page has no number and no name of the service in it: who can see it sees nothing that is not in this crate.
#[must_use]
pub const fn service() -> Page {
    Page::new()
}

/// Returns the catalogue of what stands in `rendered`, the Prometheus text of an exporter: what the page reads beside it.
///
/// The [`Handle`](crate::exporter::Handle::catalog_json) of this crate's exporter knows its SLAs; this is for one that was set up
/// otherwise. Names follow from the naming schemes of the SLAs, and are else those of this crate.
///
/// # Examples
///
/// ```
/// use tower_metrics::{page::catalog_json, sla::Sla};
///
/// let rendered = "# TYPE jobs_total counter\njobs_total{queue=\"mail\"} 7\n";
/// let catalog = catalog_json(rendered, [&Sla::new("api").availability(0.999)]);
/// assert!(catalog.contains(r#"{"name":"jobs_total","kind":"counter","unit":null,"help":"","labels":["queue"],"series":1,"of":null}"#));
/// ```
#[must_use]
pub fn catalog_json<'a>(rendered: &str, slas: impl IntoIterator<Item = &'a Sla>) -> String {
    let slas: Vec<_> = slas.into_iter().cloned().collect();
    let namings: Vec<_> =
        std::iter::once(Naming::new()).chain(slas.iter().map(|sla| sla.naming.clone())).collect();
    Told::new(slas, namings).catalog(rendered)
}
