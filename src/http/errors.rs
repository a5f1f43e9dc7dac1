//! What kind of error a call ended with, where the user tells.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use crate::labels::PANICKED;

/// What has a word for an error. Implemented by what [`HttpMetricsLayer`](crate::HttpMetricsLayer) is told; nothing else
/// needs to.
#[diagnostic::on_unimplemented(
    message = "this Layer tells kinds of another error than `{Error}`",
    note = "write the type of the service's error in the closure of `.classify_errors()`; tower's limiters make the error a \
            `BoxError`"
)]
pub trait ErrorKind<Error> {
    /// Returns the word, or `None` where errors are not told apart.
    fn kind(&self, error: &Error) -> Option<&'static str>;
}

/// Tells errors of the type `E` apart.
pub struct Kinds<E> {
    kind: Arc<KindFn<E>>,
}

type KindFn<E> = dyn Fn(&E) -> &'static str + Send + Sync;

// ===== impl () =====

impl<E> ErrorKind<E> for () {
    #[inline]
    fn kind(&self, _: &E) -> Option<&'static str> {
        None
    }
}

// ===== impl Kinds =====

impl<E> Kinds<E> {
    pub(super) fn new(kind: Arc<KindFn<E>>) -> Self {
        Self { kind }
    }
}

impl<E> ErrorKind<E> for Kinds<E> {
    fn kind(&self, error: &E) -> Option<&'static str> {
        Some(catch_unwind(AssertUnwindSafe(|| (self.kind)(error))).unwrap_or(PANICKED))
    }
}

impl<E> Clone for Kinds<E> {
    fn clone(&self) -> Self {
        Self { kind: Arc::clone(&self.kind) }
    }
}

impl<E> fmt::Debug for Kinds<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kinds").finish_non_exhaustive()
    }
}
