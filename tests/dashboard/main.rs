//! The dashboards: by the types of Grafana, by the rules of its linter, and on a live Prometheus.
//!
//! `cargo test --test dashboard`; with `-- --ignored`, and the Debian package `prometheus` installed, what needs that.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

#[path = "../support/programs/mod.rs"]
mod programs;

#[path = "../rules/promises.rs"]
mod promises;

mod expected;
mod faults;
mod lines;
mod links;
mod lint;
mod live;
mod marks;
mod samples;
mod schema;
mod valid;

/// A dashboard with panels of every kind, which faults are put into.
fn sample() -> serde_json::Value {
    let board = &tower_metrics::dashboard::Dashboards::new([&promises::everything()]).all()[1];
    serde_json::from_str(&board.to_json()).unwrap()
}

fn exclusions() -> String {
    tower_metrics::dashboard::Dashboards::new([&promises::everything()]).to_lint()
}
