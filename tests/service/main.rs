//! `ServiceMetricsLayer` around any service, as a black box.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

#[path = "../support/mod.rs"]
mod support;

mod contract;
mod endings;
mod naming;
mod zeros;
