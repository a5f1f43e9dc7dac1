//! The floor that ends a call with its head.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::call::{All, Gauges, Open};

#[derive(Clone)]
pub(crate) struct Floor {
    all: &'static All,
}

#[derive(Clone)]
pub(crate) struct Measured<S> {
    inner: S,
    all: &'static All,
}

pin_project! {
    pub(crate) struct Answering<F> {
        #[pin]
        inner: F,
        open: Open,
    }
}

// ===== impl Floor =====

impl Floor {
    pub(crate) fn new(gauges: Gauges) -> Self {
        Self { all: All::new(gauges) }
    }
}

impl<S> Layer<S> for Floor {
    type Service = Measured<S>;

    fn layer(&self, inner: S) -> Measured<S> {
        Measured { inner, all: self.all }
    }
}

// ===== impl Measured =====

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for Measured<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let open = self.all.begin(&request);
        Answering { inner: self.inner.call(request), open }
    }
}

// ===== impl Answering =====

impl<F, B, E> Future for Answering<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.inner.poll(cx));
        this.open.end(answer.as_ref().map_or(500, |response| response.status().as_u16()));
        Poll::Ready(answer)
    }
}
