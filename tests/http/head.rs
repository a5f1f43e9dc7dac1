//! The time to the response head: sampled when the head is there, and once for every call.

use std::{
    convert::Infallible,
    future::{pending, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_metrics::{
    HttpMetricsLayer, LatencyLayer,
    sla::Sla,
    testing::{Clock, Recorder},
};

use crate::support::{Script, Step};

const HEAD: &str = "http_response_head_duration_seconds";
const WHOLE: &str = "http_request_duration_seconds";

fn get() -> Request<Empty<Bytes>> {
    Request::new(Empty::new())
}

#[test]
fn the_head_is_sampled_when_it_is_there_and_the_call_when_it_ends() {
    let (recorder, (clock, mock)) = (Recorder::new(), Clock::mock());
    let layer = HttpMetricsLayer::new().response_head_duration().clock(clock).recorder(recorder.shared());
    let step = mock.clone();
    let mut service = layer.layer(service_fn(move |_| {
        step.advance(Duration::from_millis(100));
        ready(Ok::<_, Infallible>(Response::new(Script::new([Step::Data("a")]))))
    }));

    let response = service.call(get()).now_or_never().unwrap().unwrap();
    let labels = [("method", "GET"), ("endpoint", "unmatched"), ("status", "2xx")];
    assert_eq!(recorder.samples(HEAD, labels), [0.1]);
    assert_eq!(recorder.samples(WHOLE, []), [0.0; 0]);

    mock.advance(Duration::from_millis(400));
    response.into_body().collect().now_or_never().unwrap().unwrap();
    assert_eq!(recorder.samples(HEAD, []), [0.1], "once");
    assert_eq!(recorder.samples(WHOLE, labels), [0.5]);
    assert_eq!(recorder.counter("http_requests_total", []), 1);
}

#[test]
fn a_call_without_a_head_is_sampled_when_it_ends() {
    let (recorder, (clock, mock)) = (Recorder::new(), Clock::mock());
    let layer = HttpMetricsLayer::new().response_head_duration().clock(clock).recorder(recorder.shared());

    let mut hanging = layer.layer(service_fn(|_| pending::<Result<Response<Empty<Bytes>>, Infallible>>()));
    let call = hanging.call(get());
    mock.advance(Duration::from_secs(3));
    drop(call);
    assert_eq!(recorder.samples(HEAD, [("status", "none")]), [3.0]);

    let panicking = layer
        .layer(service_fn(|_| async { panic!("as asked") as Result<Response<Empty<Bytes>>, Infallible> }));
    catch_unwind(AssertUnwindSafe(|| panicking.oneshot(get()).now_or_never())).unwrap_err();
    assert_eq!(recorder.samples(HEAD, [("status", "5xx")]), [0.0]);
}

#[test]
fn it_is_not_measured_unasked_and_is_part_of_the_latency_alone() {
    let answer = |_| ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())));
    let measured = |layer: HttpMetricsLayer| {
        let recorder = Recorder::new();
        layer
            .recorder(recorder.shared())
            .layer(service_fn(answer))
            .oneshot(get())
            .now_or_never()
            .unwrap()
            .unwrap();
        recorder
    };
    assert!(!measured(HttpMetricsLayer::new()).to_string().contains("head"));

    let recorder = Recorder::new();
    let layer = HttpMetricsLayer::new().response_head_duration().recorder(recorder.shared());
    let latency = LatencyLayer::from(layer).layer(service_fn(answer));
    latency.oneshot(get()).now_or_never().unwrap().unwrap();
    assert_eq!(recorder.samples(HEAD, []).len(), 1);
    assert!(!recorder.to_string().contains("http_requests_total"));
}

#[test]
fn clients_and_attempts_have_names_of_their_own() {
    let answer = |_| ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())));
    for (layer, name) in [
        (HttpMetricsLayer::client(), "http_client_response_head_duration_seconds"),
        (HttpMetricsLayer::new().attempts(), "http_request_attempt_head_duration_seconds"),
        (HttpMetricsLayer::client().attempts(), "http_client_request_attempt_head_duration_seconds"),
    ] {
        let recorder = Recorder::new();
        let layer = layer.response_head_duration().recorder(recorder.shared());
        layer.layer(service_fn(answer)).oneshot(get()).now_or_never().unwrap().unwrap();
        assert_eq!(recorder.samples(name, []).len(), 1, "{recorder}");
    }
}

#[test]
fn the_layer_does_what_the_sla_needs() {
    let threshold = Duration::from_millis(100);
    let sla = Sla::new("api").endpoint("GET", "/reports", |it| it.head_latency(0.99, threshold));
    let recorder = Recorder::new();
    HttpMetricsLayer::new()
        .endpoints([("GET", "/reports")])
        .sla(&sla)
        .recorder(recorder.shared())
        .initialize();
    let page = recorder.to_string();
    assert!(page.contains(HEAD) && page.contains("/reports"), "{page}");

    let recorder = Recorder::new();
    let sla = Sla::new("api").endpoint("GET", "/users", |it| it.latency(0.99, threshold));
    HttpMetricsLayer::new().sla(&sla).recorder(recorder.shared()).initialize();
    let page = recorder.to_string();
    assert!(!page.contains(HEAD) && page.contains("/users"), "{page}");
}

#[test]
fn a_call_that_finds_no_room_overflows_once() {
    let recorder = Recorder::new();
    let layer = HttpMetricsLayer::new().response_head_duration().unbounded_raw_path().max_label_sets(1);
    let layer = layer.recorder(recorder.shared());
    let answer = |_| ready(Ok::<_, Infallible>(Response::new(Script::new([Step::Data("a")]))));
    let mut service = layer.layer(service_fn(answer));
    for path in ["/a", "/b", "/b"] {
        let request = Request::builder().uri(path).body(Empty::<Bytes>::new()).unwrap();
        let response = service.call(request).now_or_never().unwrap().unwrap();
        response.into_body().collect().now_or_never().unwrap().unwrap();
    }
    assert_eq!(recorder.counter("tower_metrics_overflow_total", []), 2, "{recorder}");
    assert_eq!(recorder.samples(HEAD, [("endpoint", "_OVERFLOW")]).len(), 2, "{recorder}");
}

#[test]
fn an_end_that_never_was_has_no_series() {
    let recorder = Recorder::new();
    let layer = HttpMetricsLayer::new().response_head_duration().recorder(recorder.shared());
    let broken = |_| ready(Ok::<_, Infallible>(Response::new(Script::new([Step::Data("a"), Step::Fail]))));
    let response = layer.layer(service_fn(broken)).oneshot(get()).now_or_never().unwrap().unwrap();
    assert!(response.into_body().collect().now_or_never().unwrap().is_err());
    let page = recorder.to_string();
    assert!(page.contains("body_error") && !page.contains("status=\"200\",outcome=\"completed\""), "{page}");
    assert_eq!(recorder.samples(HEAD, [("status", "2xx")]).len(), 1);
}
