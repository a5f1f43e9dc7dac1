//! Every metric of the catalogue is recorded and described by some Layer, with the labels that it has there; and
//! nothing is recorded that the catalogue does not have.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::Empty;
use tower::{Layer, Service, ServiceExt, limit::ConcurrencyLimitLayer, retry::Policy, service_fn};
use tower_metrics::{
    ConnectionMetricsLayer, GrpcMessagesLayer, GrpcMetricsLayer, HttpMetricsLayer, ReadinessLayer,
    RejectionLayer, ServiceMetricsLayer,
    names::{Naming, catalog},
    retry::MeteredPolicy,
    testing::Recorder,
};

#[derive(Clone)]
struct Once;

impl Policy<(), (), ()> for Once {
    type Future = Ready<()>;

    fn retry(&mut self, (): &mut (), _: &mut Result<(), ()>) -> Option<Ready<()>> {
        None
    }

    fn clone_request(&mut self, (): &()) -> Option<()> {
        Some(())
    }
}

/// Exporters record these themselves, which their tests see.
const OF_EXPORTERS: [&str; 2] =
    ["tower_metrics_upkeep_timestamp_seconds", "tower_metrics_export_failures_total"];

/// Lets every Layer record all that it can.
async fn record_everything(recorder: &Recorder, naming: &Naming) {
    let shared = || -> Arc<dyn tower_metrics::metrics::Recorder + Send + Sync> { recorder.shared() };

    let answer = |_: Request<()>| ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())));
    let server = HttpMetricsLayer::new().unbounded_raw_path().idle_timeout(Duration::from_secs(3600));
    for layer in [server, HttpMetricsLayer::client()] {
        let layer = layer.in_flight_limit(100).response_head_duration().oldest_start_timestamp();
        for layer in [layer.clone(), layer.attempts()] {
            let layer = layer.naming(naming).recorder(shared());
            layer.layer(service_fn(answer)).oneshot(Request::new(())).await.unwrap();
        }
    }

    for layer in [GrpcMetricsLayer::new(), GrpcMetricsLayer::client()] {
        let layer = layer.naming(naming).in_flight_limit(100).oldest_start_timestamp().recorder(shared());
        // A scheme that counts calls by samples takes all of them.
        let layer = if *naming == Naming::opentelemetry() { layer } else { layer.sample_latency(2) };
        let stack = (layer.clone(), GrpcMessagesLayer::from(layer));
        stack
            .layer(service_fn(|_: Request<_>| answer(Request::new(()))))
            .oneshot(Request::new(Empty::<Bytes>::new()))
            .await
            .unwrap();
    }

    let job = ServiceMetricsLayer::new("job").started().oldest_start_timestamp().recorder(shared());
    let (call, attempt) = (job.clone().in_flight_limit(10), job.attempts());
    let echo = service_fn(|(): ()| ready(Ok::<_, Infallible>(())));
    (call, attempt).layer(echo).oneshot(()).await.unwrap();

    let limiter = RejectionLayer::new("edge").naming(naming).recorder(shared());
    let limiter = limiter.around(tower::layer::util::Identity::new());
    limiter.layer(echo).oneshot(()).await.unwrap();

    let waits = ReadinessLayer::new("pool").naming(naming).recorder(shared());
    let mut busy = waits.layer(ConcurrencyLimitLayer::new(1).layer(echo));
    busy.ready().await.unwrap();
    let mut waiting = busy.clone();
    assert!(waiting.ready().now_or_never().is_none());
    drop(waiting);
    busy.call(()).await.unwrap();

    MeteredPolicy::new("payment", Once).naming(naming).recorder(shared()).initialize();
    drop(ConnectionMetricsLayer::new("public").naming(naming).recorder(shared()).open());
}

#[tokio::test]
async fn every_metric_is_recorded_and_described_as_the_catalogue_says() {
    let recorder = Recorder::new();
    record_everything(&recorder, &Naming::new()).await;
    let of_layers = || catalog().filter(|metric| !OF_EXPORTERS.contains(&metric.name()));
    for metric in of_layers() {
        let name = metric.name().replace("<name>", "job");
        let described = recorder.description(&name).unwrap_or_else(|| panic!("{metric:?} is not described"));
        assert_eq!((described.unit, &*described.help), (Some(metric.unit()), metric.help()));
        let all = recorder.series(&name);
        assert!(!all.is_empty(), "{metric:?} is never recorded");
        for series in all {
            let labels: Vec<_> = series.split(',').filter_map(|pair| Some(pair.split_once('=')?.0)).collect();
            assert_eq!(labels, metric.labels(), "{metric:?}");
        }
    }
    for line in recorder.to_string().lines() {
        let name = line.split('{').next().unwrap();
        let is_known = catalog().any(|metric| metric.name().replace("<name>", "job") == name);
        assert!(is_known, "{name} is not in the catalogue");
    }
}

#[tokio::test]
async fn every_metric_is_recorded_under_the_names_and_labels_of_a_house() {
    let recorder = Recorder::new();
    let labels = [
        ("limiter", "gate"),
        ("service", "of"),
        ("listener", "door"),
        ("policy", "plan"),
        ("result", "came"),
    ];
    let naming = labels
        .iter()
        .fold(Naming::new().prefix("house_"), |naming, (label, name)| naming.label(label, *name));
    record_everything(&recorder, &naming).await;
    // What a Layer around any service records is called as its user calls it.
    let is_named = |name: &str| !name.contains('<') && !OF_EXPORTERS.contains(&name);
    let named = catalog().filter(|metric| is_named(metric.name()));
    for metric in named {
        let all = recorder.series(&naming.name(metric.name()));
        assert!(!all.is_empty(), "{metric:?} is never recorded");
        let is_there =
            |label: &str| all.iter().any(|series| series.split(',').any(|pair| pair.starts_with(label)));
        for (label, name) in labels.iter().filter(|(label, _)| metric.labels().contains(label)) {
            assert!(is_there(&format!("{name}=")) && !is_there(&format!("{label}=")), "{metric:?}: {all:?}");
        }
    }
}
