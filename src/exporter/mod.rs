//! Exporters, set up for the metrics of this crate: chosen at startup, each behind a feature of its own.
//!
//! A Layer needs nothing but the `metrics` facade, so any exporter can be set up as its own manual says. What
//! stands here spares the two mistakes that are made then: histograms without bounds, which become summaries, and
//! upkeep that nobody runs, so that memory grows with every request.

mod accept;
mod answer;
mod bounds;
mod connections;
mod error;
mod listener;
mod pages;
mod prometheus;
mod token;

pub use self::{
    error::Error,
    prometheus::{Handle, Prometheus},
};
/// The exporter behind [`Prometheus`], in the version that its builder belongs to.
pub use ::metrics_exporter_prometheus;
