//! The inner half: it marks what comes from further in than the limiter.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::{Judge, Passed};

/// The service that a limiter wraps, as it sees it: its errors are [`Passed`], its refusals marked.
#[derive(Debug)]
pub struct Inner<S, J> {
    inner: S,
    judge: Arc<J>,
}

pin_project! {
    /// The future of [`Inner`].
    #[derive(Debug)]
    pub struct InnerFuture<F, J> {
        #[pin]
        inner: F,
        judge: Arc<J>,
    }
}

// ===== impl Inner =====

impl<S, J> Inner<S, J> {
    pub(super) fn new(inner: S, judge: Arc<J>) -> Self {
        Self { inner, judge }
    }
}

impl<S, J, R> Service<R> for Inner<S, J>
where
    S: Service<R>,
    J: Judge<S::Response>,
{
    type Response = S::Response;
    type Error = Passed<S::Error>;
    type Future = InnerFuture<S::Future, J>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(|inner| Passed { inner })
    }

    fn call(&mut self, request: R) -> Self::Future {
        InnerFuture { inner: self.inner.call(request), judge: Arc::clone(&self.judge) }
    }
}

// By hand, because the judge is shared and need not be `Clone`.
impl<S: Clone, J> Clone for Inner<S, J> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), judge: Arc::clone(&self.judge) }
    }
}

// ===== impl InnerFuture =====

impl<F, J, T, E> Future for InnerFuture<F, J>
where
    F: Future<Output = Result<T, E>>,
    J: Judge<T>,
{
    type Output = Result<T, Passed<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        Poll::Ready(match ready!(this.inner.poll(cx)) {
            Ok(mut response) => {
                this.judge.mark(&mut response);
                Ok(response)
            }
            Err(inner) => Err(Passed { inner }),
        })
    }
}
