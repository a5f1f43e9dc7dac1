//! The services that are measured, bare.

use std::{
    convert::Infallible,
    future::{Ready, pending, ready},
};

use axum::{
    Router,
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use http::StatusCode;
use http_body_util::Full;
use tower::util::{ServiceFn, service_fn};

use crate::drive::Work;

/// What is around what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// A `service_fn` that is ready, and whose answer is.
    Plain,
    /// A `Router` of axum, after `with_state(())`, cloned for each request.
    Axum,
    /// A service that answers as tonic does: one message, and the status in trailers.
    Grpc,
}

pub(crate) type Plain = ServiceFn<fn(Request) -> Ready<Result<http::Response<Full<Bytes>>, Infallible>>>;

// ===== impl Base =====

impl Base {
    pub const ALL: [Self; 3] = [Self::Plain, Self::Axum, Self::Grpc];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Axum => "axum",
            Self::Grpc => "grpc",
        }
    }
}

pub(crate) fn plain(work: Work) -> Plain {
    service_fn(if work.has_content {
        |request| ready(Ok(answer(&request, Bytes::from_static(CONTENT)).map(Full::new)))
    } else {
        |request| ready(Ok(answer(&request, Bytes::new()).map(Full::new)))
    })
}

/// Twenty routes, or as many as are asked for.
pub(crate) fn router(work: Work) -> Router {
    let threads = if work.is_apart { 2 } else { 1 };
    (0..(threads * work.routes).max(20)).fold(Router::new(), |router, number| {
        let path = format!("/v{number}/users/{{id}}/posts/{{post}}");
        let handler = match work {
            Work { is_answered: false, .. } => get(pending::<()>),
            Work { has_content: true, .. } => get(hello),
            _ => get(nothing),
        };
        router.route(&path, handler)
    })
}

const CONTENT: &[u8] = b"hello";

async fn hello(request: Request) -> Response {
    answer(&request, Body::from(CONTENT)).into_response()
}

async fn nothing(request: Request) -> Response {
    answer(&request, Body::empty()).into_response()
}

/// The path ends in the status that is asked for.
fn answer<B>(request: &Request, body: B) -> http::Response<B> {
    let path = request.uri().path();
    let mut response = http::Response::new(body);
    *response.status_mut() = StatusCode::from_bytes(&path.as_bytes()[path.len() - 3..]).expect("it is one");
    response
}
