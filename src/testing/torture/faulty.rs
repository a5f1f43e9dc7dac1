//! A service that has the faults it is told.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::faults::{Fault, Faults, panic_as_asked};

/// A service that a torture makes panic, fail and wait: see [`Faults`].
pub struct Faulty<S, E> {
    inner: S,
    faults: Faults<E>,
}

pin_project! {
    /// The future of [`Faulty`].
    pub struct FaultyFuture<F, E> {
        #[pin]
        inner: F,
        fault: Option<Fault>,
        error: Option<E>,
    }
}

// ===== impl Faulty =====

impl<S, E> Faulty<S, E> {
    pub(super) fn new(inner: S, faults: Faults<E>) -> Self {
        Self { inner, faults }
    }

    /// Takes the fault of the body that is meant for this call.
    pub(super) fn take_of_body(&self) -> Option<Fault> {
        self.faults.slot.take(Fault::is_of_body)
    }
}

impl<S: Clone, E> Clone for Faulty<S, E> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), faults: self.faults.clone() }
    }
}

impl<S, R, E> Service<R> for Faulty<S, E>
where
    S: Service<R, Error = E>,
{
    type Response = S::Response;
    type Error = E;
    type Future = FaultyFuture<S::Future, E>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let fault = self.faults.slot.take(|fault| !fault.is_of_body());
        if fault == Some(Fault::PanicInCall) {
            panic_as_asked();
        }
        let error = self.faults.error.as_ref().filter(|_| fault == Some(Fault::Fail));
        FaultyFuture { error: error.map(|error| error()), inner: self.inner.call(request), fault }
    }
}

impl<S: fmt::Debug, E> fmt::Debug for Faulty<S, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faulty").field("inner", &self.inner).finish_non_exhaustive()
    }
}

// ===== impl FaultyFuture =====

impl<F, T, E> Future for FaultyFuture<F, E>
where
    F: Future<Output = Result<T, E>>,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.fault {
            Some(Fault::PanicInFuture) => panic_as_asked(),
            Some(Fault::Stall(polls)) if *polls > 0 => {
                *polls -= 1;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            _ => {}
        }
        match this.error.take() {
            Some(error) => Poll::Ready(Err(error)),
            None => this.inner.poll(cx),
        }
    }
}

impl<F, E> fmt::Debug for FaultyFuture<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyFuture").field("fault", &self.fault).finish_non_exhaustive()
    }
}
