//! The page as a service.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower_service::Service;

use super::document;

/// Answers every path with the page. Made by [`service`](super::service).
#[derive(Clone, Debug, Default)]
pub struct Page {
    _private: (),
}

// ===== impl Page =====

impl Page {
    pub(super) const fn new() -> Self {
        Self { _private: () }
    }
}

impl<B> Service<Request<B>> for Page {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ready(Ok(document::answer(request.method()).map(Full::new)))
    }
}
