//! One call, done as its script says, a step at a time.

use std::{
    fmt, mem,
    panic::{AssertUnwindSafe, catch_unwind},
    task::{Context, Poll},
};

use tower_service::Service;

use crate::Outcome;

use super::{
    aborted::{Spawn, Spawned},
    faults::{Fault, Injection},
    left::{Left, unwind_with},
    rest::{Answer, Frames, answer},
    told::{Ended, Told},
    way::{Script, Way},
};

/// One call of a torture.
pub(super) struct Call<S, R, T> {
    pub(super) script: Script,
    state: State<S, R>,
    injection: Injection,
    open: fn(T) -> Option<Frames>,
    pub(super) told: Told,
}

pub(super) enum State<S, R> {
    Waiting {
        service: S,
        request: R,
    },
    Called {
        answer: Answer,
        polls: u32,
    },
    Reading {
        frames: Frames,
        read: u32,
    },
    Spawned(Spawned),
    /// Another thread will drop it.
    Left(Left),
    Done,
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Moved,
    Waits,
}

// ===== impl Call =====

impl<S, R, T> Call<S, R, T> {
    pub(super) fn new(
        script: Script,
        (service, request): (S, R),
        injection: Injection,
        open: fn(T) -> Option<Frames>,
    ) -> Self {
        Self { script, state: State::Waiting { service, request }, injection, open, told: Told::default() }
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self.state, State::Done | State::Left(_))
    }

    /// Tells whether a task of the runtime has it, which may end it at any time.
    pub(super) fn is_away(&self) -> bool {
        matches!(self.state, State::Spawned(_))
    }

    /// Takes what another thread is to drop.
    pub(super) fn leave(&mut self) -> Option<Left> {
        match mem::replace(&mut self.state, State::Done) {
            State::Left(left) => {
                (self.told.is_over, self.told.is_held) = (true, false);
                Some(left)
            }
            other => {
                self.state = other;
                None
            }
        }
    }

    /// Gives up what nothing comes of.
    pub(super) fn give_up(&mut self) {
        if !self.is_done() {
            (self.told.is_given_up, self.told.is_over) = (true, true);
            self.told.is_held = false;
            self.state = State::Done;
        }
    }

    /// It ends here: as its script says, or otherwise. Of a fault, what is outside may make an answer: then it is enough that the
    /// service had it.
    pub(super) fn end(&mut self, is_as_scripted: bool) -> (Step, State<S, R>) {
        let had_fault = self.script.way.is_fault() && self.injection.fault.is_none();
        self.told.is_as_scripted = is_as_scripted || had_fault;
        self.told.is_over = true;
        (Step::Moved, State::Done)
    }

    /// It ends so, as the torture sees it; if it does because of the fault that the service has had, then what is in between saw
    /// the same.
    pub(super) fn is_known_as(&mut self, outcome: Outcome, of: &[Way]) {
        if of.contains(&self.script.way) && self.has_had_fault() {
            let is_in_body = self.script.way.is_about_body();
            self.told.outcome = Some(Ended { outcome, is_in_body });
        }
    }

    fn has_had_fault(&self) -> bool {
        self.injection.slot.is_some() && self.script.fault().is_some() && self.injection.fault.is_none()
    }
}

/// What a step was a step of, for a message.
impl<S, R, T> fmt::Display for Call<S, R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_done() && !self.told.is_as_scripted {
            true => write!(f, "to be \"{}\", but ended before that", self.script.way),
            false => write!(f, "{}", self.script.way),
        }
    }
}

