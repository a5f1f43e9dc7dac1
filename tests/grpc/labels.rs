//! Which methods have series of their own, and that nobody can make more.

use std::{convert::Infallible, future::ready};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::Empty;
use tower::{Layer, Service, service_fn};
use tower_metrics::{
    GrpcMessagesLayer, GrpcMetricsLayer,
    grpc::{bidi_stream, client_stream, server_stream, unary},
    names::Naming,
    testing::Recorder,
};

use crate::support::refusal;

const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("../../examples/tonic/shop.bin");

fn call<S>(service: &mut S, path: &str)
where
    S: Service<Request<Empty<Bytes>>, Error = Infallible>,
{
    let request = Request::post(path).body(Empty::new()).unwrap();
    assert!(service.call(request).now_or_never().is_some());
}

fn empty(_: Request<Empty<Bytes>>) -> std::future::Ready<Result<Response<Empty<Bytes>>, Infallible>> {
    ready(Ok(Response::new(Empty::new())))
}

#[test]
fn a_million_paths_make_no_series_beyond_unknown() {
    let recorder = Recorder::new();
    let layer = GrpcMetricsLayer::new().methods([unary("shop.Orders", "Place")]).recorder(recorder.shared());
    layer.initialize();
    let mut service = layer.layer(service_fn(empty));
    let series = |recorder: &Recorder| recorder.to_string().lines().count();
    let before = series(&recorder);
    for n in 0..1_000_000_u32 {
        let scattered = n.wrapping_mul(0x9E37_79B9);
        call(&mut service, &format!("/x{scattered:x}.Y{n}/Z{scattered}"));
    }
    assert_eq!(series(&recorder), before);
    let unknown = [("grpc_type", "unknown"), ("grpc_service", "unknown"), ("grpc_method", "unknown")];
    assert_eq!(recorder.counter("grpc_server_handled_total", unknown), 1_000_000);
    assert_eq!(recorder.counter("grpc_server_started_total", unknown), 1_000_000);
}

#[test]
fn initialize_makes_every_method_with_every_code_at_zero() {
    let recorder = Recorder::new();
    let layer = GrpcMetricsLayer::new().descriptors(FILE_DESCRIPTOR_SET).unwrap().recorder(recorder.shared());
    layer.initialize();
    GrpcMessagesLayer::from(layer).initialize();
    let page = recorder.to_string();
    let lines = |beginning: &str| page.lines().filter(|line| line.starts_with(beginning)).count();
    assert_eq!(lines("grpc_server_handled_total{"), 5 * 17, "{page}");
    for metric in ["started_total", "in_flight", "handling_seconds", "msg_received_total", "msg_sent_total"] {
        assert_eq!(lines(&format!("grpc_server_{metric}{{")), 5, "{metric}: {page}");
    }
    for (kind, method) in
        [("unary", "Place"), ("client_stream", "Import"), ("server_stream", "List"), ("bidi_stream", "Watch")]
    {
        let labels = format!("grpc_type=\"{kind}\",grpc_service=\"shop.Orders\",grpc_method=\"{method}\"");
        assert!(page.contains(&labels), "{labels}: {page}");
    }
}

#[test]
fn a_descriptor_set_names_what_a_list_names() {
    let series = |layer: GrpcMetricsLayer| {
        let recorder = Recorder::new();
        layer.recorder(recorder.shared()).initialize();
        recorder.to_string()
    };
    let listed = GrpcMetricsLayer::new().methods([
        unary("shop.Orders", "Place"),
        client_stream("shop.Orders", "Import"),
        server_stream("shop.Orders", "List"),
        bidi_stream("shop.Orders", "Watch"),
    ]);
    assert_eq!(series(GrpcMetricsLayer::new().descriptors(FILE_DESCRIPTOR_SET).unwrap()), series(listed));
    let error = GrpcMetricsLayer::new().descriptors(&FILE_DESCRIPTOR_SET[1..]).unwrap_err();
    assert!(GrpcMetricsLayer::new().descriptors(b"").is_err(), "it names no method");
    // An unnamed service, which has a method.
    assert!(GrpcMetricsLayer::new().descriptors(b"\x0a\x07\x32\x05\x12\x03\x0a\x01a").is_err());
    // A service without a package.
    let bare = b"\x0a\x0c\x32\x0a\x0a\x03Svc\x12\x03\x0a\x01a";
    assert!(series(GrpcMetricsLayer::new().descriptors(bare).unwrap()).contains("grpc_service=\"Svc\""));
    assert!(
        error.to_string().starts_with("these bytes are no descriptor set of named methods: give those"),
        "{error}"
    );
}

#[test]
fn health_and_reflection_are_left_out_where_that_is_said() {
    let recorder = Recorder::new();
    let layer = GrpcMetricsLayer::new().skip_health_and_reflection().recorder(recorder.shared());
    let mut service = layer.layer(service_fn(empty));
    for path in [
        "/grpc.health.v1.Health/Check",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    ] {
        call(&mut service, path);
    }
    assert_eq!(recorder.counter("grpc_server_started_total", []), 0);
    let layer = GrpcMetricsLayer::new().methods([unary("grpc.health.v1.Health", "Check")]);
    let layer = layer.skip_health_and_reflection().recorder(recorder.shared());
    layer.initialize();
    let messages = GrpcMessagesLayer::from(layer);
    messages.initialize();
    assert!(!recorder.to_string().contains("Health"), "{recorder}");
    call(&mut service, "/grpc.health.v1.Healthy/Check");
    assert_eq!(recorder.counter("grpc_server_started_total", []), 1);
}

#[test]
fn a_house_has_names_of_its_own() {
    let recorder = Recorder::new();
    let naming = Naming::new().prefix("house_").label("grpc_code", "code");
    let layer = GrpcMetricsLayer::new().naming(&naming).recorder(recorder.shared());
    call(&mut layer.layer(service_fn(empty)), "/a/b");
    assert_eq!(recorder.counter("house_grpc_server_handled_total", [("code", "Unknown")]), 1, "{recorder}");
}

#[test]
fn what_is_no_method_is_refused_with_what_to_change() {
    let message = refusal(|| GrpcMetricsLayer::new().methods([unary("", "Place")]));
    assert!(message.contains("is no method of gRPC: give the service with its package"), "{message}");
    for (service, method) in [("a.B", ""), ("a.B", "/c"), ("a/B", "c"), ("a\"B", "c")] {
        assert!(
            refusal(|| GrpcMetricsLayer::new().methods([unary(service, method)]))
                .contains("is no method of gRPC")
        );
    }
    let message = refusal(|| GrpcMetricsLayer::new().methods([unary("a.B", "C"), bidi_stream("a.B", "C")]));
    assert_eq!(message, "/a.B/C is registered as unary and as bidi_stream: keep one");
    // The same twice is the same.
    drop(GrpcMetricsLayer::new().methods([unary("a.B", "C"), unary("a.B", "C")]));
}
