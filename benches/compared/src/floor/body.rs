//! The floor that ends a call with its body.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::call::{All, Gauges, Open};

#[derive(Clone)]
pub(crate) struct BodyFloor {
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

pin_project! {
    pub(crate) struct Answered<B> {
        #[pin]
        inner: B,
        open: Option<(Open, u16)>,
    }
}

// ===== impl BodyFloor =====

impl BodyFloor {
    pub(crate) fn new(gauges: Gauges) -> Self {
        Self { all: All::new(gauges) }
    }
}

impl<S> Layer<S> for BodyFloor {
    type Service = Measured<S>;

    fn layer(&self, inner: S) -> Measured<S> {
        Measured { inner, all: self.all }
    }
}

// ===== impl Measured =====

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for Measured<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: Body,
{
    type Response = Response<Answered<ResBody>>;
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
    B: Body,
{
    type Output = Result<Response<Answered<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        Poll::Ready(match ready!(this.inner.poll(cx)) {
            Ok(response) => {
                let code = response.status().as_u16();
                let open = if response.body().is_end_stream() {
                    this.open.end(code);
                    None
                } else {
                    Some((*this.open, code))
                };
                Ok(response.map(|inner| Answered { inner, open }))
            }
            Err(error) => {
                this.open.end(500);
                Err(error)
            }
        })
    }
}

// ===== impl Answered =====

impl<B: Body> Body for Answered<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.inner.as_mut().poll_frame(cx));
        if (frame.is_none() || this.inner.is_end_stream())
            && let Some((open, code)) = this.open.take()
        {
            open.end(code);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
