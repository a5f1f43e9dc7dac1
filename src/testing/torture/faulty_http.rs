//! A service of HTTP that has the faults it is told, in its bodies too.

use std::{
    error::Error,
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::Response;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{
    faults::{Fault, panic_as_asked},
    faulty::{Faulty, FaultyFuture},
};

/// A service of HTTP that a torture makes panic, fail and wait: see [`Faults::http`](super::Faults::http).
pub struct FaultyHttp<S, E> {
    inner: Faulty<S, E>,
}

pin_project! {
    /// The future of [`FaultyHttp`].
    pub struct FaultyHttpFuture<F, E> {
        #[pin]
        inner: FaultyFuture<F, E>,
        of_body: Option<Fault>,
    }
}

pin_project! {
    /// A body that a torture makes panic, fail and wait.
    #[derive(Debug, Default)]
    pub struct FaultyBody<B> {
        #[pin]
        inner: B,
        fault: Option<Fault>,
    }
}

type BoxError = Box<dyn Error + Send + Sync>;

// ===== impl FaultyHttp =====

impl<S, E> FaultyHttp<S, E> {
    pub(super) fn new(inner: Faulty<S, E>) -> Self {
        Self { inner }
    }
}

impl<S: Clone, E> Clone for FaultyHttp<S, E> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

impl<S, R, B, E> Service<R> for FaultyHttp<S, E>
where
    S: Service<R, Response = Response<B>, Error = E>,
{
    type Response = Response<FaultyBody<B>>;
    type Error = E;
    type Future = FaultyHttpFuture<S::Future, E>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let of_body = self.inner.take_of_body();
        FaultyHttpFuture { inner: self.inner.call(request), of_body }
    }
}

impl<S: fmt::Debug, E> fmt::Debug for FaultyHttp<S, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyHttp").field("inner", &self.inner).finish()
    }
}

// ===== impl FaultyHttpFuture =====

impl<F, B, E> Future for FaultyHttpFuture<F, E>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<FaultyBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.inner.poll(cx))?;
        let fault = this.of_body.take();
        Poll::Ready(Ok(response.map(|inner| FaultyBody { inner, fault })))
    }
}

impl<F, E> fmt::Debug for FaultyHttpFuture<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyHttpFuture").field("inner", &self.inner).finish_non_exhaustive()
    }
}

// ===== impl FaultyBody =====

impl<B> FaultyBody<B> {
    /// What breaks has an end that nobody can foresee.
    fn is_broken(&self) -> bool {
        self.fault.is_some_and(|fault| fault != Fault::StallBody)
    }
}

impl<B> Body for FaultyBody<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, BoxError>>> {
        let this = self.project();
        match this.fault.take() {
            Some(Fault::PanicInBody) => panic_as_asked(),
            Some(Fault::FailBody) => Poll::Ready(Some(Err("a failure that a torture asked for".into()))),
            Some(Fault::StallBody) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            _ => this.inner.poll_frame(cx).map_err(Into::into),
        }
    }

    fn is_end_stream(&self) -> bool {
        !self.is_broken() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.is_broken() { SizeHint::default() } else { self.inner.size_hint() }
    }
}
