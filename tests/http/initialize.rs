//! What stands at zero, and from when.

use std::{convert::Infallible, future::ready, io};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::Empty;
use tower::{Layer, ServiceExt, service_fn};
use tower_metrics::HttpMetricsLayer;

use crate::support::measured;

const FAILURES: [&str; 6] = [
    r#"status="500",outcome="completed""#,
    r#"status="500",outcome="error""#,
    r#"status="500",outcome="panicked""#,
    r#"status="502",outcome="completed""#,
    r#"status="503",outcome="completed""#,
    r#"status="504",outcome="completed""#,
];

fn failures_of(labels: &str) -> Vec<String> {
    FAILURES.map(|failure| format!("{labels},{failure}")).to_vec()
}

#[test]
fn with_the_first_call_of_a_label_set_its_failures_stand_at_zero() {
    let (recorder, layer) = measured();
    let service = layer
        .layer(service_fn(|_: Request<()>| ready(Ok::<_, io::Error>(Response::new(Empty::<Bytes>::new())))));
    service.oneshot(Request::new(())).now_or_never().unwrap().unwrap();
    let labels = r#"method="GET",endpoint="unmatched""#;
    let mut expected = failures_of(labels);
    expected.insert(0, format!(r#"{labels},status="200",outcome="completed""#));
    assert_eq!(recorder.series("http_requests_total"), expected);
    assert_eq!(recorder.counter("http_requests_total", []), 1);
    assert_eq!(recorder.series("http_request_duration_seconds"), [format!(r#"{labels},status="2xx""#)]);
}

#[test]
fn a_service_that_cannot_fail_has_no_counter_of_errors() {
    let (recorder, layer) = measured();
    let service = layer
        .layer(service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())))));
    service.oneshot(Request::new(())).now_or_never().unwrap().unwrap();
    assert!(
        recorder.series("http_requests_total").iter().all(|series| !series.contains("error")),
        "{recorder}"
    );
}

#[test]
fn initialize_makes_what_was_declared_and_unmatched() {
    let (recorder, layer) = measured();
    let layer = layer.endpoints([("GET", "/users/{id}"), ("POST", "/users")]);
    layer.initialize();
    layer.initialize();

    let label_sets = [
        r#"method="GET",endpoint="/users/{id}""#,
        r#"method="GET",endpoint="unmatched""#,
        r#"method="POST",endpoint="/users""#,
        r#"method="POST",endpoint="unmatched""#,
    ];
    assert_eq!(recorder.series("http_requests_total"), label_sets.map(failures_of).concat());
    let classes = |labels: &str| ["2xx", "5xx"].map(|class| format!(r#"{labels},status="{class}""#)).to_vec();
    assert_eq!(recorder.series("http_request_duration_seconds"), label_sets.map(classes).concat());
    assert_eq!(recorder.series("http_requests_in_flight"), label_sets);
    assert_eq!(recorder.counter("http_requests_total", []), 0);
    assert!(recorder.samples("http_request_duration_seconds", []).is_empty());
    assert_eq!(recorder.series("tower_metrics_applied_twice_total").len(), 1);
}

#[test]
fn without_declared_endpoints_unmatched_gets_and_posts() {
    let (recorder, layer) = measured();
    layer.initialize();
    let unmatched = [r#"method="GET",endpoint="unmatched""#, r#"method="POST",endpoint="unmatched""#];
    assert_eq!(recorder.series("http_requests_in_flight"), unmatched);
}

#[test]
fn a_router_of_axum_cannot_fail() {
    let (recorder, _) = measured();
    HttpMetricsLayer::axum().recorder(recorder.shared()).initialize();
    assert!(
        recorder.series("http_requests_total").iter().all(|series| !series.contains("error")),
        "{recorder}"
    );
}
