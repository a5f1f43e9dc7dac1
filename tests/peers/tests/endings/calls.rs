//! The calls that every peer is given: an axum `Router`, a service that can fail, and bodies that end in each way.

use std::{
    future::{Ready, pending, ready},
    io,
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Method, Request, Response, Uri, header::HOST},
    routing::any,
};
use futures_util::{FutureExt, stream};
use http_body_util::BodyExt;
use tower::{
    Layer, Service as _, ServiceExt, service_fn,
    util::{BoxCloneSyncService, ServiceFn},
};

pub(crate) type Service = BoxCloneSyncService<Request<Body>, Response<Body>, io::Error>;

/// The one method of gRPC that the service has.
pub(crate) const GRPC_METHOD: (&str, &str) = ("shop.Orders", "Place");

/// A measured service under the type of the bare one.
pub(crate) fn boxed<S, B>(measured: S, body: impl Fn(B) -> Body + Copy + Send + Sync + 'static) -> Service
where
    S: tower::Service<Request<Body>, Response = Response<B>, Error = io::Error>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    B: 'static,
{
    BoxCloneSyncService::new(measured.map_response(move |response| response.map(body)))
}

type Bare = ServiceFn<fn(Request<Body>) -> Ready<io::Result<Response<Body>>>>;

/// How often each call of the Layer alone allocates, once its label set is known.
pub(crate) fn allocations_alone<L, B>(layer: L) -> f64
where
    L: Layer<Bare>,
    L::Service: tower::Service<Request<Body>, Response = Response<B>, Error = io::Error>,
{
    let mut service = layer.layer(service_fn(|_| ready(Ok(Response::new(Body::empty())))));
    allocations(|request| {
        drop(service.call(request).now_or_never().expect("it is ready").expect("it is an answer"));
    })
}

/// How often each of these calls allocates, after as many that are not measured.
pub(crate) fn allocations(mut call: impl FnMut(Request<Body>)) -> f64 {
    const CALLS: u64 = 256;
    (0..CALLS).for_each(|_| call(get("/")));
    let mut requests: Vec<_> = (0..CALLS).map(|_| get("/")).collect();
    let counted = allocation_counter::measure(|| requests.drain(..).for_each(&mut call));
    counted.count_total as f64 / CALLS as f64
}

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/", any(async || Body::empty()))
        .route("/pending", any(pending::<()>))
        .route("/panics", any(async || -> () { panic!("as told") }))
        // One route for both, because the route is a label.
        .route(
            "/body",
            any(async |uri: Uri| match uri.query() {
                Some("fails") => streamed([Ok("a"), Err(io::Error::other("as told"))]),
                _ => streamed([Ok("a"), Ok("b")]),
            }),
        )
        .route(
            "/shop.Orders/Place",
            any(async |uri: Uri| {
                let trailers = HeaderMap::from_iter([(
                    "grpc-status".parse().expect("a name"),
                    uri.query().expect("it is told which").parse().expect("a value"),
                )]);
                let message = Body::from(vec![0; 5]).with_trailers(ready(Some(Ok(trailers))));
                Response::builder()
                    .header("content-type", "application/grpc")
                    .body(Body::new(message))
                    .expect("parts")
            }),
        )
}

pub(crate) fn failing() -> Service {
    BoxCloneSyncService::new(service_fn(|_| ready(Err(io::Error::other("as told")))))
}

/// A body of unknown length.
fn streamed(frames: [io::Result<&'static str>; 2]) -> Body {
    Body::from_stream(stream::iter(frames))
}

pub(crate) fn get(uri: &str) -> Request<Body> {
    Request::get(uri).body(Body::empty()).expect("it is a request")
}

pub(crate) fn with_method(method: &str) -> Request<Body> {
    let mut request = get("/");
    *request.method_mut() = Method::from_bytes(method.as_bytes()).expect("it is a token");
    request
}

pub(crate) fn with_host(host: &str) -> Request<Body> {
    let mut request = get("/");
    request.headers_mut().insert(HOST, host.parse().expect("it is a value"));
    request
}

pub(crate) fn grpc(path: &str) -> Request<Body> {
    Request::post(path)
        .header("content-type", "application/grpc")
        .body(Body::empty())
        .expect("it is a request")
}

/// The head of the answer, which none of these calls has to wait for.
pub(crate) fn head(app: &Router, request: Request<Body>) -> Response<Body> {
    app.clone().oneshot(request).now_or_never().expect("it is ready").expect("a router does not fail")
}

/// Calls, and reads the answer to its end, be that an error.
pub(crate) fn call(app: &Router, request: Request<Body>) {
    let _: Result<_, _> = head(app, request).into_body().collect().now_or_never().expect("it is ready");
}

/// Reads one frame.
pub(crate) fn frame(response: &mut Response<Body>) -> Bytes {
    let frame = response.body_mut().frame().now_or_never().expect("it is ready");
    frame.expect("there is one").expect("it is data").into_data().expect("it is data")
}
