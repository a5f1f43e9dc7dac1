//! The HTTP Layers, as a black box.

#[path = "../support/mod.rs"]
mod support;

mod contract;
mod endings;
mod initialize;
mod labels;
mod refused;
mod stacking;
mod transparency;
