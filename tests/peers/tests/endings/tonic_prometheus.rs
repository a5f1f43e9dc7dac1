//! `tonic_prometheus_layer`, which records into one registry of the process.
//!
//! It is built with tonic 0.13, but goes around any service of `http` 1, and so around one of tonic 0.14.

use axum::Router;
use tonic_prometheus_layer::{MetricsLayer, metrics::encode_to_string};
use tower::Layer;

use crate::{
    calls::{Service, allocations_alone, boxed},
    claims::Peer,
    reading::Reading,
};

pub(crate) struct TonicPrometheus;

impl Peer for TonicPrometheus {
    const CRATE: &'static str = "tonic_prometheus_layer";
    const ENDED: &'static str = "grpc_server_handled_total";
    const IN_FLIGHT: &'static str = "function_calls_concurrent";

    fn new() -> Self {
        Self
    }

    fn routes(&self, routes: Router) -> Router {
        routes.layer(MetricsLayer::new())
    }

    fn grpc(&self, routes: Router) -> Option<Router> {
        Some(self.routes(routes))
    }

    fn service(&self, inner: Service) -> Service {
        boxed(MetricsLayer::new().layer(inner), |body| body)
    }

    fn allocations(&self) -> f64 {
        allocations_alone(MetricsLayer::new())
    }

    fn read(&self) -> Reading {
        Reading::of_text(&encode_to_string().expect("it has a text"))
    }
}
