//! Faults that a service inside of the measured Layer is made to have.

use std::{
    any::Any,
    collections::HashMap,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, ThreadId},
};

use tower_layer::Layer;

use super::{Faulty, FaultyHttp};

/// A Layer, to be put inside of the measured one, through which [`Torture`](super::Torture) makes a service panic, fail and
/// wait. Without a torture it does nothing. Clones are one.
///
/// The service has the error `E`, and panics and waits only, unless it is told [with what to fail](Self::failing). A service
/// of HTTP takes [`http`](Self::http), which breaks its bodies too.
pub struct Faults<E> {
    pub(super) slot: Arc<Slot>,
    pub(super) error: Option<Arc<dyn Fn() -> E + Send + Sync>>,
}

/// [`Faults`] that break the bodies of answers too: see [`Faults::http`].
pub struct HttpFaults<E> {
    inner: Faults<E>,
}

/// What a service is made to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    PanicInCall,
    PanicInFuture,
    Fail,
    PanicInBody,
    FailBody,
    /// The future is pending for so many polls.
    Stall(u32),
    /// The body is pending for a poll.
    StallBody,
}

/// What the next service that is called by this thread is made to do. A thread polls one call at a time, so this tells
/// which call is meant however deep inside the service is, and whatever its request is made of.
#[derive(Debug, Default)]
pub(super) struct Slot {
    armed: Mutex<HashMap<ThreadId, Fault>>,
}

/// The fault of one call, until the service has it.
#[derive(Clone, Debug)]
pub(super) struct Injection {
    pub(super) slot: Option<Arc<Slot>>,
    pub(super) fault: Option<Fault>,
}

/// Panics without a word on the standard error: it was asked for.
pub(super) fn panic_as_asked() -> ! {
    resume_unwind(Box::new("a panic that a torture asked for"))
}

// ===== impl Faults =====

impl<E> Faults<E> {
    /// Makes a service panic and wait.
    ///
    /// The error `E` is inferred from the service that it is a Layer of. Where there is none, the compiler asks for it (E0282): write
    /// `Faults::<Infallible>::new()`.
    #[must_use]
    pub fn new() -> Self {
        Self { slot: Arc::default(), error: None }
    }

    /// Makes a service panic, wait, and fail with what `error` gives.
    #[must_use]
    pub fn failing(error: impl Fn() -> E + Send + Sync + 'static) -> Self {
        Self { slot: Arc::default(), error: Some(Arc::new(error)) }
    }

    /// The same for a service of HTTP: the bodies of its answers panic, fail and wait too.
    #[must_use]
    pub fn http(&self) -> HttpFaults<E> {
        HttpFaults { inner: self.clone() }
    }
}

impl<E> Default for Faults<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> Clone for Faults<E> {
    fn clone(&self) -> Self {
        Self { slot: Arc::clone(&self.slot), error: self.error.clone() }
    }
}

impl<S, E> Layer<S> for Faults<E> {
    type Service = Faulty<S, E>;

    fn layer(&self, inner: S) -> Faulty<S, E> {
        Faulty::new(inner, self.clone())
    }
}

impl<E> fmt::Debug for Faults<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults").field("can_fail", &self.error.is_some()).finish_non_exhaustive()
    }
}

// ===== impl HttpFaults =====

impl<E> Clone for HttpFaults<E> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

impl<S, E> Layer<S> for HttpFaults<E> {
    type Service = FaultyHttp<S, E>;

    fn layer(&self, inner: S) -> FaultyHttp<S, E> {
        FaultyHttp::new(self.inner.layer(inner))
    }
}

impl<E> fmt::Debug for HttpFaults<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpFaults").field("inner", &self.inner).finish()
    }
}

// ===== impl Fault =====

impl Fault {
    pub(super) fn is_of_body(self) -> bool {
        matches!(self, Self::PanicInBody | Self::FailBody | Self::StallBody)
    }
}

// ===== impl Slot =====

impl Slot {
    /// Takes the fault that is meant for what this thread calls now, if it is one of these.
    pub(super) fn take(&self, is_meant: impl FnOnce(Fault) -> bool) -> Option<Fault> {
        let this = thread::current().id();
        let mut armed = self.armed();
        if is_meant(*armed.get(&this)?) { armed.remove(&this) } else { None }
    }

    fn arm(&self, fault: Fault) {
        self.armed().insert(thread::current().id(), fault);
    }

    fn armed(&self) -> MutexGuard<'_, HashMap<ThreadId, Fault>> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// ===== impl Injection =====

impl Injection {
    /// Calls or polls the service; its panic is the error.
    pub(super) fn during<T>(&mut self, f: impl FnOnce() -> T) -> Result<T, Box<dyn Any + Send>> {
        let (Some(slot), Some(fault)) = (&self.slot, self.fault) else {
            return catch_unwind(AssertUnwindSafe(f));
        };
        slot.arm(fault);
        let result = catch_unwind(AssertUnwindSafe(f));
        self.fault = slot.take(|_| true);
        result
    }
}
