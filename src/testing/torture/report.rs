//! What came of a torture.

use std::fmt;

use super::{told::Told, way::Way};

/// What came of a [`Torture`](super::Torture): how many calls were made of each way, what the recorder counted, and what is
/// off.
#[derive(Clone, Debug)]
#[must_use = "a report that nobody asks has found nothing"]
pub struct Report {
    pub(super) ways: Vec<(Way, Tally)>,
    pub(super) made: u64,
    pub(super) calls: u64,
    pub(super) counted: Vec<(String, u64)>,
    pub(super) off: Vec<String>,
    pub(super) seed: u64,
    pub(super) had_faults: bool,
}

/// The calls of one way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    tried: u64,
    as_scripted: u64,
    given_up: u64,
    had_fault: u64,
}

// ===== impl Report =====

impl Report {
    /// Returns how many calls had to be counted: how often `Service::call` was called. An axum `Router` calls what is inside
    /// of it when its future is first polled; so for a Layer that is inside of such a service, those calls are not among them
    /// whose future was dropped before.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// Returns how many calls ended in this way. A call that was to end so and was answered before that is not among them; a
    /// service that was asked whether it is ready and then not called is.
    #[must_use]
    pub fn ended(&self, way: Way) -> u64 {
        let ways = self.ways.iter().filter(|(its, _)| *its == way);
        ways.map(|(_, tally)| tally.as_scripted).sum()
    }

    /// Returns what the recorder counted of these calls: each series of what counts calls that ended, and how much it rose.
    #[must_use]
    pub fn counted(&self) -> &[(String, u64)] {
        &self.counted
    }

    /// Returns what is off, a sentence for each, and first the moment at which it was first seen. Empty is balanced.
    #[must_use]
    pub fn off(&self) -> &[String] {
        &self.off
    }

    /// Tells whether every call was counted, exactly once, and all balances.
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        self.off.is_empty()
    }

    /// Asserts that every call was counted, exactly once, and all balances.
    ///
    /// # Panics
    ///
    /// Panics otherwise, with the whole report.
    #[track_caller]
    pub fn assert_balanced(&self) {
        assert!(self.is_balanced(), "{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_balanced() {
            writeln!(f, "balanced")?;
        } else {
            writeln!(f, "not balanced:")?;
            self.off.iter().try_for_each(|off| writeln!(f, "  {off}"))?;
        }
        write!(f, "{} calls, seed {}", self.calls, self.seed)?;
        match self.made - self.calls {
            0 => writeln!(f, ":")?,
            unbegun => writeln!(
                f,
                "; and {unbegun} that never reached the Layer, which is called by the first poll:"
            )?,
        }
        for (way, tally) in &self.ways {
            write!(f, "  {way:37} {}", tally.as_scripted)?;
            match tally.tried - tally.as_scripted - tally.given_up {
                0 => {}
                others => write!(f, "; {others} ended otherwise")?,
            }
            match tally.given_up {
                0 => writeln!(f)?,
                given_up => writeln!(f, "; {given_up} were given up")?,
            }
        }
        if !self.had_faults {
            writeln!(f, "  the service was not made to panic or to fail: Torture::faults")?;
        }
        write!(f, "counted:")?;
        self.counted.iter().try_for_each(|(series, count)| write!(f, "\n  {series} {count}"))
    }
}

// ===== impl Tally =====

impl Tally {
    pub(super) fn add(&mut self, told: Told) {
        self.tried += 1;
        self.as_scripted += u64::from(told.is_as_scripted);
        self.given_up += u64::from(told.is_given_up);
        self.had_fault += u64::from(told.had_fault);
    }

    /// Tells whether nothing came of any of them, but waiting.
    pub(super) fn is_all_given_up(&self) -> bool {
        self.given_up > 0 && self.given_up == self.tried
    }

    pub(super) fn has_given_up(&self) -> bool {
        self.given_up > 0
    }

    pub(super) fn had_fault(&self) -> bool {
        self.had_fault > 0
    }
}
