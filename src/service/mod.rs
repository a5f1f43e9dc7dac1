//! Any service.
mod answers;
mod config;
mod future;
mod hooks;
mod layer;
mod service;

pub(crate) use self::{answers::OutcomeWords, config::Config};
pub use self::{
    future::ResponseFuture,
    hooks::{Classified, Classify, LabelValues, Labelled, RequestLabels},
    layer::{AnyService, ServiceMetricsLayer},
};
