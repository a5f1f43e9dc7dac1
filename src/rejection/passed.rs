//! Errors that passed the inner half, and how the outer half opens them again.

use std::{convert::Infallible, error::Error, fmt};

type BoxError = Box<dyn Error + Send + Sync>;

/// An error of the service further in, on its way through the limiter.
#[derive(Debug)]
pub struct Passed<E> {
    pub(super) inner: E,
}

/// The same in a box: what a limiter that boxes errors makes of it.
#[derive(Debug)]
struct PassedBox(BoxError);

/// What the outer half finds in an error of the limiter.
#[derive(Debug)]
pub enum Opened<E> {
    /// It came from further in, and goes on as it was.
    Passed(E),
    /// It is the limiter's own.
    Refused(E),
}

/// An error of a limiter around a service whose errors are [`Passed`].
///
/// Implemented for limiters that hand errors on (`Passed<E>`), for those that box them, and for those that have none. For
/// a limiter with an error type of its own, implement it there: say which of its errors hold a `Passed<E>`, and open that
/// with [`Passed::into_inner`].
///
/// ```
/// use std::{error::Error, fmt};
///
/// use tower_metrics::rejection::{LimiterError, Opened, Passed};
///
/// /// The error of a limiter around a service with the error `E`.
/// enum Quota<E> {
///     UsedUp(UsedUp),
///     Inner(E),
/// }
///
/// #[derive(Debug)]
/// struct UsedUp;
///
/// impl fmt::Display for UsedUp {
///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         f.write_str("the quota is used up")
///     }
/// }
///
/// impl Error for UsedUp {}
///
/// impl<E> LimiterError for Quota<Passed<E>> {
///     // What callers get: the limiter's error around that of the service.
///     type Outside = Quota<E>;
///
///     fn open(self) -> Opened<Quota<E>> {
///         match self {
///             Quota::UsedUp(own) => Opened::Refused(Quota::UsedUp(own)),
///             Quota::Inner(passed) => Opened::Passed(Quota::Inner(passed.into_inner())),
///         }
///     }
///
///     // What the closure of `reason` is asked about.
///     fn refusal(refused: &Quota<E>) -> Option<&(dyn Error + 'static)> {
///         match refused {
///             Quota::UsedUp(own) => Some(own),
///             Quota::Inner(_) => None,
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no error that the Layer can open",
    note = "a limiter hands on `Passed<E>`, boxes errors into tower's `BoxError`, or has an error type of its own, which \
            implements `tower_metrics::rejection::LimiterError`"
)]
pub trait LimiterError {
    /// What the error is outside of the Layer: the type that the limiter would have given without it.
    type Outside;

    /// Tells the limiter's own errors from those that came from further in.
    fn open(self) -> Opened<Self::Outside>;

    /// Returns the limiter's own error, for its reason to be told. With `None` nobody is asked: the reason is `other`.
    fn refusal(refused: &Self::Outside) -> Option<&(dyn Error + 'static)>;
}

// ===== impl Passed =====

impl<E> Passed<E> {
    /// Returns the error as it was.
    #[must_use]
    pub fn into_inner(self) -> E {
        self.inner
    }
}

impl<E> From<Passed<E>> for BoxError
where
    E: Into<Self>,
{
    fn from(passed: Passed<E>) -> Self {
        Box::new(PassedBox(passed.inner.into()))
    }
}

impl<E> LimiterError for Passed<E> {
    type Outside = E;

    fn open(self) -> Opened<E> {
        Opened::Passed(self.inner)
    }

    fn refusal(_: &E) -> Option<&(dyn Error + 'static)> {
        None
    }
}

/// Of a limiter that turns every error into an answer.
impl LimiterError for Infallible {
    type Outside = Self;

    fn open(self) -> Opened<Self> {
        match self {}
    }

    fn refusal(refused: &Self) -> Option<&(dyn Error + 'static)> {
        match *refused {}
    }
}

impl LimiterError for BoxError {
    type Outside = Self;

    fn open(self) -> Opened<Self> {
        match self.downcast::<PassedBox>() {
            Ok(passed) => Opened::Passed(passed.0),
            Err(own) => Opened::Refused(own),
        }
    }

    fn refusal(refused: &Self) -> Option<&(dyn Error + 'static)> {
        Some(&**refused)
    }
}

// ===== impl PassedBox =====

impl fmt::Display for PassedBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for PassedBox {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}
