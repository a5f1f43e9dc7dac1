//! Labels: bounded whoever sends the request, and clean.

use std::{
    convert::Infallible,
    future::{pending, ready},
};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Empty;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_metrics::{HttpMetricsLayer, names::Naming, testing::Recorder};

use crate::support::{ended, measured};

/// Sends a request through the Layer to a service that answers with `status`.
fn send(layer: &HttpMetricsLayer, method: &str, uri: &str, status: u16) {
    let service = layer.layer(service_fn(move |_: Request<()>| {
        let mut response = Response::new(Empty::<Bytes>::new());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        ready(Ok::<_, Infallible>(response))
    }));
    let request = Request::builder().method(method).uri(uri).body(()).unwrap();
    service.oneshot(request).now_or_never().unwrap().unwrap();
}

fn label_sets(recorder: &Recorder) -> usize {
    recorder.series("http_requests_in_flight").len()
}

/// Values of one label of the counter, sorted, each once.
fn values(recorder: &Recorder, label: &str) -> Vec<String> {
    let begin = format!("{label}=\"");
    let mut values: Vec<_> = recorder
        .series("http_requests_total")
        .iter()
        .map(|series| series.split_once(&begin).unwrap().1.split('"').next().unwrap().to_owned())
        .collect();
    values.sort();
    values.dedup();
    values
}

#[test]
fn methods_are_those_of_the_standard_and_one_for_all_others() {
    let (recorder, layer) = measured();
    for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"] {
        send(&layer, method, "/", 404);
        assert_eq!(recorder.counter("http_requests_total", [("method", method)]), 1);
    }
    for n in 0..1_000 {
        send(&layer, &format!("M{n}"), "/", 404);
    }
    assert_eq!(recorder.counter("http_requests_total", [("method", "_OTHER")]), 1_000);
    assert_eq!(label_sets(&recorder), 10);
}

#[test]
fn a_method_that_was_added_has_a_value_of_its_own() {
    let (recorder, layer) = measured();
    let layer = layer.methods(["PURGE"]);
    send(&layer, "PURGE", "/", 200);
    send(&layer, "purge", "/", 200);
    assert_eq!(values(&recorder, "method"), ["PURGE", "_OTHER"]);
}

#[test]
fn nothing_of_a_request_becomes_a_label_unasked() {
    let (recorder, layer) = measured();
    for n in 0..1_000 {
        send(&layer, "GET", &format!("http://host{n}.example:{}/path{n}?query={n}", n + 1), 200);
    }
    assert_eq!(values(&recorder, "endpoint"), ["unmatched"]);
    assert_eq!(label_sets(&recorder), 1);
}

#[test]
fn the_endpoint_is_what_the_users_function_says() {
    let (recorder, layer) = measured();
    let layer = layer.endpoint(|head| {
        let kind = head.headers().get("x-kind")?.to_str().ok()?;
        Some(format!("{}:{kind}", head.uri().path()).into())
    });
    let mut service =
        layer.layer(service_fn(|_| ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())))));
    let request = Request::builder().uri("/job").header("x-kind", "batch").body(()).unwrap();
    service.call(request).now_or_never().unwrap().unwrap();
    service.call(Request::new(())).now_or_never().unwrap().unwrap();
    assert_eq!(recorder.counter("http_requests_total", [("endpoint", "/job:batch")]), 1);
    assert_eq!(recorder.counter("http_requests_total", [("endpoint", "unmatched")]), 1);
}

#[test]
fn an_endpoint_is_clean_before_a_recorder_sees_it() {
    let (recorder, layer) = measured();
    let layer = layer.endpoint(|_| Some(format!("a\"b\\c\nd\u{0}{}", "é".repeat(100)).into()));
    send(&layer, "GET", "/", 200);
    let clean = format!("a_b_c_d_{}", "é".repeat(60));
    assert_eq!(recorder.counter("http_requests_total", [("endpoint", &*clean), ("status", "200")]), 1);
}

#[test]
fn endpoints_that_become_the_same_add_up() {
    let (recorder, layer) = measured();
    let layer = layer.endpoint(|head| Some(if head.uri().path() == "/1" { "a\"b" } else { "a\\b" }.into()));
    send(&layer, "GET", "/1", 200);
    send(&layer, "GET", "/2", 200);
    assert_eq!(recorder.counter("http_requests_total", [("endpoint", "a_b"), ("status", "200")]), 2);
}

