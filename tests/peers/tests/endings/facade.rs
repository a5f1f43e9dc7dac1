//! Layers that record through the `metrics` facade: each with a Prometheus exporter of its own.

use axum::{Router, body::Body};
use axum_prometheus::{PrometheusMetricLayer, utils::SECONDS_DURATION_BUCKETS};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use tower::Layer;
use tower_metrics::{GrpcMetricsLayer, HttpMetricsLayer, grpc::unary};

use crate::{
    calls::{GRPC_METHOD, Service, allocations_alone, boxed},
    claims::Peer,
    reading::Reading,
};

fn exporter() -> PrometheusRecorder {
    // The bounds keep histograms from becoming summaries; which ones they are is of no matter here.
    PrometheusBuilder::new().set_buckets(SECONDS_DURATION_BUCKETS).expect("there are bounds").build_recorder()
}

pub(crate) struct TowerMetrics(PrometheusRecorder);

impl Peer for TowerMetrics {
    const CRATE: &'static str = "tower-metrics";
    const ENDED: &'static str = "http_requests_total";
    const IN_FLIGHT: &'static str = "http_requests_in_flight";

    fn new() -> Self {
        Self(exporter())
    }

    fn routes(&self, routes: Router) -> Router {
        routes.layer(HttpMetricsLayer::axum())
    }

    fn grpc(&self, routes: Router) -> Option<Router> {
        let (service, method) = GRPC_METHOD;
        Some(routes.layer(GrpcMetricsLayer::new().methods([unary(service, method)])))
    }

    fn service(&self, inner: Service) -> Service {
        boxed(HttpMetricsLayer::new().layer(inner), Body::new)
    }

    fn allocations(&self) -> f64 {
        allocations_alone(HttpMetricsLayer::new())
    }

    fn read(&self) -> Reading {
        Reading::of_text(&self.0.handle().render())
    }

    fn current<T>(&self, run: impl FnOnce() -> T) -> T {
        metrics::with_local_recorder(&self.0, run)
    }
}

pub(crate) struct AxumPrometheus(PrometheusRecorder);

impl Peer for AxumPrometheus {
    const CRATE: &'static str = "axum-prometheus";
    const ENDED: &'static str = "axum_http_requests_total";
    const IN_FLIGHT: &'static str = "axum_http_requests_pending";

    fn new() -> Self {
        Self(exporter())
    }

    fn routes(&self, routes: Router) -> Router {
        routes.layer(PrometheusMetricLayer::new())
    }

    fn service(&self, inner: Service) -> Service {
        boxed(PrometheusMetricLayer::new().layer(inner), Body::new)
    }

    fn allocations(&self) -> f64 {
        allocations_alone(PrometheusMetricLayer::new())
    }

    fn read(&self) -> Reading {
        Reading::of_text(&self.0.handle().render())
    }

    fn current<T>(&self, run: impl FnOnce() -> T) -> T {
        metrics::with_local_recorder(&self.0, run)
    }
}
