//! Layers that record through OpenTelemetry, each with an SDK of its own version, read from memory.

use axum::Router;
use opentelemetry_0_30::metrics::MeterProvider as _;
use opentelemetry_0_33::metrics::MeterProvider as _;
use tower::Layer;

use crate::{
    calls::{Service, allocations_alone, boxed},
    claims::Peer,
    reading::Reading,
};

/// One reader for three versions of the SDK, whose types are the same only by name.
macro_rules! sdk {
    ($module:ident, $sdk:ident) => {
        mod $module {
            use std::time::Duration;

            use $sdk::metrics::{
                InMemoryMetricExporter, PeriodicReader, SdkMeterProvider,
                data::{AggregatedMetrics, MetricData},
            };

            use crate::reading::Reading;

            pub(super) struct Memory {
                exporter: InMemoryMetricExporter,
                pub(super) provider: SdkMeterProvider,
            }

            impl Memory {
                pub(super) fn new() -> Self {
                    let exporter = InMemoryMetricExporter::default();
                    let hourly = Duration::from_secs(3600);
                    let reader = PeriodicReader::builder(exporter.clone()).with_interval(hourly).build();
                    Self { exporter, provider: SdkMeterProvider::builder().with_reader(reader).build() }
                }

                pub(super) fn read(&self) -> Reading {
                    self.exporter.reset();
                    self.provider.force_flush().expect("memory takes all");
                    let exported = self.exporter.get_finished_metrics().expect("memory gives all");
                    let metrics = exported.iter().flat_map(|resource| resource.scope_metrics());
                    metrics
                        .flat_map(|scope| scope.metrics())
                        .flat_map(|metric| match metric.data() {
                            AggregatedMetrics::F64(data) => points(metric.name(), data, |value| value),
                            AggregatedMetrics::U64(data) => points(metric.name(), data, |value| value as f64),
                            AggregatedMetrics::I64(data) => points(metric.name(), data, |value| value as f64),
                        })
                        .collect()
                }
            }

            fn points<T: Copy>(name: &str, data: &MetricData<T>, value: fn(T) -> f64) -> Vec<(String, f64)> {
                let series = |labels: &mut dyn Iterator<Item = String>| {
                    let mut labels: Vec<_> = labels.collect();
                    labels.sort();
                    format!("{name}{{{}}}", labels.join(","))
                };
                macro_rules! series {
                    ($point:ident) => {
                        series(&mut $point.attributes().map(|label| format!("{}={}", label.key, label.value)))
                    };
                }
                match data {
                    MetricData::Sum(sum) => {
                        sum.data_points().map(|point| (series!(point), value(point.value()))).collect()
                    }
                    MetricData::Histogram(histogram) => {
                        histogram.data_points().map(|point| (series!(point), point.count() as f64)).collect()
                    }
                    MetricData::Gauge(_) | MetricData::ExponentialHistogram(_) => {
                        panic!("{name}: none of the peers has such an instrument")
                    }
                }
            }
        }
    };
}

sdk!(v0_30, opentelemetry_sdk_0_30);
sdk!(v0_32, opentelemetry_sdk_0_32);
sdk!(v0_33, opentelemetry_sdk_0_33);

/// All of them have the names of the semantic conventions.
macro_rules! peer {
    ($peer:ident, $crate_name:literal, $sdk:ident, |$memory:ident| $layer:expr) => {
        pub(crate) struct $peer($sdk::Memory);

        impl Peer for $peer {
            const CRATE: &'static str = $crate_name;
            const ENDED: &'static str = "http.server.request.duration";
            const IN_FLIGHT: &'static str = "http.server.active_requests";

            fn new() -> Self {
                Self($sdk::Memory::new())
            }

            fn routes(&self, routes: Router) -> Router {
                let $memory = &self.0;
                routes.layer($layer)
            }

            fn service(&self, inner: Service) -> Service {
                let $memory = &self.0;
                boxed($layer.layer(inner), |body| body)
            }

            fn allocations(&self) -> f64 {
                let $memory = &self.0;
                allocations_alone($layer)
            }

            fn read(&self) -> Reading {
                self.0.read()
            }
        }
    };
}

peer!(InstrumentationTower, "opentelemetry-instrumentation-tower", v0_33, |memory| {
    // It takes the global one when it is built.
    opentelemetry_0_33::global::set_meter_provider(memory.provider.clone());
    opentelemetry_instrumentation_tower::http::server::Layer::new()
});

peer!(TowerOtel, "tower-otel", v0_33, |memory| {
    tower_otel::metrics::HttpLayer::server(&memory.provider.meter("peers"))
});

peer!(AxumOtelMetrics, "axum-otel-metrics", v0_32, |memory| {
    axum_otel_metrics::HttpMetricsLayerBuilder::new().with_provider(memory.provider.clone()).build()
});

peer!(TowerOtelHttpMetrics, "tower-otel-http-metrics", v0_30, |memory| {
    let builder = tower_otel_http_metrics::HTTPMetricsLayerBuilder::builder();
    builder.with_meter(memory.provider.meter("peers")).build().expect("it has a meter")
});
