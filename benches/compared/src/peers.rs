//! The peers, as their constructors set them up; the exporter of the facade is the one that all share.

use std::time::Duration;

use axum_prometheus::PrometheusMetricLayer;
use opentelemetry_instrumentation_tower::http::server::{Layer as InstrumentationTower, LayerBuilder};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use tonic_prometheus_layer::MetricsLayer;

use crate::{
    bases,
    candidates::{Candidate, around_grpc, around_plain, axum, of_grpc, plain},
};

pub(crate) fn candidates() -> [Candidate; 4] {
    [
        plain("otel-instrumentation-tower", |work| around_plain(instrumentation_tower(), work)),
        axum("axum-prometheus", |work| bases::router(work).layer(PrometheusMetricLayer::new())),
        axum("otel-instrumentation-tower", |work| bases::router(work).layer(instrumentation_tower())),
        of_grpc("tonic-prometheus-layer", |work| around_grpc(MetricsLayer::new(), work)),
    ]
}

/// Collecting is not measured, so nothing is collected.
fn instrumentation_tower() -> InstrumentationTower {
    let reader = PeriodicReader::builder(InMemoryMetricExporter::default())
        .with_interval(Duration::from_secs(24 * 3600))
        .build();
    opentelemetry::global::set_meter_provider(SdkMeterProvider::builder().with_reader(reader).build());
    // It is compared in what it counts.
    LayerBuilder::builder().with_tracing(false).build().expect("it has a meter")
}
