//! The HTTP Layers, as a black box.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

#[path = "../support/mod.rs"]
mod support;

mod contract;
mod endings;
mod extremes;
mod head;
mod initialize;
mod labels;
mod own;
mod refused;
mod stacking;
mod transparency;
