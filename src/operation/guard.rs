//! An operation under way: a guard, or a future.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use crate::{call::Call, outcome::Outcome};

/// An operation that goes on until it is finished or dropped.
#[must_use = "an operation that is dropped at once is cancelled at once"]
pub struct Started {
    call: Option<Call>,
}

pin_project! {
    /// A future that is an operation.
    pub struct Instrumented<F> {
        #[pin]
        inner: F,
        call: Option<Call>,
    }
}

pin_project! {
    /// A future that is an operation, and can fail.
    pub struct TryInstrumented<F> {
        #[pin]
        inner: Instrumented<F>,
    }
}

// ===== impl Started =====

impl Started {
    pub(super) fn new(call: Option<Call>) -> Self {
        Self { call }
    }

    /// Finishes with a word of one's own in the label `outcome`. Without it, the operation is `cancelled`.
    pub fn finish(self, word: &'static str) {
        self.end(Outcome::Completed, Some(word));
    }

    /// Finishes as `completed`.
    pub fn complete(self) {
        self.end(Outcome::Completed, None);
    }

    /// Finishes as `error`.
    pub fn fail(self) {
        self.end(Outcome::Error, None);
    }

    pub(super) fn inside<T>(&mut self, f: impl FnOnce() -> T) -> T {
        match &mut self.call {
            Some(call) => call.inside(f),
            None => f(),
        }
    }

    pub(super) fn end(mut self, outcome: Outcome, word: Option<&'static str>) {
        if let Some(call) = self.call.take() {
            call.end_as(outcome, word);
        }
    }
}

impl fmt::Debug for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Started").finish_non_exhaustive()
    }
}

// ===== impl Instrumented =====

impl<F> Instrumented<F> {
    pub(super) fn new(inner: F, call: Option<Call>) -> Self {
        Self { inner, call }
    }
}

impl<F: Future> Instrumented<F> {
    fn poll_to(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        judge: fn(&F::Output) -> Outcome,
    ) -> Poll<F::Output> {
        let this = self.project();
        let output = ready!(match this.call {
            Some(call) => call.inside(|| this.inner.poll(cx)),
            None => this.inner.poll(cx),
        });
        if let Some(call) = this.call.take() {
            call.end(judge(&output));
        }
        Poll::Ready(output)
    }
}

impl<F: Future> Future for Instrumented<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.poll_to(cx, |_| Outcome::Completed)
    }
}

impl<F> fmt::Debug for Instrumented<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instrumented").field("is_open", &self.call.is_some()).finish_non_exhaustive()
    }
}

// ===== impl TryInstrumented =====

impl<F> TryInstrumented<F> {
    pub(super) fn new(inner: F, call: Option<Call>) -> Self {
        Self { inner: Instrumented::new(inner, call) }
    }
}

impl<F, T, E> Future for TryInstrumented<F>
where
    F: Future<Output = Result<T, E>>,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project()
            .inner
            .poll_to(cx, |result| if result.is_ok() { Outcome::Completed } else { Outcome::Error })
    }
}

impl<F> fmt::Debug for TryInstrumented<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryInstrumented").field("inner", &self.inner).finish()
    }
}
