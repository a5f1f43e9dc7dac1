//! The body of one call, read as its script says.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    task::{Context, Poll},
};

use super::{
    call::{Call, State, Step},
    left::{Left, unwind_with},
    rest::{Frames, Next},
    way::{Script, Way},
};
use crate::Outcome;

/// The most frames that are read of a body, should it be endless.
const MOST_FRAMES: u32 = 1_000;

// ===== impl Call =====

impl<S, R, T> Call<S, R, T> {
    pub(super) fn read(
        &mut self,
        mut frames: Frames,
        read: u32,
        cx: &mut Context<'_>,
    ) -> (Step, State<S, R>) {
        let Script { way, after } = self.script;
        // A server that is told the end does not ask for it.
        let is_told_end = way == Way::Answered && after == 1 && frames.is_end();
        if way == Way::BodyUnread || is_told_end || read >= MOST_FRAMES {
            drop(frames);
            return self.end(read < MOST_FRAMES);
        }
        let has_body = !frames.is_bodiless();
        let next = catch_unwind(AssertUnwindSafe(|| frames.as_mut().poll_next(cx)));
        let read = read + u32::from(matches!(next, Ok(Poll::Ready(Next::Frame))));
        match (next, way) {
            (Ok(_), Way::BodyCallerPanics) => {
                unwind_with(frames);
                self.end(true)
            }
            (Ok(_), Way::BodyDroppedElsewhere) => {
                self.told.is_as_scripted = true;
                (Step::Moved, State::Left(Left::Frames(frames)))
            }
            (Ok(polled @ (Poll::Pending | Poll::Ready(Next::Frame))), Way::BodyDropped) if read >= after => {
                if polled.is_pending() && has_body && !frames.is_end() {
                    self.is_known_as(Outcome::BodyDropped, &[way]);
                }
                drop(frames);
                self.end(true)
            }
            (Ok(Poll::Ready(Next::Frame)), _) => (Step::Moved, State::Reading { frames, read }),
            (Ok(Poll::Pending), _) => (Step::Waits, State::Reading { frames, read }),
            (Ok(Poll::Ready(Next::End)), _) => self.end(way == Way::Answered),
            (Ok(Poll::Ready(Next::Failed)), _) => {
                let of: &[Way] = if has_body { &[Way::BodyFails] } else { &[] };
                self.is_known_as(Outcome::BodyError, of);
                self.end(false)
            }
            (Err(_), _) => {
                let of: &[Way] = if has_body { &[Way::BodyPanics] } else { &[] };
                self.is_known_as(Outcome::Panicked, of);
                drop(frames);
                self.end(false)
            }
        }
    }
}
