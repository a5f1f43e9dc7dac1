//! What is known of a call, and of all of them.

use crate::Outcome;

/// What has become of a call.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    /// The service was called.
    pub(super) is_begun: bool,
    /// The service was called, and so far nobody has polled its future.
    pub(super) is_unpolled: bool,
    /// The service was called, and nobody holds anything of the call any more.
    pub(super) is_over: bool,
    /// The service holds its future back, as it was told to, so that its head has yet to come.
    pub(super) is_held: bool,
    /// It ended in the way that its script says.
    pub(super) is_as_scripted: bool,
    /// It was given up, because nothing came of it.
    pub(super) is_given_up: bool,
    /// The service has had the fault that it was to have.
    pub(super) had_fault: bool,
    /// How it ended, where whatever stands between the torture and the fault leaves no doubt of that.
    pub(super) outcome: Option<Ended>,
}

/// How a call ended, as far as that is beyond doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) outcome: Outcome,
    /// It did so after its head, which is no matter where the answer has no body.
    pub(super) is_in_body: bool,
}

/// How many calls were made.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Made {
    pub(super) calls: u64,
    /// Of which so many futures were not polled yet, or never.
    unpolled: u64,
    /// Of which so many go on.
    pub(super) going_on: u64,
    /// Of which so many have no head yet, whatever stands between.
    pub(super) held: u64,
}

/// When what counts calls begins one: with the first that was seen to be so, it has to be so for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begins {
    WhenCalled,
    /// Inside of an axum `Router`, for one.
    WhenPolled,
}

// ===== impl Made =====

impl Made {
    /// Goes with a call from one step to the next.
    pub(super) fn add(&mut self, before: Told, now: Told) {
        self.calls += u64::from(now.is_begun) - u64::from(before.is_begun);
        self.unpolled += u64::from(now.is_unpolled);
        self.unpolled -= u64::from(before.is_unpolled);
        self.going_on += u64::from(now.is_going_on());
        self.going_on -= u64::from(before.is_going_on());
        self.held += u64::from(now.is_held);
        self.held -= u64::from(before.is_held);
    }

    pub(super) fn begun(self, begins: Begins) -> u64 {
        match begins {
            Begins::WhenCalled => self.calls,
            Begins::WhenPolled => self.calls - self.unpolled,
        }
    }

    /// When a call begins, if so many have begun.
    pub(super) fn begins(self, begun: u64) -> Option<Begins> {
        let both = [Begins::WhenCalled, Begins::WhenPolled];
        both.into_iter().find(|begins| self.unpolled > 0 && self.begun(*begins) == begun)
    }
}

// ===== impl Told =====

impl Told {
    fn is_going_on(self) -> bool {
        self.is_begun && !self.is_over
    }
}
