//! OTLP: a receiver that decodes by OpenTelemetry's own types, over HTTP and over gRPC.

use std::{collections::BTreeSet, convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::{
    collector::metrics::v1::{
        ExportMetricsServiceRequest, ExportMetricsServiceResponse,
        metrics_service_server::{MetricsService, MetricsServiceServer},
    },
    common::v1::{KeyValue, any_value::Value},
    metrics::v1::{AggregationTemporality, Metric, metric::Data, number_data_point},
};
use prost::Message;
use tokio::{net::TcpListener, sync::watch, task};
use tower_metrics::sla::{self, Sla};

use crate::program::{Program, run};

/// What was exported, in the order in which it came.
type Received = Arc<watch::Sender<Vec<ExportMetricsServiceRequest>>>;

struct Collector(Received);

#[tonic::async_trait]
impl MetricsService for Collector {
    async fn export(
        &self,
        request: tonic::Request<ExportMetricsServiceRequest>,
    ) -> Result<tonic::Response<ExportMetricsServiceResponse>, tonic::Status> {
        self.0.send_modify(|all| all.push(request.into_inner()));
        Ok(tonic::Response::new(ExportMetricsServiceResponse::default()))
    }
}

async fn grpc() -> (Received, u16) {
    let received = Received::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let service = MetricsServiceServer::new(Collector(Arc::clone(&received)));
    let server = tonic::transport::Server::builder().add_service(service);
    tokio::spawn(server.serve_with_incoming(tonic::transport::server::TcpIncoming::from(listener)));
    (received, port)
}

async fn http() -> (Received, u16) {
    let received = Received::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let all = Arc::clone(&received);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let all = Arc::clone(&all);
            let service = service_fn(move |request| export(request, Arc::clone(&all)));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    (received, port)
}

async fn export(request: Request<Incoming>, all: Received) -> Result<Response<Full<Bytes>>, Infallible> {
    assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/v1/metrics"));
    assert_eq!(request.headers()["content-type"], "application/x-protobuf");
    let body = request.into_body().collect().await.unwrap().to_bytes();
    all.send_modify(|all| all.push(ExportMetricsServiceRequest::decode(body).unwrap()));
    Ok(Response::new(Full::from(ExportMetricsServiceResponse::default().encode_to_vec())))
}

/// Starts the program, lets it make its calls, and ends it, while the receiver goes on.
async fn hundred_calls(uri: String) {
    let program = move || {
        let mut program = Program::start(&uri, 100);
        program.call();
        program.end();
    };
    task::spawn_blocking(program).await.unwrap();
}

fn attribute<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    let value = attributes.iter().find(|it| it.key == key)?.value.as_ref()?;
    match value.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

/// The export that the end flushed.
fn last(received: &Received) -> (Vec<KeyValue>, Vec<Metric>) {
    let mut last = received.send_replace(Vec::new()).pop().expect("the end flushes");
    let mut resource = last.resource_metrics.remove(0);
    let metrics = resource.scope_metrics.into_iter().flat_map(|scope| scope.metrics).collect();
    (resource.resource.take().unwrap().attributes, metrics)
}

#[track_caller]
fn assert_has_all(received: &Received) {
    let (resource, metrics) = last(received);
    assert_eq!(attribute(&resource, "service.name"), Some("shop"));

    let mut names = BTreeSet::new();
    for metric in &metrics {
        assert!(names.insert(&metric.name), "{} is there as two metrics", metric.name);
    }
    let metric = |name: &str| metrics.iter().find(|metric| metric.name == name).unwrap();

    let Some(Data::Sum(counter)) = &metric("http_requests_total").data else { panic!("it is no counter") };
    let counted = |status: &str| {
        let points =
            counter.data_points.iter().filter(|it| attribute(&it.attributes, "status") == Some(status));
        points
            .map(|point| match point.value.unwrap() {
                number_data_point::Value::AsInt(value) => value,
                number_data_point::Value::AsDouble(value) => panic!("{value} is no count"),
            })
            .sum::<i64>()
    };
    assert_eq!((counted("200"), counted("500")), (90, 10));
    assert!(counter.is_monotonic);

    let duration = metric("http_request_duration_seconds");
    assert_eq!(duration.unit, "s");
    assert!(duration.description.starts_with("Time from the call"), "{}", duration.description);
    let Some(Data::Histogram(histogram)) = &duration.data else { panic!("it is no histogram") };
    let sla = Sla::new("api").availability(0.999).latency(0.99, Duration::from_millis(70));
    for point in &histogram.data_points {
        assert_eq!(point.explicit_bounds, sla::bounds([&sla]));
        assert_eq!(point.bucket_counts.iter().sum::<u64>(), point.count);
    }
    let calls = |class| {
        let points =
            histogram.data_points.iter().filter(|it| attribute(&it.attributes, "status") == Some(class));
        points.map(|point| point.count).sum::<u64>()
    };
    assert_eq!((calls("2xx"), calls("5xx")), (90, 10));
    for temporality in [counter.aggregation_temporality, histogram.aggregation_temporality] {
        assert_eq!(temporality, AggregationTemporality::Cumulative as i32);
    }

    let gauge = |name: &str| -> Vec<_> {
        let Some(Data::Gauge(gauge)) = &metric(name).data else { panic!("it is no gauge") };
        gauge.data_points.iter().map(|point| point.value.unwrap()).collect()
    };
    let in_flight = gauge("http_requests_in_flight");
    assert!(in_flight.iter().all(|value| *value == number_data_point::Value::AsDouble(0.0)), "{in_flight:?}");
    let oldest = gauge("http_requests_oldest_start_timestamp_seconds");
    // The SDK takes nothing that is no number, and keeps what was told before.
    let is_start = |value: &_| matches!(value, number_data_point::Value::AsDouble(start) if *start > 1.7e9);
    assert!(!oldest.is_empty() && oldest.iter().all(is_start), "{oldest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_every_call_arrives_with_the_bounds_of_the_sla_as_one_metric_each() {
    let (received, port) = http().await;
    hundred_calls(format!("otlp+http://127.0.0.1:{port}?service=shop")).await;
    assert_has_all(&received);
}

#[tokio::test(flavor = "multi_thread")]
async fn over_grpc_every_call_arrives_with_the_bounds_of_the_sla_as_one_metric_each() {
    let (received, port) = grpc().await;
    hundred_calls(format!("otlp+grpc://127.0.0.1:{port}?service=shop&interval=10m")).await;
    assert_has_all(&received);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_exported_in_between_too() {
    let (received, port) = http().await;
    let uri = format!("otlp+http://127.0.0.1:{port}?service=shop&interval=100ms");
    let program = task::spawn_blocking(move || Program::start(&uri, 1)).await.unwrap();
    received.subscribe().wait_for(|all| all.len() >= 3).await.unwrap();
    drop(program);
}

#[test]
fn a_receiver_that_is_away_is_said_at_the_end_and_within_bounds() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for scheme in ["otlp+http", "otlp+grpc"] {
        let output = run(Some(&format!("{scheme}://127.0.0.1:{port}")), &[]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{said}");
        assert!(
            said.contains("the last metrics are not where they should be") && said.contains(scheme),
            "{said}"
        );
        assert!(said.to_lowercase().contains("refused"), "{said}");
    }
}
