//! Bad input is refused when the Layer is built, with a message that says what to change.

use std::time::Duration;

use tower_metrics::{HttpMetricsLayer, exporter::Prometheus, names::Naming, sla::Sla};

use crate::support::refusal;

#[track_caller]
fn assert_refused<T>(build: impl FnOnce() -> T, words: &[&str]) {
    let message = refusal(build);
    for word in words {
        assert!(message.contains(word), "{word:?} is missing in: {message}");
    }
}

#[test]
fn names_that_prometheus_would_refuse() {
    for name in ["", "9lives", "with-dash", "with space", "ümlaut", "a.b"] {
        assert_refused(
            || Naming::new().metric("http_requests_total", name),
            &[&format!("{name:?}"), "use letters"],
        );
    }
    for prefix in ["9", "a-", "a."] {
        assert_refused(|| Naming::new().prefix(prefix), &[&format!("{prefix:?}"), "use letters"]);
    }
    for label in ["", "9", "a-b", "a:b", "__reserved", "le", "quantile"] {
        assert_refused(|| Naming::new().label("endpoint", label), &[&format!("{label:?}"), "use letters"]);
    }
}

#[test]
fn names_that_collide() {
    assert_refused(
        || Naming::new().metric("http_requests_total", "x").metric("http_requests_in_flight", "x"),
        &["http_requests_total", "http_requests_in_flight", "\"x\"", "another name"],
    );
    assert_refused(
        || Naming::new().metric("http_requests_total", "http_request_duration_seconds"),
        &["http_requests_total", "http_request_duration_seconds", "another name"],
    );
    assert_refused(|| Naming::new().label("endpoint", "method"), &["endpoint", "method", "another name"]);
    assert_refused(|| Naming::new().label("server", "endpoint"), &["server", "endpoint", "another name"]);
    // Only what stands on one metric collides.
    drop(Naming::new().label("version", "endpoint"));
    assert_refused(
        || Naming::new().metric("http_requests_total", "http_request_duration_seconds_count"),
        &["http_requests_total", "http_request_duration_seconds", "another name"],
    );
    assert_refused(
        || Prometheus::new().bounds("x_seconds", &[1.0]).bounds("x_seconds", &[1.0]),
        &["x_seconds", "twice"],
    );
}

#[test]
fn names_that_do_not_exist() {
    assert_refused(
        || Naming::new().metric("http_request_total", "x"),
        &["\"http_request_total\"", "catalog()"],
    );
    assert_refused(|| Naming::new().label("path", "x"), &["\"path\"", "catalog()"]);
    assert_refused(|| Naming::new().name("path"), &["\"path\"", "catalog()"]);
}

#[test]
fn bounds_with_which_a_histogram_would_miscount() {
    let bounds = |bounds: &'static [f64]| move || Prometheus::new().bounds("db_seconds", bounds);
    assert_refused(bounds(&[]), &["db_seconds", "empty"]);
    assert_refused(bounds(&[2.0, 1.0]), &["db_seconds", "2 before 1", "ascending"]);
    assert_refused(bounds(&[1.0, 1.0]), &["db_seconds", "1 before 1", "once"]);
    assert_refused(bounds(&[1.0, f64::INFINITY]), &["db_seconds", "inf", "finite"]);
    assert_refused(bounds(&[f64::NAN]), &["db_seconds", "NaN", "finite"]);
    assert_refused(|| Prometheus::new().upkeep_interval(Duration::ZERO), &["zero"]);
    assert_refused(|| Prometheus::new().idle_timeout(Duration::ZERO), &["idle timeout of zero", "such as"]);
    assert_refused(
        || HttpMetricsLayer::new().idle_timeout(Duration::ZERO),
        &["idle timeout of zero", "such as"],
    );
}

#[test]
fn promises_that_cannot_be_kept_or_broken() {
    for share in [0.0, 1.0, -0.5, 99.9, f64::NAN, f64::INFINITY] {
        assert_refused(|| Sla::new("api").availability(share), &["availability", "between 0 and 1", "0.999"]);
        assert_refused(
            || Sla::new("api").latency(share, Duration::from_secs(1)),
            &["latency", "between 0 and 1"],
        );
    }
    assert_refused(|| Sla::new("api").latency(0.99, Duration::ZERO), &["threshold", "zero"]);
    assert_refused(|| Sla::new("api").latency(0.99, Duration::MAX), &["threshold", "a day"]);
    for name in ["", "my api", "a\"b"] {
        assert_refused(|| Sla::new(name), &[&format!("{name:?}"), "use letters"]);
    }
}

#[test]
fn endpoints_methods_and_servers_that_make_no_sense() {
    assert_refused(|| HttpMetricsLayer::new().endpoints([("get", "/")]), &["\"get\"", "capitals"]);
    assert_refused(|| HttpMetricsLayer::new().endpoints([("PURGE", "/")]), &["\"PURGE\"", ".methods()"]);
    drop(HttpMetricsLayer::new().methods(["PURGE"]).endpoints([("PURGE", "/")]));
    assert_refused(|| HttpMetricsLayer::new().endpoints([("GET", "")]), &["empty", "/users/{id}"]);
    assert_refused(|| HttpMetricsLayer::new().endpoints([("GET", "/"), ("GET", "/")]), &["GET /", "twice"]);
    assert_refused(|| HttpMetricsLayer::new().methods(["NOT A TOKEN"]), &["\"NOT A TOKEN\"", "token"]);
    assert_refused(|| HttpMetricsLayer::new().servers(["a"]), &["client()"]);
    assert_refused(|| HttpMetricsLayer::client().servers([""]), &["\"\"", "host"]);
    for server in ["http://a", "a/b", "::1", "user@a", "a b"] {
        assert_refused(|| HttpMetricsLayer::client().servers([server]), &[&format!("{server:?}"), "scheme"]);
    }
    assert_refused(|| HttpMetricsLayer::axum().endpoints([("GET", "users")]), &["\"users\"", "leading `/`"]);
}
