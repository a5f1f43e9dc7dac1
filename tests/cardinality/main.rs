//! Who controls the whole request makes no series and takes no memory.
//!
//! A binary of its own, because it counts allocations. A tenth of the calls where debug assertions are on; all of them by
//! `cargo test --release --all-features --test cardinality`.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

#[path = "../support/exposition/mod.rs"]
mod exposition;

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    future::ready,
    sync::Arc,
};

use allocation_counter::AllocationInfo;
use axum::{Router, body::Body, routing::get};
use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri, header};
use http_body_util::Empty;
use metrics_exporter_prometheus::PrometheusHandle;
use tower::{Layer, Service, service_fn};
use tower_metrics::{GrpcMetricsLayer, HttpMetricsLayer, exporter::Prometheus, grpc::unary};

use crate::exposition::Page;

const CALLS: u32 = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };
const MIB: i64 = 1 << 20;

type Labels = BTreeMap<String, String>;

/// What requests are told apart by on the page: what answers add to that comes from closed sets.
fn label_sets(handle: &PrometheusHandle) -> BTreeSet<Labels> {
    let of_answers = ["status", "outcome", "grpc_code", "le"];
    let page = Page::read(&handle.render()).unwrap();
    let labels = page.samples.into_iter().map(|sample| sample.labels);
    labels.map(|set| set.into_iter().filter(|(label, _)| !of_answers.contains(&&**label)).collect()).collect()
}

/// What `attack` leaves behind: label sets that are new, and bytes.
fn left_behind(handle: &PrometheusHandle, attack: impl FnOnce()) -> (Vec<Labels>, AllocationInfo) {
    let before = label_sets(handle);
    let info = allocation_counter::measure(|| {
        attack();
        handle.run_upkeep();
    });
    let new = label_sets(handle).difference(&before).cloned().collect();
    (new, info)
}

/// Moves the samples into their buckets, as upkeep does every few seconds.
fn keep_up(handle: &PrometheusHandle, n: u32) {
    if n % 10_000 == 0 {
        handle.run_upkeep();
    }
}

/// A request in which everything is new.
fn unique(n: u32) -> Request<()> {
    let scattered = n.wrapping_mul(0x9E37_79B9);
    let mut request = Request::new(());
    *request.method_mut() = match n % 3 {
        0 => Method::POST,
        _ => Method::from_bytes(format!("M{scattered:X}").as_bytes()).unwrap(),
    };
    let uri = format!("http://h{n}.example:{}/p{scattered:x}.S{n}/m{n}?q={scattered}", 1 + n % 65_535);
    *request.uri_mut() = Uri::try_from(uri).unwrap();
    let value = |text: String| HeaderValue::try_from(text).unwrap();
    *request.headers_mut() = HeaderMap::from_iter([
        (header::HOST, value(format!("h{n}"))),
        (header::USER_AGENT, value(format!("agent/{n}"))),
        (header::AUTHORIZATION, value(format!("Bearer {scattered}"))),
    ]);
    request
}

#[test]
fn unique_requests_make_no_series_and_take_no_memory() {
    let exporter = Prometheus::new().into_builder().build_recorder();
    let handle = exporter.handle();
    let recorder = Arc::new(exporter);
    let server = HttpMetricsLayer::new().recorder(recorder.clone());
    let client = HttpMetricsLayer::client().servers(["api.example"]).recorder(recorder.clone());
    let grpc = GrpcMetricsLayer::new().methods([unary("shop.Orders", "Place")]).recorder(recorder);
    let mut service = (server, client, grpc)
        .layer(service_fn(|_| ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())))));
    let mut call = |request| drop(service.call(request).now_or_never().unwrap().unwrap());
    // What every service has once it has answered somebody.
    call(Request::new(()));
    // A few first: with series of their own, all of them would take hours.
    let (few, _) = left_behind(&handle, || (0..1_000).for_each(|n| call(unique(n))));
    // POST and `_OTHER`, of the server and of the client.
    assert_eq!(few.len(), 4, "{few:?}");
    let (new, info) = left_behind(&handle, || {
        for n in 0..CALLS {
            call(unique(n));
            keep_up(&handle, n);
        }
    });
    let page = handle.render();
    let counted =
        format!("grpc_service=\"unknown\",grpc_method=\"unknown\",grpc_code=\"Unknown\"}} {}", CALLS + 1_001);
    assert!(page.contains(&counted), "{page}");
    assert_eq!(new, []);
    assert!(info.bytes_current <= MIB, "{info:?}");
}

#[test]
fn methods_that_routes_do_not_have_make_no_series_and_take_no_memory() {
    const ROUTES: u32 = 200;
    let methods = ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE", "BREW", "get", "X"];
    let exporter = Prometheus::new().into_builder().build_recorder();
    let handle = exporter.handle();
    let layer = HttpMetricsLayer::axum().recorder(Arc::new(exporter));
    let app =
        (0..ROUTES).fold(Router::new(), |app, n| app.route(&format!("/r{n}/{{id}}"), get(async || "ok")));
    let mut app = app.layer(layer);
    let mut call = |method: &str, uri: String| {
        let request = Request::builder().method(method).uri(uri).body(Body::empty()).unwrap();
        app.call(request).now_or_never().unwrap().unwrap().status().as_u16()
    };
    for n in 0..ROUTES {
        assert_eq!(call("GET", format!("/r{n}/1")), 200);
    }
    let (new, info) = left_behind(&handle, || {
        for n in 0..ROUTES {
            for method in methods {
                assert_eq!(call(method, format!("/r{n}/{method}")), 405);
            }
        }
    });
    assert_eq!(new, []);
    let folded = [("method", "_OTHER"), ("endpoint", "unmatched"), ("status", "405")];
    let page = Page::read(&handle.render()).unwrap();
    assert_eq!(page.sum("http_requests_total", &folded), f64::from(ROUTES) * methods.len() as f64);
    assert!(info.bytes_current <= MIB, "{info:?}");
}
