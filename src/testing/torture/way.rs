//! The ways in which a call can end.

use std::fmt;

use super::faults::Fault;

/// A way in which a call can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Way {
    /// The service is asked whether it is ready, and then not called: this is no call, and must not count.
    NotCalled,
    /// The answer is awaited, and its body read to the end.
    Answered,
    /// The future is dropped before it was polled.
    NeverPolled,
    /// The future is dropped after one, two or three polls.
    Dropped,
    /// The future is polled, and then dropped by another thread.
    DroppedElsewhere,
    /// The caller panics while it holds the future, which is dropped as the stack unwinds.
    CallerPanics,
    /// The call is a task of the runtime, which is aborted: before the answer, or while it holds the answer. It needs
    /// [`Torture::tasks`](super::Torture::tasks).
    Aborted,
    /// The body is dropped unread.
    BodyUnread,
    /// The body is dropped after a poll, or after one or two frames.
    BodyDropped,
    /// The body is polled, and then dropped by another thread.
    BodyDroppedElsewhere,
    /// The caller panics while it holds the body.
    BodyCallerPanics,
    /// The service panics in `call`. It needs [`Torture::faults`](super::Torture::faults), as all do that follow.
    CallPanics,
    /// The service panics in its future.
    FuturePanics,
    /// The service fails, where [`Faults::failing`](super::Faults::failing) said with what.
    Fails,
    /// The body panics.
    BodyPanics,
    /// The body fails.
    BodyFails,
    /// Several threads drop many calls at once, polled once or not at all, while others begin.
    AtOnce,
}

/// What is done to one call: a way, and how far to go in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Script {
    pub(super) way: Way,
    /// After so many polls, or so many frames.
    pub(super) after: u32,
}

/// Which ways are open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub(super) has_body: bool,
    pub(super) has_tasks: bool,
    pub(super) has_faults: bool,
    pub(super) can_fail: bool,
}

// ===== impl Way =====

impl Way {
    const ALL: [Self; 16] = [
        Self::NotCalled,
        Self::Answered,
        Self::NeverPolled,
        Self::Dropped,
        Self::DroppedElsewhere,
        Self::CallerPanics,
        Self::Aborted,
        Self::BodyUnread,
        Self::BodyDropped,
        Self::BodyDroppedElsewhere,
        Self::BodyCallerPanics,
        Self::CallPanics,
        Self::FuturePanics,
        Self::Fails,
        Self::BodyPanics,
        Self::BodyFails,
    ];

    /// Returns the way in a few words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotCalled => "ready, and not called",
            Self::Answered => "answered, and read to the end",
            Self::NeverPolled => "dropped before the first poll",
            Self::Dropped => "dropped while pending",
            Self::DroppedElsewhere => "dropped by another thread",
            Self::CallerPanics => "dropped by a panic of the caller",
            Self::Aborted => "a task, aborted",
            Self::BodyUnread => "body dropped unread",
            Self::BodyDropped => "body dropped half read",
            Self::BodyDroppedElsewhere => "body dropped by another thread",
            Self::BodyCallerPanics => "body dropped by a panic of the caller",
            Self::CallPanics => "the service panics in call",
            Self::FuturePanics => "the service panics in its future",
            Self::Fails => "the service fails",
            Self::BodyPanics => "the body panics",
            Self::BodyFails => "the body fails",
            Self::AtOnce => "dropped by several threads at once",
        }
    }

    /// Tells whether it is about the body of an answer.
    pub(super) fn is_about_body(self) -> bool {
        matches!(
            self,
            Self::BodyUnread
                | Self::BodyDropped
                | Self::BodyDroppedElsewhere
                | Self::BodyCallerPanics
                | Self::BodyPanics
                | Self::BodyFails
        )
    }

    /// Tells whether the service itself does it.
    pub(super) fn is_fault(self) -> bool {
        matches!(
            self,
            Self::CallPanics | Self::FuturePanics | Self::Fails | Self::BodyPanics | Self::BodyFails
        )
    }

    fn is_open(self, open: Open) -> bool {
        (open.has_body || !self.is_about_body())
            && (open.has_faults || !self.is_fault())
            && (open.can_fail || self != Self::Fails)
            && (open.has_tasks || self != Self::Aborted)
    }

    /// How far to go in it, in turn.
    fn depths(self) -> &'static [u32] {
        match self {
            Self::Dropped => &[1, 2, 3],
            Self::BodyDropped => &[0, 1, 2],
            // As callers do, and as a server does.
            Self::Answered | Self::Aborted => &[0, 1],
            _ => &[1],
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

// ===== impl Script =====

impl Script {
    /// Every script, each once.
    pub(super) fn all(open: Open) -> impl Iterator<Item = Self> {
        let ways = Way::ALL.into_iter().filter(move |way| way.is_open(open));
        ways.flat_map(|way| way.depths().iter().map(move |after| Self { way, after: *after }))
    }

    /// What the service has to do for it.
    pub(super) fn fault(self) -> Option<Fault> {
        match self.way {
            Way::Dropped => Some(Fault::Stall(self.after)),
            Way::DroppedElsewhere | Way::CallerPanics => Some(Fault::Stall(1)),
            Way::Aborted if self.after == 0 => Some(Fault::Stall(1)),
            Way::BodyDropped if self.after == 0 => Some(Fault::StallBody),
            Way::CallPanics => Some(Fault::PanicInCall),
            Way::FuturePanics => Some(Fault::PanicInFuture),
            Way::Fails => Some(Fault::Fail),
            Way::BodyPanics => Some(Fault::PanicInBody),
            Way::BodyFails => Some(Fault::FailBody),
            _ => None,
        }
    }
}
