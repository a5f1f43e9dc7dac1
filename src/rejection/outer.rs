//! The outer half: it counts what the limiter itself refused.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::{Judge, LimiterError, Locate, Opened, Refusal, limiter::Limiter};

/// A limiter whose refusals are counted.
#[derive(Debug)]
pub struct Rejection<S, J> {
    inner: S,
    limiter: Arc<Limiter<J>>,
}

pin_project! {
    /// The future of a call to a limiter.
    pub struct ResponseFuture<F, J> {
        #[pin]
        inner: F,
        limiter: Arc<Limiter<J>>,
        endpoint: Option<Box<str>>,
    }
}

// ===== impl Rejection =====

impl<S, J> Rejection<S, J> {
    pub(super) fn new(inner: S, limiter: Arc<Limiter<J>>) -> Self {
        Self { inner, limiter }
    }

    /// Returns the limiter.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Returns the limiter, mutably.
    #[must_use]
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Unwraps the limiter.
    #[must_use]
    pub fn into_inner(self) -> S {
        self.inner
    }
}

// By hand, because the counters are shared and need not be `Clone`.
impl<S: Clone, J> Clone for Rejection<S, J> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), limiter: Arc::clone(&self.limiter) }
    }
}

impl<S, J, R> Service<R> for Rejection<S, J>
where
    S: Service<R, Error: LimiterError>,
    J: Judge<S::Response> + Locate<R>,
{
    type Response = S::Response;
    type Error = <S::Error as LimiterError>::Outside;
    type Future = ResponseFuture<S::Future, J>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        // No call was made yet, so there is none to be refused.
        self.inner.poll_ready(cx).map_err(|error| match error.open() {
            Opened::Passed(error) | Opened::Refused(error) => error,
        })
    }

    fn call(&mut self, request: R) -> Self::Future {
        let endpoint = self.limiter.called(&request);
        ResponseFuture { inner: self.inner.call(request), limiter: Arc::clone(&self.limiter), endpoint }
    }
}

// ===== impl ResponseFuture =====

impl<F, J, T, E> Future for ResponseFuture<F, J>
where
    F: Future<Output = Result<T, E>>,
    E: LimiterError,
    J: Judge<T>,
{
    type Output = Result<T, E::Outside>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let endpoint = this.endpoint.as_deref();
        Poll::Ready(match ready!(this.inner.poll(cx)) {
            Ok(mut response) => {
                if let Some(refusal) = this.limiter.judge.refusal(&mut response) {
                    this.limiter.refused(Some(refusal), endpoint);
                }
                Ok(response)
            }
            Err(error) => Err(match error.open() {
                Opened::Passed(error) => error,
                Opened::Refused(error) => {
                    this.limiter.refused(E::refusal(&error).map(Refusal::Error), endpoint);
                    error
                }
            }),
        })
    }
}

impl<F, J> fmt::Debug for ResponseFuture<F, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
