//! Names that cannot stand beside each other, and names that Prometheus would refuse: each is refused in clear words.

use std::collections::BTreeSet;

use tower_metrics::{ServiceMetricsLayer, exporter::Prometheus, names::Naming};

use crate::support::refusal;

/// What is told, and what the refusal says: the fault, and what to change.
type Case = (Box<dyn Fn()>, &'static str, &'static str);

fn case<T>(told: impl Fn() -> T + 'static, fault: &'static str, change: &'static str) -> Case {
    (Box::new(move || drop(told())), fault, change)
}

/// Two schemes with one exporter.
fn both(one: Naming, other: Naming) -> Prometheus {
    Prometheus::new().naming(&one).naming(&other)
}

fn cases() -> Vec<Case> {
    let (new, otel, axum) = (Naming::new, Naming::opentelemetry, Naming::axum_prometheus);
    let other_name = "give one of them another name";
    vec![
        case(
            move || new().metric("http_requests_total", "http_requests_in_flight"),
            "http_requests_in_flight and http_requests_total would both be exported as \"http_requests_in_flight\"",
            other_name,
        ),
        case(
            move || new().metric("http_requests_total", "http_request_duration_seconds_count"),
            "would both be exported as \"http_request_duration_seconds_count\"",
            other_name,
        ),
        case(
            move || {
                new().metric("grpc_server_handling_seconds", "rpc").metric("grpc_server_in_flight", "rpc_sum")
            },
            "would both be exported as \"rpc_sum\"",
            other_name,
        ),
        case(
            move || new().label("status", "outcome"),
            "the labels outcome and status of http_requests_total would both be called \"outcome\"",
            other_name,
        ),
        case(
            move || new().label("endpoint", "server"),
            "the labels endpoint and server of http_client_requests_total",
            other_name,
        ),
        case(
            move || new().label("status", "le"),
            "\"le\" is no label name",
            "which the exposition itself uses",
        ),
        case(move || new().label("status", "__status"), "\"__status\" is no label name", "not with `__`"),
        case(
            move || new().label("status", "http.status"),
            "\"http.status\" is no label name",
            "use letters, digits",
        ),
        case(
            move || new().metric("http_requests_total", "http.requests"),
            "\"http.requests\" is no Prometheus metric name",
            "use letters, digits",
        ),
        case(move || new().metric("http_requests_total", ""), "\"\" is no Prometheus", "begin with no digit"),
        case(move || new().prefix("9shop_"), "the prefix \"9shop_\" cannot begin", "begin with no digit"),
        case(move || new().prefix("my-shop_"), "the prefix \"my-shop_\" cannot begin", "use letters, digits"),
        case(
            move || new().metric("http_requests", "calls"),
            "there is no metric \"http_requests\" to rename",
            "names::catalog() lists those there are",
        ),
        case(
            move || new().label("route", "path"),
            "there is no label \"route\" to rename",
            "names::catalog() lists those there are",
        ),
        case(
            move || new().prometheus_name("up"),
            "there is no metric \"up\"",
            "names::catalog() lists those there are",
        ),
        case(move || otel().label("status", "url_scheme"), "would both be called \"url_scheme\"", other_name),
        case(
            move || otel().label("endpoint", "error.type"),
            "would both be called \"error_type\"",
            other_name,
        ),
        case(
            move || otel().label("server", "server.port"),
            "would both be called \"server_port\"",
            other_name,
        ),
        case(
            move || otel().label("grpc_code", "rpc_system_name"),
            "would both be called \"rpc_system_name\"",
            other_name,
        ),
        case(
            move || otel().metric("grpc_server_in_flight", "http_server_active_requests"),
            "would both be exported as \"http_server_active_requests\"",
            other_name,
        ),
        case(
            move || otel().metric("http_requests_total", "http_server_request_duration_seconds_count"),
            "would both be exported as \"http_server_request_duration_seconds_count\"",
            other_name,
        ),
        case(
            move || otel().metric("grpc_server_handling_seconds", "http_server_request_duration"),
            "would both be exported as \"http_server_request_duration_seconds\"",
            other_name,
        ),
        case(
            move || otel().prefix("my shop."),
            "the prefix \"my shop.\" cannot begin",
            "use letters, digits",
        ),
        case(
            move || otel().url_scheme("https://"),
            "\"https://\" is no scheme of a URL",
            "give one such as \"https\"",
        ),
        case(
            move || new().url_scheme("https"),
            "only Naming::opentelemetry() has a label for the scheme of the URL",
            "begin with it, or leave this out",
        ),
        case(
            move || axum().metric("grpc_server_started_total", "axum_http_requests_total"),
            "would both be exported as \"axum_http_requests_total\"",
            other_name,
        ),
        case(
            move || axum().label("method", "endpoint"),
            "the labels endpoint and method of http_requests_total would both be called \"endpoint\"",
            other_name,
        ),
        case(
            move || {
                both(
                    new().metric("http_requests_total", "calls_total"),
                    axum().metric("grpc_server_handled_total", "calls_total"),
                )
            },
            "exports grpc_server_handled_total as \"calls_total\", and another one http_requests_total",
            other_name,
        ),
        case(
            move || both(otel(), new().metric("grpc_server_in_flight", "http_server_active_requests")),
            "exports grpc_server_in_flight as \"http_server_active_requests\", and another one",
            other_name,
        ),
        case(
            || ServiceMetricsLayer::new("axum_http_requests"),
            "\"axum_http_requests_total\" is recorded by another Layer of this crate",
            "give this metric another name",
        ),
        case(
            || ServiceMetricsLayer::new("rpc_server_call"),
            "\"rpc_server_call_duration_seconds\" is recorded by another Layer of this crate",
            "give this metric another name",
        ),
    ]
}

#[test]
fn each_colliding_or_wrong_name_is_refused_with_what_to_change() {
    let mut messages = BTreeSet::new();
    for (told, fault, change) in cases() {
        let message = refusal(told);
        assert!(message.contains(fault), "{fault:?} is not in {message:?}");
        assert!(message.contains(change), "{change:?} is not in {message:?}");
        assert!(messages.insert(message.clone()), "{message:?} is said of two faults");
    }
    assert!(messages.len() >= 20);
}

#[test]
fn what_differs_by_a_letter_is_taken() {
    let naming = Naming::opentelemetry()
        .prefix("shop.")
        .metric("http_requests_total", "http.server.requests_total")
        .label("status", "http.status")
        .url_scheme("https");
    assert_eq!(naming.name("http_request_duration_seconds"), "shop.http.server.request.duration");
    assert_eq!(
        naming.prometheus_name("http_request_duration_seconds"),
        "shop_http_server_request_duration_seconds"
    );
    assert_eq!(naming.prometheus_name("http_requests_total"), "http_server_requests_total");
    drop(both(Naming::opentelemetry(), Naming::axum_prometheus()).naming(&naming));
    drop(ServiceMetricsLayer::new("axum_requests"));
}
