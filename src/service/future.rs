//! The response future of any service: its result ends the call.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use super::{AnyService, Classify};
use crate::{call::Call, outcome::Outcome};

pin_project! {
    /// The future of a measured call.
    pub struct ResponseFuture<F, H> {
        #[pin]
        inner: F,
        call: Option<(Call, Arc<AnyService<H>>)>,
    }
}

// ===== impl ResponseFuture =====

impl<F, H> ResponseFuture<F, H> {
    pub(super) fn new(inner: F, call: Option<(Call, Arc<AnyService<H>>)>) -> Self {
        Self { inner, call }
    }
}

impl<F, H, T, E> Future for ResponseFuture<F, H>
where
    F: Future<Output = Result<T, E>>,
    H: Classify<T, E>,
{
    type Output = Result<T, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(match this.call {
            Some((call, _)) => call.inside(|| this.inner.poll(cx)),
            None => this.inner.poll(cx),
        });
        if let Some((call, protocol)) = this.call.take() {
            let outcome = if result.is_ok() { Outcome::Completed } else { Outcome::Error };
            call.end_as(outcome, protocol.hooks.word(result.as_ref()));
        }
        Poll::Ready(result)
    }
}

impl<F, H> fmt::Debug for ResponseFuture<F, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("is_open", &self.call.is_some()).finish_non_exhaustive()
    }
}
