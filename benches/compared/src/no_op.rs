//! Layers that do nothing: what the framework charges for any Layer at all, and for any that follows the body.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

#[derive(Clone, Copy)]
pub(crate) struct NoOpLayer;

/// Wraps the body, too.
#[derive(Clone, Copy)]
pub(crate) struct NoOpBodyLayer;

#[derive(Clone)]
pub(crate) struct NoOp<S>(S);

#[derive(Clone)]
pub(crate) struct NoOpBody<S>(S);

pin_project! {
    pub(crate) struct Wrapping<F> {
        #[pin]
        inner: F,
    }
}

pin_project! {
    pub(crate) struct Wrapped<B> {
        #[pin]
        inner: B,
    }
}

// ===== impl NoOp =====

impl<S> Layer<S> for NoOpLayer {
    type Service = NoOp<S>;

    fn layer(&self, inner: S) -> NoOp<S> {
        NoOp(inner)
    }
}

impl<S: Service<R>, R> Service<R> for NoOp<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> S::Future {
        self.0.call(request)
    }
}

// ===== impl NoOpBody =====

impl<S> Layer<S> for NoOpBodyLayer {
    type Service = NoOpBody<S>;

    fn layer(&self, inner: S) -> NoOpBody<S> {
        NoOpBody(inner)
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for NoOpBody<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
{
    type Response = Response<Wrapped<ResBody>>;
    type Error = S::Error;
    type Future = Wrapping<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        Wrapping { inner: self.0.call(request) }
    }
}

impl<F, B, E> Future for Wrapping<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<Wrapped<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(self.project().inner.poll(cx));
        Poll::Ready(answer.map(|response| response.map(|inner| Wrapped { inner })))
    }
}

impl<B: Body> Body for Wrapped<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        self.project().inner.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
