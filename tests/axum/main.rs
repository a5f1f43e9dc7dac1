//! `HttpMetricsLayer::axum()` in real routers: which template it sees from which place.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

use std::{convert::Infallible, future::pending};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
    routing::{any, any_service, get, post},
};
use futures_util::FutureExt;
use tower::{Layer, ServiceExt, service_fn};
use tower_metrics::{HttpMetricsLayer, InFlightLayer, LatencyLayer, RequestCountLayer, testing::Recorder};

fn measured() -> (Recorder, HttpMetricsLayer) {
    let recorder = Recorder::new();
    let layer = HttpMetricsLayer::axum().recorder(recorder.shared());
    (recorder, layer)
}

async fn ok() -> &'static str {
    "ok"
}

/// Sends a request and reads the answer to its end.
async fn send(app: &Router, method: &str, path: &str) -> StatusCode {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status();
    axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    status
}

#[track_caller]
fn assert_endpoint(recorder: &Recorder, endpoint: &str, status: &str) {
    let labels = [("endpoint", endpoint), ("status", status), ("outcome", "completed")];
    assert_eq!(recorder.counter("http_requests_total", labels), 1, "{recorder}");
    assert_eq!(recorder.counter("http_requests_total", []), 1, "{recorder}");
    assert_eq!(recorder.gauge("http_requests_in_flight", []), 0.0);
}

#[tokio::test]
async fn router_layer_sees_the_template() {
    let (recorder, layer) = measured();
    let app = Router::new().route("/users/{id}", get(ok)).layer(layer);
    send(&app, "GET", "/users/7").await;
    assert_endpoint(&recorder, "/users/{id}", "200");
}

#[tokio::test]
async fn router_layer_counts_what_matches_no_route_as_unmatched() {
    let (recorder, layer) = measured();
    let app = Router::new().route("/users/{id}", get(ok)).layer(layer);
    send(&app, "GET", "/wp-login.php").await;
    assert_endpoint(&recorder, "unmatched", "404");
}

#[tokio::test]
async fn what_is_in_flight_before_it_is_proven_and_what_is_unmatched_share_one_gauge() {
    let (recorder, layer) = measured();
    let app = Router::new().route("/slow", any(pending::<()>)).fallback(pending::<()>).layer(layer);
    let begin = |method: &str, path: &str| {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let mut call = Box::pin(app.clone().oneshot(request));
        assert!(call.as_mut().now_or_never().is_none());
        call
    };
    let labels = [("method", "_OTHER"), ("endpoint", "unmatched")];
    let in_flight = || recorder.gauge("http_requests_in_flight", labels);
    // One under the fallback of a route that nothing has proven, two whose own label set that is.
    let calls = [begin("GET", "/slow"), begin("BREW", "/nowhere"), begin("STEEP", "/elsewhere")];
    for (left, call) in (0..3).rev().zip(calls) {
        assert_eq!(in_flight(), f64::from(left + 1));
        drop(call);
    }
    assert_eq!(in_flight(), 0.0);
    let cancelled = [("outcome", "cancelled")];
    assert_eq!(recorder.counter("http_requests_total", cancelled), 3, "{recorder}");
    assert_eq!(recorder.counter("http_requests_total", labels), 2, "{recorder}");
}

#[tokio::test]
async fn route_layer_sees_the_template_and_nothing_of_what_matches_no_route() {
    let (recorder, layer) = measured();
    let app = Router::new().route("/users/{id}", get(ok)).route_layer(layer);
    assert_eq!(send(&app, "GET", "/nowhere").await, StatusCode::NOT_FOUND);
    send(&app, "GET", "/users/7").await;
    assert_endpoint(&recorder, "/users/{id}", "200");
}

#[tokio::test]
async fn method_router_layer_sees_the_template() {
    let (recorder, layer) = measured();
    let app = Router::new().route("/users/{id}", get(ok).layer(layer));
    send(&app, "GET", "/users/7").await;
    assert_endpoint(&recorder, "/users/{id}", "200");
}

