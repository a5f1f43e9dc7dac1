//! The files of the `slo` example, in the hands of the programs that read them: Prometheus, Alertmanager and
//! VictoriaMetrics scrape, judge and tell of the axum example.
//!
//! `cargo test --test slo -- --ignored`, with the Debian packages `prometheus`, `prometheus-alertmanager` and
//! `victoria-metrics` installed.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

#[path = "../support/programs/mod.rs"]
mod programs;

#[path = "../../examples/slo/alertmanager.rs"]
mod alertmanager;
#[path = "../../examples/slo/prometheus.rs"]
mod prometheus;

mod end_to_end;
mod files;
mod live;
mod month;
mod oldest;
mod told;
