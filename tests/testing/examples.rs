//! The examples, tortured: what they show is counted however it ends.

use std::{convert::Infallible, path::Path};

use axum::{Router, body::Body};
use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use tower::{Layer, ServiceBuilder, service_fn};
use tower_metrics::{
    GrpcMessagesLayer, GrpcMetricsLayer, HttpMetricsLayer,
    testing::{Faults, Recorder, Torture, torture::Way},
};

use crate::{orders::Orders, shop::orders_server::OrdersServer, support::quiet_panics};

#[expect(dead_code, reason = "its `main` is for the program")]
#[path = "../../examples/axum.rs"]
mod axum_example;
#[expect(dead_code, reason = "its `main` is for the program")]
#[path = "../../examples/hyper.rs"]
mod hyper_example;

fn torture<E>(recorder: &Recorder, faults: &Faults<E>) -> Torture {
    Torture::new(recorder).faults(faults).tasks(|task| {
        let task = tokio::spawn(task);
        move || task.abort()
    })
}

#[tokio::test(start_paused = true)]
async fn the_axum_application_balances() {
    // It panics of itself, when it is asked to.
    quiet_panics();
    let recorder = Recorder::new();
    let layer = HttpMetricsLayer::axum().recorder(recorder.shared());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let app: Router = axum_example::app(layer, axum_example::Shop::new(), file);
    let asked = [
        ("GET", "/users/7"),
        ("GET", "/slow"),
        ("GET", "/fail"),
        ("GET", "/panic"),
        ("GET", "/stream"),
        ("POST", "/echo"),
        ("GET", "/file"),
        ("POST", "/reports"),
        ("HEAD", "/file"),
        ("DELETE", "/users/7"),
        ("GET", "/nowhere"),
    ];
    let mut asked = asked.into_iter().cycle();
    let request = || {
        let (method, path) = asked.next().unwrap();
        Request::builder().method(method).uri(path).body(Body::from("Ada")).unwrap()
    };
    // It has no room for faults, and enough of its own.
    let report = Torture::new(&recorder).rounds(22).run_http(|| app.clone(), request).await;
    report.assert_balanced();
    for outcome in ["completed", "cancelled", "panicked", "body_dropped"] {
        assert!(recorder.counter("http_requests_total", [("outcome", outcome)]) > 0, "{outcome}: {report}");
    }
}

#[tokio::test]
async fn the_service_of_hyper_balances() {
    let recorder = Recorder::new();
    let faults = Faults::new();
    let service = ServiceBuilder::new()
        .layer(hyper_example::layer().recorder(recorder.shared()))
        .layer(faults.http())
        .service(service_fn(hyper_example::hello::<Empty<Bytes>>));
    let request = || Request::get("/hello/ada").body(Empty::new()).unwrap();
    let report = torture(&recorder, &faults).run_http(|| service.clone(), request).await;
    report.assert_balanced();
    assert_eq!(recorder.counter("http_requests_total", [("endpoint", "/hello/{name}")]), report.calls());
}

/// One message of no fields, as gRPC frames it.
fn grpc(method: &str) -> Request<tonic::body::Body> {
    let body = http_body_util::Full::new(Bytes::from_static(&[0; 5]));
    let request = Request::post(format!("http://shop/shop.Orders/{method}"));
    let request = request.header("content-type", "application/grpc").header("te", "trailers");
    request.body(tonic::body::Body::new(body)).unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_server_of_tonic_balances() {
    let recorder = Recorder::new();
    let faults = Faults::<Infallible>::new();
    let layer = GrpcMetricsLayer::new().descriptors(include_bytes!("../../examples/tonic/shop.bin")).unwrap();
    let layer = layer.recorder(recorder.shared());
    let service = ServiceBuilder::new()
        .layer(GrpcMessagesLayer::from(layer.clone()))
        .layer(layer)
        .layer(faults.http())
        .map_request(|request: Request<_>| request.map(tonic::body::Body::new))
        .service(OrdersServer::new(Orders));
    let mut methods = ["Place", "List", "Import", "Watch", "Nowhere"].into_iter().cycle();
    let report = torture(&recorder, &faults).rounds(20);
    let report = report.run_http(|| service.clone(), || grpc(methods.next().unwrap())).await;
    report.assert_balanced();
    assert!(report.ended(Way::BodyFails) > 0, "{report}");
    assert_eq!(recorder.counter("grpc_server_started_total", []), report.calls());
    for method in ["Place", "List", "unknown"] {
        let answered = [
            ("grpc_method", method),
            ("grpc_code", if method == "unknown" { "Unimplemented" } else { "OK" }),
        ];
        assert!(recorder.counter("grpc_server_handled_total", answered) > 0, "{method}: {report}");
    }
}

#[test]
fn faults_without_a_torture_do_nothing() {
    let faults = Faults::<Infallible>::new();
    let service = faults.http().layer(faults.layer(service_fn(hyper_example::hello::<Empty<Bytes>>)));
    let call = tower::ServiceExt::oneshot(service, Request::new(Empty::new()));
    let answer = futures_util::FutureExt::now_or_never(call).unwrap().unwrap();
    assert_eq!(answer.status(), 404);
}