#[test]
fn a_panic_in_the_users_function_is_a_label_and_the_call_goes_on() {
    let (recorder, layer) = measured();
    let layer = layer.endpoint(|_| panic!("in the endpoint function"));
    send(&layer, "GET", "/", 200);
    assert_eq!(recorder.counter("http_requests_total", [("endpoint", "_PANIC"), ("status", "200")]), 1);
}

#[test]
fn the_raw_path_is_there_for_whoever_asks_for_it() {
    let (recorder, layer) = measured();
    send(&layer.unbounded_raw_path(), "GET", "/users/7?q=1", 200);
    assert_eq!(recorder.counter("http_requests_total", [("endpoint", "/users/7")]), 1);
}

#[test]
fn a_405_or_501_makes_no_label_set_of_method_and_endpoint() {
    let (recorder, layer) = measured();
    let layer = layer.endpoint(|head| Some(head.uri().path().into()));
    for route in 0..200 {
        for method in ["HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"] {
            send(&layer, method, &format!("/{route}"), if route % 2 == 0 { 405 } else { 501 });
        }
    }
    assert_eq!(label_sets(&recorder), 1, "{recorder}");
    let labels = [("method", "_OTHER"), ("endpoint", "unmatched")];
    assert_eq!(recorder.counter("http_requests_total", labels), 1_400);
    assert_eq!(ended(&recorder), 1_400);
}

#[test]
fn the_first_answer_of_another_kind_proves_a_label_set() {
    let (recorder, layer) = measured();
    let layer = layer.endpoint(|_| Some("/route".into()));
    let counted = |status| {
        recorder
            .counter("http_requests_total", [("method", "GET"), ("endpoint", "/route"), ("status", status)])
    };
    send(&layer, "GET", "/", 405);
    assert_eq!(counted("405"), 0);
    send(&layer, "GET", "/", 404);
    send(&layer, "GET", "/", 405);
    assert_eq!((counted("404"), counted("405"), ended(&recorder)), (1, 1, 3));
}

#[test]
fn before_its_first_answer_a_call_is_in_flight_under_unmatched() {
    let (recorder, layer) = measured();
    let layer = layer.endpoint(|_| Some("/route".into()));
    let mut service =
        layer.layer(service_fn(|_: Request<()>| pending::<Result<Response<Empty<Bytes>>, Infallible>>()));
    let in_flight = |endpoint| recorder.gauge("http_requests_in_flight", [("endpoint", endpoint)]);

    let first = service.call(Request::new(()));
    assert_eq!((in_flight("unmatched"), in_flight("/route")), (1.0, 0.0));
    send(&layer, "GET", "/", 200);
    let second = service.call(Request::new(()));
    assert_eq!((in_flight("unmatched"), in_flight("/route")), (1.0, 1.0));
    drop(first);
    assert_eq!((in_flight("unmatched"), in_flight("/route")), (0.0, 1.0));
    drop(second);
    assert_eq!((in_flight("unmatched"), in_flight("/route")), (0.0, 0.0));
    assert_eq!(
        recorder.counter("http_requests_total", [("endpoint", "/route"), ("outcome", "cancelled")]),
        2
    );
}

#[test]
fn a_declared_endpoint_needs_no_proof() {
    let (recorder, layer) = measured();
    let layer = layer.endpoint(|_| Some("/route".into())).endpoints([("GET", "/route")]);
    send(&layer, "GET", "/", 405);
    assert_eq!(recorder.counter("http_requests_total", [("endpoint", "/route"), ("status", "405")]), 1);
}

#[test]
fn a_status_is_exact_on_the_counter_and_a_class_on_the_histogram() {
    let (recorder, layer) = measured();
    for status in [200, 201, 302, 404, 418, 503, 599, 600, 999] {
        send(&layer, "GET", "/", status);
    }
    let counted =
        |status| recorder.counter("http_requests_total", [("status", status), ("outcome", "completed")]);
    assert_eq!((counted("418"), counted("599"), counted("_OTHER")), (1, 1, 2));
    let timed = |status| recorder.samples("http_request_duration_seconds", [("status", status)]).len();
    assert_eq!(["2xx", "3xx", "4xx", "5xx", "_OTHER"].map(timed), [2, 1, 2, 2, 2]);
}

#[test]
fn the_exact_status_can_stand_on_the_histogram() {
    let (recorder, layer) = measured();
    let layer = layer.exact_status();
    send(&layer, "GET", "/", 404);
    assert_eq!(recorder.samples("http_request_duration_seconds", [("status", "404")]).len(), 1);
}

