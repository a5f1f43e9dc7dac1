//! A service that answers as tonic does.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use axum::extract::Request;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, header::CONTENT_TYPE};
use http_body::{Body, Frame};
use tower::util::{ServiceFn, service_fn};

pub(crate) static GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

pub(crate) type Grpc = ServiceFn<fn(Request) -> Ready<Result<Response<Answer>, Infallible>>>;

/// One message of five bytes, then the trailers.
pub(crate) enum Answer {
    Message,
    Trailers,
    Ended,
}

pub(crate) fn service() -> Grpc {
    service_fn(|_| {
        let mut response = Response::new(Answer::Message);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        ready(Ok(response))
    })
}

// ===== impl Answer =====

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(match *self {
            Self::Message => {
                *self = Self::Trailers;
                Some(Ok(Frame::data(Bytes::from_static(b"\0\0\0\0\0"))))
            }
            Self::Trailers => {
                *self = Self::Ended;
                let mut trailers = HeaderMap::new();
                trailers.insert(&GRPC_STATUS, HeaderValue::from_static("0"));
                Some(Ok(Frame::trailers(trailers)))
            }
            Self::Ended => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        mem::discriminant(self) == mem::discriminant(&Self::Ended)
    }
}
