//! HTTP.
mod body;
mod config;
mod future;
mod hints;
mod labels;
mod layer;
mod service;

pub use self::{
    body::ResponseBody,
    future::ResponseFuture,
    labels::RequestHead,
    layer::{Http, HttpMetricsLayer},
};
