//! How a call ended.

use std::fmt;

/// How one accepted call ended: exactly one of these, for every call.
///
/// The word of each variant is the value of the label `outcome`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The service answered and its answer reached its end, whatever the status.
    Completed,
    /// The service returned `Err`.
    Error,
    /// The future was dropped before the response head: the caller left, or a timeout further out fired.
    Cancelled,
    /// The service panicked, in `call`, in its future or in its body. The panic goes on unchanged.
    Panicked,
    /// The response body failed after the head.
    BodyError,
    /// The response body was dropped before its end.
    BodyDropped,
    /// The connection left HTTP: a 101, or a 2xx to `CONNECT`.
    Upgraded,
}

impl Outcome {
    /// Every outcome, in the order of their declaration.
    pub const ALL: [Self; 7] = [
        Self::Completed,
        Self::Error,
        Self::Cancelled,
        Self::Panicked,
        Self::BodyError,
        Self::BodyDropped,
        Self::Upgraded,
    ];

    /// Returns the label value: `completed`, `error`, `cancelled`, `panicked`, `body_error`, `body_dropped`
    /// or `upgraded`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Error => "error",
            Self::Cancelled => "cancelled",
            Self::Panicked => "panicked",
            Self::BodyError => "body_error",
            Self::BodyDropped => "body_dropped",
            Self::Upgraded => "upgraded",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