#[test]
fn a_client_names_the_servers_it_was_told_of() {
    let recorder = Recorder::new();
    let layer =
        HttpMetricsLayer::client().recorder(recorder.shared()).servers(["api.example.com", "internal:8443"]);
    for uri in [
        "http://API.example.com/a",
        "http://api.example.com:8080/b",
        "http://internal:8443/c",
        "http://internal:9443/d",
        "http://other.example/e",
        "/without-host",
    ] {
        send(&layer, "GET", uri, 200);
    }
    let counted = |server| recorder.counter("http_client_requests_total", [("server", server)]);
    assert_eq!(["api.example.com", "internal:8443", "_OTHER"].map(counted), [2, 1, 3]);
    assert!(recorder.series("http_requests_total").is_empty());
    assert_eq!(recorder.series("http_client_requests_in_flight").len(), 3);
}

#[test]
fn a_server_with_a_port_goes_before_its_host_alone() {
    let recorder = Recorder::new();
    let layer = HttpMetricsLayer::client().recorder(recorder.shared()).servers([
        "example.com",
        "example.com:8080",
        "secure.example:443",
        "[::1]",
    ]);
    for uri in
        ["http://example.com/", "http://example.com:8080/", "https://secure.example/", "http://[::1]:9/"]
    {
        send(&layer, "GET", uri, 200);
    }
    let counted = |server| recorder.counter("http_client_requests_total", [("server", server)]);
    assert_eq!(
        ["example.com", "example.com:8080", "secure.example:443", "[::1]"].map(counted),
        [1; 4],
        "{recorder}"
    );
}

#[test]
fn a_client_that_got_no_answer_has_no_status() {
    let recorder = Recorder::new();
    let layer = HttpMetricsLayer::client().recorder(recorder.shared());
    let service = layer.layer(service_fn(|_: Request<()>| {
        ready(Err::<Response<Empty<Bytes>>, _>(std::io::Error::other("connection refused")))
    }));
    service.oneshot(Request::new(())).now_or_never().unwrap().unwrap_err();
    let labels = [("status", "none"), ("outcome", "error")];
    assert_eq!(recorder.counter("http_client_requests_total", labels), 1);
    assert_eq!(recorder.samples("http_client_request_duration_seconds", [("status", "none")]).len(), 1);
}

#[test]
fn a_client_told_an_endpoint_has_it_beside_the_server() {
    let recorder = Recorder::new();
    let layer = HttpMetricsLayer::client().recorder(recorder.shared()).endpoint(|_| Some("/v1/pay".into()));
    send(&layer, "POST", "http://pay.example/v1/pay", 200);
    let labels = [("method", "POST"), ("server", "_OTHER"), ("endpoint", "/v1/pay"), ("status", "200")];
    assert_eq!(recorder.counter("http_client_requests_total", labels), 1);
}

#[test]
fn two_layers_with_two_namings_live_side_by_side() {
    let (recorder, layer) = measured();
    let naming =
        Naming::new().prefix("shop_").label("endpoint", "route").metric("http_requests_total", "hits_total");
    let both = (layer.clone(), layer.naming(&naming));
    let service = both
        .layer(service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())))));
    service.oneshot(Request::new(())).now_or_never().unwrap().unwrap();
    assert_eq!(recorder.counter("http_requests_total", [("endpoint", "unmatched")]), 1);
    assert_eq!(recorder.counter("hits_total", [("route", "unmatched")]), 1);
    assert_eq!(recorder.samples("shop_http_request_duration_seconds", [("route", "unmatched")]).len(), 1);
    assert_eq!(recorder.counter("tower_metrics_applied_twice_total", []), 0);
    assert!(recorder.description("hits_total").is_some());
}

#[test]
fn a_method_is_not_taken_for_another() {
    let (recorder, layer) = measured();
    let method = Method::from_bytes(b"get").unwrap();
    send(&layer, method.as_str(), "/", 200);
    assert_eq!(values(&recorder, "method"), ["_OTHER"]);
}

