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
/// Implemented for limiters that hand errors on (`Passed<E>`), and for those that box them. For a limiter with an
/// error type of its own, implement it there: say which of its errors hold a `Passed<E>`, and open that with
/// [`Passed::into_inner`].
pub trait LimiterError {
    /// What the error is outside of the Layer: the type that the limiter would have given without it.
    type Outside;

    /// Tells the limiter's own errors from those that came from further in.
    fn open(self) -> Opened<Self::Outside>;

    /// Returns the limiter's own error, for its reason to be told. `None` has the reason `other`.
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