impl<S, R, T> Call<S, R, T>
where
    S: Service<R, Response = T>,
    S::Future: Send + 'static,
    T: 'static,
{
    /// Does what comes next.
    pub(super) fn step(&mut self, spawn: Option<&Spawn>, cx: &mut Context<'_>) -> Step {
        let (step, state) = match mem::replace(&mut self.state, State::Done) {
            State::Waiting { service, request } => self.call(service, request, spawn, cx),
            State::Called { answer, polls } => self.poll(answer, polls, cx),
            State::Reading { frames, read } => self.read(frames, read, cx),
            State::Spawned(mut task) => match task.poll_gone(cx) {
                Poll::Ready(()) => self.end(true),
                Poll::Pending => (Step::Waits, State::Spawned(task)),
            },
            done @ (State::Left(_) | State::Done) => (Step::Waits, done),
        };
        self.state = state;
        self.told.had_fault = self.has_had_fault();
        let has_no_head = matches!(self.state, State::Called { polls: 1, .. } | State::Left(Left::Answer(_)));
        let is_stalled = matches!(self.script.fault(), Some(Fault::Stall(_)));
        self.told.is_held = has_no_head && is_stalled && self.told.had_fault;
        step
    }

    fn call(
        &mut self,
        mut service: S,
        request: R,
        spawn: Option<&Spawn>,
        cx: &mut Context<'_>,
    ) -> (Step, State<S, R>) {
        match catch_unwind(AssertUnwindSafe(|| service.poll_ready(cx))) {
            Ok(Poll::Ready(Ok(()))) => {}
            Ok(Poll::Pending) => return (Step::Waits, State::Waiting { service, request }),
            // What is refused before it is called is no call.
            Ok(Poll::Ready(Err(_))) | Err(_) => return self.end(false),
        }
        if self.script.way == Way::NotCalled {
            drop(service);
            return self.end(true);
        }
        self.told.is_begun = true;
        let Ok(future) = self.injection.during(|| service.call(request)) else {
            self.is_known_as(Outcome::Panicked, &[Way::CallPanics]);
            return self.end(false);
        };
        let answer = answer(future, self.open);
        // A task is polled before it is aborted.
        self.told.is_unpolled = self.script.way != Way::Aborted;
        match (self.script.way, spawn) {
            (Way::Aborted, Some(spawn)) => {
                (Step::Moved, State::Spawned(Spawned::new(spawn, answer, self.injection.clone())))
            }
            _ => (Step::Moved, State::Called { answer, polls: 0 }),
        }
    }

    fn poll(&mut self, mut answer: Answer, polls: u32, cx: &mut Context<'_>) -> (Step, State<S, R>) {
        let Script { way, after } = self.script;
        if way == Way::NeverPolled {
            drop(answer);
            return self.end(true);
        }
        let polls = polls + 1;
        self.told.is_unpolled = false;
        match self.injection.during(|| answer.as_mut().poll(cx)) {
            Ok(Poll::Ready(Ok(Some(frames)))) if way == Way::Answered || way.is_about_body() => {
                (Step::Moved, State::Reading { frames, read: 0 })
            }
            Ok(Poll::Ready(Ok(_))) => self.end(way == Way::Answered),
            Ok(Poll::Ready(Err(()))) => {
                self.is_known_as(Outcome::Error, &[Way::Fails]);
                self.end(false)
            }
            // Of a router, `call` is inside of the future.
            Err(_) => {
                drop(answer);
                self.is_known_as(Outcome::Panicked, &[Way::CallPanics, Way::FuturePanics]);
                self.end(false)
            }
            Ok(Poll::Pending) => match way {
                Way::Dropped if polls >= after => {
                    self.is_known_as(Outcome::Cancelled, &[way]);
                    drop(answer);
                    self.end(true)
                }
                Way::CallerPanics => {
                    self.is_known_as(Outcome::Cancelled, &[way]);
                    unwind_with(answer);
                    self.end(true)
                }
                Way::DroppedElsewhere => {
                    self.is_known_as(Outcome::Cancelled, &[way]);
                    self.told.is_as_scripted = true;
                    (Step::Moved, State::Left(Left::Answer(answer)))
                }
                _ => (Step::Waits, State::Called { answer, polls }),
            },
        }
    }
}
