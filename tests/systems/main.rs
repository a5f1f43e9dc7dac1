//! Whole systems, as programs: the examples that are services, what watches them, and what is written about them.
//!
//! `cargo test --test systems`; with `-- --ignored`, and the Debian packages `prometheus`, `prometheus-alertmanager`,
//! `prometheus-node-exporter` and `victoria-metrics` installed, what needs those.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

#[path = "../support/exposition/mod.rs"]
mod exposition;
#[path = "../support/programs/mod.rs"]
mod programs;

mod deploy;
mod deploy_alerts;
mod deploy_compose;
mod deploy_start;
mod end;
mod execution;
mod guide;
mod house;
mod measured;
mod new_service;
mod orchestrator;
mod platform;
mod storm;
mod system;
mod watched;
mod zeros;
