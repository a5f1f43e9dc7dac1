//! What does not balance.

use std::fmt;

/// What is said of a gauge that is not at rest.
pub(super) const STANDS_AT: &str = " stands at ";

/// What is off in a recorder that is not balanced: see [`Recorder::balance`](super::Recorder::balance).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unbalanced {
    pub(super) differences: Vec<String>,
}

// ===== impl Unbalanced =====

impl Unbalanced {
    /// Returns what is off, a sentence for each.
    #[must_use]
    pub fn differences(&self) -> &[String] {
        &self.differences
    }
}

impl fmt::Display for Unbalanced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not balanced:")?;
        self.differences.iter().try_for_each(|difference| write!(f, "\n  {difference}"))?;
        // What most often keeps a call from its end in a test is a body that nobody has read.
        match self.differences.iter().any(|it| it.contains(STANDS_AT)) {
            true => {
                write!(f, "\n  is a body to be read to its end, or does a call or a connection still go on?")
            }
            false => Ok(()),
        }
    }
}

impl std::error::Error for Unbalanced {}