#[tokio::test]
async fn routers_nested_three_deep_give_the_whole_template_from_outside_and_inside() {
    for outside in [true, false] {
        let (recorder, layer) = measured();
        let mut innermost = Router::new().route("/posts/{post}", get(ok));
        if !outside {
            innermost = innermost.layer(layer.clone());
        }
        let mut app = Router::new()
            .nest("/api", Router::new().nest("/v1", Router::new().nest("/users/{id}", innermost)));
        if outside {
            app = app.layer(layer);
        }
        send(&app, "GET", "/api/v1/users/7/posts/9").await;
        assert_endpoint(&recorder, "/api/v1/users/{id}/posts/{post}", "200");
    }
}

#[tokio::test]
async fn outside_nest_service_there_is_no_template_and_inside_its_own_router_there_is() {
    let inner = Router::new().route("/{file}", get(ok));

    let (recorder, layer) = measured();
    let app = Router::new().nest_service("/static", inner.clone()).layer(layer);
    send(&app, "GET", "/static/logo.svg").await;
    assert_endpoint(&recorder, "unmatched", "200");

    let (recorder, layer) = measured();
    let app = Router::new().nest_service("/static", inner.layer(layer));
    send(&app, "GET", "/static/logo.svg").await;
    assert_endpoint(&recorder, "/static/{file}", "200");
}

#[tokio::test]
async fn around_a_whole_router_there_is_no_template() {
    let (recorder, layer) = measured();
    let app = layer.layer(Router::new().route("/users/{id}", get(ok)));
    let request = Request::builder().uri("/users/7").body(Body::empty()).unwrap();
    let response = app.oneshot(request).await.unwrap();
    axum::body::to_bytes(Body::new(response.into_body()), usize::MAX).await.unwrap();
    assert_endpoint(&recorder, "unmatched", "200");
}

#[tokio::test]
async fn where_no_route_was_matched_the_users_function_is_asked() {
    let (recorder, layer) = measured();
    let layer = layer.endpoint(|head| head.uri().path().starts_with("/static/").then(|| "/static/*".into()));
    let assets = any_service(service_fn(async |_: Request<Body>| {
        Ok::<_, Infallible>(axum::response::Response::new(Body::empty()))
    }));
    let app = Router::new().route("/users/{id}", get(ok)).fallback_service(assets).layer(layer);
    send(&app, "GET", "/static/logo.svg").await;
    send(&app, "GET", "/users/7").await;
    let counted =
        |endpoint| recorder.counter("http_requests_total", [("endpoint", endpoint), ("status", "200")]);
    assert_eq!((counted("/static/*"), counted("/users/{id}")), (1, 1), "{recorder}");
}

#[tokio::test]
async fn a_method_that_a_route_does_not_have_makes_no_series_of_that_route() {
    let (recorder, layer) = measured();
    let app = Router::new().route("/users", post(ok)).layer(layer);
    for method in ["GET", "PUT", "DELETE", "BREW"] {
        assert_eq!(send(&app, method, "/users").await, StatusCode::METHOD_NOT_ALLOWED);
    }
    let labels = [("method", "_OTHER"), ("endpoint", "unmatched"), ("status", "405")];
    assert_eq!(recorder.counter("http_requests_total", labels), 4);
    assert_eq!(recorder.series("http_requests_in_flight").len(), 1, "{recorder}");
}

#[tokio::test]
async fn a_layer_on_two_nested_routers_is_noticed() {
    let (recorder, layer) = measured();
    let inner = Router::new().route("/users", get(ok)).layer(layer.clone());
    let app = Router::new().nest("/api", inner).layer(layer);
    send(&app, "GET", "/api/users").await;
    assert_eq!(recorder.counter("http_requests_total", []), 2);
    assert_eq!(recorder.counter("tower_metrics_applied_twice_total", []), 1);
}

#[tokio::test]
async fn single_instruments_go_into_a_router_too() {
    let (recorder, layer) = measured();
    let app = Router::new()
        .route("/users/{id}", get(ok))
        .layer(RequestCountLayer::from(layer.clone()))
        .layer(LatencyLayer::from(layer.clone()))
        .layer(InFlightLayer::from(layer));
    send(&app, "GET", "/users/7").await;
    assert_endpoint(&recorder, "/users/{id}", "200");
    assert_eq!(recorder.samples("http_request_duration_seconds", [("endpoint", "/users/{id}")]).len(), 1);
}