#[test]
fn the_cap_folds_open_endpoints_and_keeps_method_status_and_totals() {
    let (recorder, layer) = measured();
    let layer = layer.unbounded_raw_path().max_label_sets(10).endpoints([("GET", "/declared")]);
    for n in 0..1_000 {
        send(&layer, "GET", &format!("/{n}"), if n % 2 == 0 { 200 } else { 404 });
    }
    send(&layer, "GET", "/3", 200);
    send(&layer, "GET", "/declared", 200);
    let counted = |labels: &[(&str, &str)]| recorder.counter("http_requests_total", labels);
    assert_eq!(counted(&[]), 1_002);
    assert_eq!(counted(&[("endpoint", "_OVERFLOW"), ("status", "404")]), 495);
    assert_eq!(counted(&[("endpoint", "/3")]), 2, "what was there before the cap stays");
    assert_eq!(counted(&[("endpoint", "/declared")]), 1, "what was declared never folds");
    let metric = [("metric", "http_requests_total")];
    assert_eq!(recorder.counter("tower_metrics_overflow_total", metric), 990);
    assert_eq!(recorder.gauge("tower_metrics_label_sets", metric), 10.0);
    assert_eq!(recorder.gauge("tower_metrics_label_sets_limit", metric), 10.0);
    // 10 of its own, _OVERFLOW, /declared, and the fallback.
    assert_eq!(label_sets(&recorder), 13, "{recorder}");
}

#[test]
fn layers_of_one_metric_share_the_count_of_label_sets() {
    let (recorder, layer) = measured();
    let layers = [layer.clone(), layer].map(|layer| layer.unbounded_raw_path().max_label_sets(10));
    for n in 0..100 {
        send(&layers[n % 2], "GET", &format!("/{n}"), 200);
    }
    assert_eq!(recorder.gauge("tower_metrics_label_sets", []), 10.0);
    assert_eq!(recorder.counter("http_requests_total", [("endpoint", "_OVERFLOW")]), 90);
}

#[test]
fn a_layer_without_open_labels_has_no_cap() {
    let (recorder, layer) = measured();
    send(&layer, "GET", "/", 200);
    assert!(recorder.series("tower_metrics_label_sets_limit").is_empty());
}

#[test]
fn what_is_skipped_passes_unmeasured() {
    let path = |layer: HttpMetricsLayer| layer.unbounded_raw_path();
    let (recorder, layer) = measured();
    let layer =
        path(layer).skip(|head| head.headers().is_empty() && head.uri().path().starts_with("/internal/"));
    ["/internal/a", "/b"].iter().for_each(|uri| send(&layer, "GET", uri, 200));
    assert_eq!((ended(&recorder), recorder.counter("http_requests_total", [("endpoint", "/b")])), (1, 1));

    let (recorder, layer) = measured();
    let layer = path(layer).skip_endpoints(["/health", "/ready"]);
    ["/health", "/ready", "/b"].iter().for_each(|uri| send(&layer, "GET", uri, 200));
    assert_eq!((ended(&recorder), recorder.counter("http_requests_total", [("endpoint", "/b")])), (1, 1));

    let (recorder, layer) = measured();
    let layer = path(layer).keep_endpoints(["/b"]);
    ["/health", "/ready", "/b"].iter().for_each(|uri| send(&layer, "GET", uri, 200));
    assert_eq!((ended(&recorder), recorder.counter("http_requests_total", [("endpoint", "/b")])), (1, 1));

    let (recorder, layer) = measured();
    let layer = layer.skip(|_| panic!("in the skip function"));
    send(&layer, "GET", "/", 200);
    assert_eq!(ended(&recorder), 1);
}

#[test]
fn what_no_answer_proves_takes_no_place_of_the_cap() {
    let (recorder, layer) = measured();
    let layer = layer.unbounded_raw_path().max_label_sets(3);
    for method in ["PUT", "DELETE", "PATCH"] {
        send(&layer, method, "/a", 405);
    }
    assert_eq!(recorder.gauge("tower_metrics_label_sets", []), 0.0);
    for path in ["/b", "/c", "/d", "/e", "/e"] {
        send(&layer, "GET", path, 200);
    }
    let counted =
        |endpoint| recorder.counter("http_requests_total", [("endpoint", endpoint), ("status", "200")]);
    assert_eq!(["/b", "/c", "/d", "/e", "_OVERFLOW"].map(counted), [1, 1, 1, 0, 2], "{recorder}");
    assert_eq!(recorder.gauge("tower_metrics_label_sets", []), 3.0);
    assert_eq!(recorder.counter("tower_metrics_overflow_total", []), 2);
    // However many paths are answered 405, none of them makes a label set.
    for n in 0..100 {
        send(&layer, "GET", &format!("/{n}"), 405);
    }
    assert_eq!(recorder.counter("http_requests_total", [("status", "405")]), 103);
    assert_eq!(recorder.counter("tower_metrics_overflow_total", []), 102);
    assert_eq!(recorder.gauge("tower_metrics_label_sets", []), 3.0);
    assert_eq!(
        (label_sets(&recorder), ended(&recorder)),
        (5, 108),
        "three, _OVERFLOW and the fallback: {recorder}"
    );
}
