//! Whole requests of hostile parts: no label but from its closed set, or clean, bounded and from the user's function.

use std::{borrow::Cow, cell::Cell, collections::HashSet, convert::Infallible, future::ready, sync::Arc};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri, header::HOST};
use http_body_util::Empty;
use tower::{Layer, Service, service_fn};
use tower_metrics::{
    GrpcMetricsLayer, HttpMetricsLayer, exporter::Prometheus, grpc::unary, http::RequestHead,
};

use super::input::{Input, clean};
use crate::exposition::Page;

/// What the endpoint function is to take of a request.
#[derive(Clone, Debug)]
struct Told {
    from: usize,
    text: String,
}

/// Label sets that the endpoint function may make.
const MOST: usize = 4;
const SERVERS: [&str; 2] = ["known.example", "known.example:8080"];
const METHODS: [&str; 10] =
    ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE", "_OTHER"];
const PATHS: [&str; 6] =
    ["/shop.Orders/Place", "/shop.Orders/", "//Place", "*", "/", "http://known.example:8080/a?b"];
const HEADERS: [&str; 6] = ["host", "user-agent", "authorization", "grpc-timeout", "x-forwarded-for", "te"];

pub(crate) fn run(data: &[u8]) {
    let exporter = Prometheus::new().into_builder().build_recorder();
    let handle = exporter.handle();
    let recorder = Arc::new(exporter);
    let server = HttpMetricsLayer::new().endpoint(endpoint).max_label_sets(MOST).recorder(recorder.clone());
    let client = HttpMetricsLayer::client().servers(SERVERS).recorder(recorder.clone());
    let grpc = GrpcMetricsLayer::new().methods([unary("shop.Orders", "Place")]).recorder(recorder);

    let arrived = Cell::new(None);
    let status = Cell::new(200);
    let mut service = (server, client, grpc).layer(service_fn(|request: Request<()>| {
        arrived.set(Some(request));
        let response = Response::builder().status(status.get()).body(Empty::<Bytes>::new());
        ready(Ok::<_, Infallible>(response.expect("the http crate permits 100 to 999")))
    }));

    let mut input = Input::new(data);
    let (mut calls, mut told) = (0.0, HashSet::from(["unmatched".to_owned(), "_OVERFLOW".to_owned()]));
    while !input.is_over() && calls < 16.0 {
        let sent = request(&mut input);
        status.set(input.short() % 900 + 100);
        told.extend(endpoint_of(&sent).map(|endpoint| clean(&endpoint)));
        let (head, ()) = sent.clone().into_parts();
        let answer = service.call(sent).now_or_never().expect("the answer is ready").expect("it is one");
        assert_eq!(answer.status().as_u16(), status.get());
        let arrived = arrived.take().expect("the service was called");
        assert_eq!(
            (arrived.method(), arrived.uri(), arrived.headers()),
            (&head.method, &head.uri, &head.headers)
        );
        calls += 1.0;
    }

    let text = handle.render();
    let page = Page::read(&text).unwrap_or_else(|fault| panic!("{fault} in\n{text}"));
    for metric in [
        "http_requests_total",
        "http_request_duration_seconds_count",
        "http_client_requests_total",
        "http_client_request_duration_seconds_count",
        "grpc_server_started_total",
        "grpc_server_handled_total",
    ] {
        assert_eq!(page.sum(metric, &[]), calls, "{metric} in\n{text}");
    }
    for gauge in ["http_requests_in_flight", "http_client_requests_in_flight", "grpc_server_in_flight"] {
        assert_eq!(page.sum(gauge, &[]), 0.0, "{gauge}");
    }
    let is_told = |label: &str, told: &dyn Fn(&str) -> bool| {
        let values = page.values(label);
        let other = values.iter().find(|value| !told(value));
        assert_eq!(other, None, "{label} in\n{text}");
    };
    is_told("endpoint", &|value| told.contains(value));
    is_told("method", &|value| METHODS.contains(&value));
    is_told("server", &|value| SERVERS.contains(&value) || value == "_OTHER");
    is_told("status", &|value| ["_OTHER", "none"].contains(&value) || is_status(value));
    is_told("grpc_service", &|value| ["shop.Orders", "unknown"].contains(&value));
    is_told("grpc_method", &|value| ["Place", "unknown"].contains(&value));
    assert!(page.values("endpoint").len() <= MOST + 2, "{text}");
    assert!(page.sum("tower_metrics_label_sets", &[]) <= MOST as f64);
}

/// A request of whatever the `http` crate lets pass.
fn request(input: &mut Input<'_>) -> Request<()> {
    let method = match input.byte() {
        byte @ 0..128 => Method::from_bytes(METHODS[usize::from(byte) % METHODS.len()].as_bytes()).ok(),
        _ => Method::from_bytes(input.bytes()).ok(),
    };
    let uri = match input.byte() {
        byte @ 0..128 => PATHS[usize::from(byte) % PATHS.len()].parse().ok(),
        byte @ 128..192 => Uri::from_maybe_shared(Bytes::from(format!("/{byte}{}", input.text()))).ok(),
        _ => Uri::from_maybe_shared(Bytes::copy_from_slice(input.bytes())).ok(),
    };
    let mut request = Request::new(());
    *request.method_mut() = method.unwrap_or_default();
    *request.uri_mut() = uri.unwrap_or_default();
    for _ in 0..input.below(4) {
        let name = HeaderName::from_static(input.one_of(&HEADERS));
        if let Ok(value) = HeaderValue::from_bytes(input.bytes()) {
            request.headers_mut().append(name, value);
        }
    }
    let told = Told { from: input.below(7), text: input.text() };
    request.extensions_mut().insert(told);
    request
}

fn endpoint(head: RequestHead<'_>) -> Option<Cow<'_, str>> {
    pick(head.extensions().get()?, head.method(), head.uri(), head.headers().get(HOST))
}

fn endpoint_of(request: &Request<()>) -> Option<Cow<'_, str>> {
    let told = request.extensions().get().expect("it was told");
    pick(told, request.method(), request.uri(), request.headers().get(HOST))
}

fn pick<'a>(
    told: &'a Told,
    method: &'a Method,
    uri: &'a Uri,
    host: Option<&'a HeaderValue>,
) -> Option<Cow<'a, str>> {
    match told.from {
        0 => Some(uri.path().into()),
        1 => uri.query().map(Cow::from),
        2 => uri.host().map(Cow::from),
        3 => host.map(|host| String::from_utf8_lossy(host.as_bytes())),
        4 => Some(method.as_str().into()),
        5 => Some(told.text.as_str().into()),
        _ => None,
    }
}

fn is_status(value: &str) -> bool {
    let is_class = matches!(value, "1xx" | "2xx" | "3xx" | "4xx" | "5xx");
    is_class || value.parse::<u16>().is_ok_and(|status| (100..600).contains(&status))
}
