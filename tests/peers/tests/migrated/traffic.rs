//! Routes of every kind, and calls of every kind to them.

use std::future::pending;

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use futures_util::FutureExt;
use http_body_util::BodyExt;
use tower::{ServiceExt, service_fn};

/// The templates of all routes.
const ROUTES: [&str; 9] = [
    "/",
    "/users/{id}",
    "/orders",
    "/moved",
    "/empty",
    "/status/{code}",
    "/api/v1/items/{id}",
    "/any",
    "/panics",
];

pub(crate) fn is_route(endpoint: &str) -> bool {
    ROUTES.contains(&endpoint)
}

/// Whether all calls of this method to this route were answered 405.
pub(crate) fn is_refused(method: &str, endpoint: &str) -> bool {
    [("DELETE", "/users/{id}"), ("PUT", "/orders"), ("", "/")].contains(&(method, endpoint))
}

pub(crate) fn routes() -> Router {
    let items = Router::new().route("/items/{id}", get(async || "an item"));
    Router::new()
        .route("/", get(async || "home"))
        .route("/users/{id}", get(async || "a user"))
        .route("/orders", post(async || (StatusCode::CREATED, "an order")))
        .route("/moved", get(async || (StatusCode::FOUND, [(LOCATION, "/")])))
        .route("/empty", get(async || StatusCode::NO_CONTENT))
        .route("/status/{code}", any(status))
        .route("/any", any(async || "any"))
        .route("/pending", get(pending::<()>))
        .route("/panics", get(async || -> () { panic!("as told") }))
        .nest("/api", Router::new().nest("/v1", items))
        .nest_service("/assets", service_fn(async |_: Request<Body>| Ok(Response::new(Body::from("a file")))))
}

async fn status(axum::extract::Path(code): axum::extract::Path<u16>) -> Response {
    StatusCode::from_u16(code).expect("it is a status").into_response()
}

/// Calls that are answered, and whose answers are read to their end.
pub(crate) fn calls(app: &Router) {
    for (method, path, times) in [
        ("GET", "/", 3),
        ("HEAD", "/", 2),
        ("GET", "/users/1", 2),
        ("GET", "/users/2?query=1", 2),
        ("HEAD", "/users/1", 1),
        ("POST", "/orders", 4),
        ("GET", "/moved", 1),
        ("GET", "/empty", 2),
        ("GET", "/status/404", 2),
        ("GET", "/status/429", 1),
        ("GET", "/status/500", 3),
        ("POST", "/status/503", 2),
        ("GET", "/api/v1/items/7", 5),
        ("HEAD", "/api/v1/items/7", 1),
        ("PUT", "/any", 1),
        ("DELETE", "/any", 1),
        ("OPTIONS", "/any", 1),
        ("PATCH", "/any", 1),
        ("TRACE", "/any", 1),
        // Of nobody's own, on a route that takes it.
        ("BREW", "/any", 2),
        // What no route matches.
        ("GET", "/.env", 2),
        ("GET", "/api/v1/nothing", 1),
        ("POST", "/wp-login.php", 1),
        ("GET", "/assets/style.css", 2),
        // What a route does not take.
        ("DELETE", "/users/1", 2),
        ("PUT", "/orders", 1),
        ("BREW", "/", 1),
    ] {
        (0..times).for_each(|_| call(app, method, path));
    }
}

pub(crate) fn call(app: &Router, method: &str, path: &str) {
    let answer = head(app, method, path);
    drop(answer.into_body().collect().now_or_never().expect("it is ready").expect("it does not break off"));
}

/// The head of the answer, whose body is not read.
pub(crate) fn head(app: &Router, method: &str, path: &str) -> Response {
    app.clone()
        .oneshot(request(method, path))
        .now_or_never()
        .expect("it is ready")
        .expect("a router does not fail")
}

pub(crate) fn request(method: &str, path: &str) -> Request<Body> {
    let method = Method::from_bytes(method.as_bytes()).expect("it is a token");
    Request::builder().method(method).uri(path).body(Body::empty()).expect("it is a request")
}
