//! The rules: their shape, what the real tools say of them, when their alerts fire and when they stay quiet, and
//! whether their numbers are true.
//!
//! What needs `promtool` or `vmalert` runs by `cargo test --test rules -- --ignored`, with the Debian packages
//! `prometheus` and `victoria-metrics` installed.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

#[path = "../support/programs/mod.rs"]
mod programs;

mod alerts;
mod check;
mod custom;
mod objectives;
mod oldest;
mod promises;
mod schemes;
mod shape;
mod tools;
mod world;
