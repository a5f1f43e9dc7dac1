//! Labels of the user's own on calls and messages, and histograms that take one call in so many.

use std::{convert::Infallible, future::ready};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use tower::{Layer, ServiceExt, service_fn};
use tower_metrics::{GrpcMessagesLayer, GrpcMetricsLayer, grpc::unary, testing::Recorder};

use crate::support::refusal;

const PLACE: &str = "/shop.Orders/Place";

fn layer(recorder: &Recorder) -> GrpcMetricsLayer {
    GrpcMetricsLayer::new().methods([unary("shop.Orders", "Place")]).recorder(recorder.shared())
}

fn tenant(layer: GrpcMetricsLayer) -> GrpcMetricsLayer {
    layer
        .label("tenant", |head| Some(head.headers().get("x-tenant")?.to_str().ok()?.into()))
        .response_label("zone", |head| Some(head.headers().get("x-zone")?.to_str().ok()?.into()))
}

fn request<B>(path: &str, tenant: &str, body: B) -> Request<B> {
    Request::post(path).header("x-tenant", tenant).body(body).unwrap()
}

fn answer<B>(_: Request<B>) -> std::future::Ready<Result<Response<Empty<Bytes>>, Infallible>> {
    let answer = Response::builder().header("x-zone", "b").header("grpc-status", "0");
    ready(Ok(answer.body(Empty::new()).unwrap()))
}

#[test]
fn labels_of_requests_and_answers_stand_on_calls() {
    let recorder = Recorder::new();
    let layer = tenant(layer(&recorder)).constant_label("region", "eu").in_flight_limit(64);
    layer.initialize();
    for path in [PLACE, PLACE, "/shop.Orders/Other"] {
        let call = layer.layer(service_fn(answer)).oneshot(request(path, "acme", Empty::<Bytes>::new()));
        drop(call.now_or_never().unwrap());
    }
    let at = [("tenant", "acme"), ("region", "eu"), ("grpc_method", "Place")];
    assert_eq!(recorder.counter("grpc_server_started_total", at), 2);
    assert_eq!(recorder.gauge("grpc_server_in_flight", at), 0.0);
    let answered = [at[0], at[1], at[2], ("zone", "b")];
    assert_eq!(recorder.counter("grpc_server_handled_total", answered), 2);
    assert_eq!(recorder.samples("grpc_server_handling_seconds", answered).len(), 2);
    let unknown = [("grpc_method", "unknown"), ("tenant", "acme"), ("zone", "b"), ("grpc_code", "OK")];
    assert_eq!(recorder.counter("grpc_server_handled_total", unknown), 1);
    assert_eq!(recorder.gauge("grpc_server_in_flight_limit", [("region", "eu")]), 64.0);
    let declared = r#"grpc_method="Place",tenant="none",zone="none",grpc_code="Internal",region="eu""#;
    assert!(recorder.series("grpc_server_handled_total").iter().any(|it| it.contains(declared)));
}

#[test]
fn own_labels_fold_and_methods_never() {
    let recorder = Recorder::new();
    let layer = tenant(layer(&recorder)).max_label_sets(4);
    for n in 0..20 {
        let request = request(PLACE, &format!("t{n}"), Empty::<Bytes>::new());
        drop(layer.layer(service_fn(answer)).oneshot(request).now_or_never().unwrap());
    }
    assert_eq!(recorder.counter("grpc_server_handled_total", [("grpc_method", "Place")]), 20);
    let folded = [("grpc_method", "Place"), ("tenant", "_OVERFLOW"), ("zone", "_OVERFLOW")];
    assert_eq!(recorder.counter("grpc_server_handled_total", folded), 18);
    assert_eq!(recorder.gauge("grpc_server_in_flight", []), 0.0);
}

#[test]
fn messages_have_the_labels_that_are_known_with_the_request() {
    let recorder = Recorder::new();
    let layer = GrpcMessagesLayer::from(tenant(layer(&recorder)).constant_label("region", "eu"));
    layer.initialize();
    let service = layer.layer(service_fn(async |request: Request<_>| {
        let body = BodyExt::collect(request.into_body()).await.unwrap().to_bytes();
        Ok::<_, Infallible>(Response::new(Full::new(body)))
    }));
    let message = Full::new(Bytes::from_static(&[0, 0, 0, 0, 1, 7]));
    let response = service.oneshot(request(PLACE, "acme", message)).now_or_never().unwrap().unwrap();
    response.into_body().collect().now_or_never().unwrap().unwrap();
    let at = [("tenant", "acme"), ("region", "eu"), ("grpc_method", "Place")];
    for metric in ["grpc_server_msg_received_total", "grpc_server_msg_sent_total"] {
        assert_eq!(recorder.counter(metric, at), 1, "{metric}");
        assert!(recorder.series(metric).iter().all(|series| !series.contains("zone")), "{metric}");
    }
}

#[test]
fn one_latency_in_so_many_is_taken_and_every_call_is_counted() {
    let recorder = Recorder::new();
    let layer = layer(&recorder).sample_latency(4);
    for _ in 0..10 {
        let call = layer.layer(service_fn(answer)).oneshot(request(PLACE, "", Empty::<Bytes>::new()));
        drop(call.now_or_never().unwrap());
    }
    assert_eq!(recorder.counter("grpc_server_handled_total", [("grpc_code", "OK")]), 10);
    assert_eq!(recorder.samples("grpc_server_handling_seconds", []).len(), 3);
    let every = [("metric", "grpc_server_handling_seconds")];
    assert_eq!(recorder.gauge("tower_metrics_latency_sample_every", every), 4.0);
    assert!(refusal(|| GrpcMetricsLayer::new().sample_latency(0)).contains("would be none"));
}

#[test]
fn labels_that_grpc_has_already_are_refused() {
    let message = refusal(|| GrpcMetricsLayer::new().constant_label("grpc_code", "x"));
    assert!(message.contains(r#"the label "grpc_code" is there already"#), "{message}");
    let message = refusal(|| GrpcMetricsLayer::new().label("grpc_service", |_| None));
    assert!(message.contains(r#"the label "grpc_service" is there already"#), "{message}");
}
