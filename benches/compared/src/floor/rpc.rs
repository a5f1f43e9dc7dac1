//! The floor around a service of gRPC: it knows its one method, and ends a call with the trailers.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use quanta::Clock;
use tower::{Layer, Service};

use super::routes::{Route, Routes};
use crate::grpc::GRPC_STATUS;

#[derive(Clone, Copy)]
pub(crate) struct RpcFloor {
    all: &'static All,
}

struct All {
    routes: Routes,
    clock: Clock,
}

#[derive(Clone)]
pub(crate) struct Measured<S> {
    inner: S,
    all: &'static All,
}

struct Open {
    route: &'static Route,
    start: u64,
    all: &'static All,
}

pin_project! {
    pub(crate) struct Answering<F> {
        #[pin]
        inner: F,
        open: Option<Open>,
    }
}

pin_project! {
    pub(crate) struct Answered<B> {
        #[pin]
        inner: B,
        open: Option<Open>,
    }
}

// ===== impl RpcFloor =====

impl RpcFloor {
    pub(crate) fn new() -> Self {
        Self { all: Box::leak(Box::new(All { routes: Routes::new(), clock: Clock::new() })) }
    }
}

impl<S> Layer<S> for RpcFloor {
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
    type Response = Response<Answered<ResBody>>;
    type Error = S::Error;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let (service, method) = request.uri().path()[1..].split_once('/').unwrap_or_default();
        let route = self.all.routes.route(service, method);
        route.started.increment(1);
        route.in_flight.increment(1.0);
        let open = Some(Open { route, start: self.all.clock.raw(), all: self.all });
        Answering { inner: self.inner.call(request), open }
    }
}

// ===== impl Open =====

impl Open {
    fn end(self, code: u16) {
        let nanos = self.all.clock.delta_as_nanos(self.start, self.all.clock.raw());
        self.route.in_flight.decrement(1.0);
        self.route.ended(code, nanos as f64 / 1e9);
    }
}

// ===== impl Answering =====

impl<F, B, E> Future for Answering<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<Answered<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.inner.poll(cx));
        let open = this.open.take();
        Poll::Ready(answer.map(|response| response.map(|inner| Answered { inner, open })))
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
        let this = self.project();
        let frame = ready!(this.inner.poll_frame(cx));
        if let Some(Ok(frame)) = &frame
            && let Some(trailers) = frame.trailers_ref()
        {
            let status = trailers.get(&GRPC_STATUS).and_then(|status| status.to_str().ok()?.parse().ok());
            if let Some(open) = this.open.take() {
                open.end(status.unwrap_or(2));
            }
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
