//! The same calls for every scheme: one of each way in which a call can end.

use std::{
    future::{Ready, pending, ready},
    io,
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::FutureExt;
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use tower::{Layer, Service, ServiceExt};
use tower_metrics::{GrpcMetricsLayer, HttpMetricsLayer, grpc::unary};

use crate::support::{
    Script,
    Step::{Data, Fail},
    quiet_panics,
};

/// Answers as its request's query says.
#[derive(Clone)]
struct Scripted;

enum Answer {
    Ready(Ready<io::Result<Response<Script>>>),
    Never,
    Panics,
}

impl Service<Request<()>> for Scripted {
    type Response = Response<Script>;
    type Error = io::Error;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Answer {
        match request.uri().query().unwrap() {
            "panics" => Answer::Panics,
            "never" => Answer::Never,
            "fails" => Answer::Ready(ready(Err(io::Error::other("as scripted")))),
            "breaks" => Answer::Ready(ready(Ok(Response::new(Script::new([Data("a"), Fail]))))),
            code => {
                let (status, grpc) = code.split_once('-').unwrap_or((code, ""));
                let mut response = Response::new(Script::new([Data("a"), Data("b")]));
                *response.status_mut() = status.parse().unwrap();
                if !grpc.is_empty() {
                    let name = "grpc-status".parse::<http::HeaderName>().unwrap();
                    *response.headers_mut() = HeaderMap::from_iter([(name, grpc.parse().unwrap())]);
                }
                Answer::Ready(ready(Ok(response)))
            }
        }
    }
}

impl Future for Answer {
    type Output = io::Result<Response<Script>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Ready(answer) => answer.poll_unpin(cx),
            Self::Never => pending().poll_unpin(cx),
            Self::Panics => panic!("as scripted"),
        }
    }
}

/// Two calls that are answered 200, and one of each other end.
pub(crate) fn http(layer: &HttpMetricsLayer) {
    let layer =
        layer.clone().endpoint(|head| head.uri().path().starts_with("/users/").then(|| "/users/{id}".into()));
    for uri in [
        "/users/1?200",
        "/users/2?200",
        "/users/1?404",
        "/users/1?503",
        "/users/1?never",
        "/users/1?panics",
        "/users/1?fails",
        "/users/1?breaks",
        "/users/1?dropped",
        "/?404",
    ] {
        call(layer.layer(Scripted), Request::get(uri).body(()).unwrap());
    }
}

/// A call of one method that is answered well, and one of each other end; and one of a method that nobody registered.
pub(crate) fn grpc(layer: &GrpcMetricsLayer) {
    let layer = layer.clone().methods([unary("shop.Orders", "Place")]);
    for end in ["200-0", "200-5", "200-4", "never", "panics", "fails"] {
        let request = Request::post(format!("/shop.Orders/Place?{end}")).body(()).unwrap();
        call(layer.layer(Scripted), request);
    }
    call(layer.layer(Scripted), Request::post("/other.Service/Method?200-0").body(()).unwrap());
}

/// A call to `http://payments.internal:8443`, one to a server that nobody named, and one that fails.
pub(crate) fn http_client(layer: &HttpMetricsLayer) {
    let layer = layer.clone().servers(["payments.internal:8443", "search.internal"]);
    for uri in
        ["http://payments.internal:8443/?404", "http://search.internal/?200", "http://other.example/?fails"]
    {
        call(layer.layer(Scripted), Request::get(uri).body(()).unwrap());
    }
}

fn call<S, B>(service: S, mut request: Request<()>)
where
    S: Service<Request<()>, Response = Response<B>, Error = io::Error>,
    B: http_body::Body<Error = io::Error>,
{
    quiet_panics();
    let is_dropped = request.uri().query() == Some("dropped");
    if is_dropped {
        let uri = request.uri().to_string().replace("dropped", "200");
        *request.uri_mut() = uri.parse().unwrap();
    }
    let answer = std::panic::AssertUnwindSafe(async {
        let body = service.oneshot(request).await?.into_body();
        if is_dropped { Ok(()) } else { body.collect().await.map(drop) }
    });
    // One that is never answered is dropped here, and one that fails or panics was told to.
    drop(answer.catch_unwind().now_or_never());
}
