//! A call that is a task of the runtime, until it is aborted.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use super::{
    faults::Injection,
    rest::{Answer, Frames},
};

/// A future to be spawned: see [`Torture::tasks`](super::Torture::tasks).
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What aborts a task that was spawned.
pub(super) type Abort = Box<dyn FnOnce() + Send>;

/// Spawns a task, and returns what aborts it.
pub(super) type Spawn = Arc<dyn Fn(Task) -> Abort + Send + Sync>;

/// The task: it polls its call once, and then waits for its end, with the call or its body in its hands.
struct Aborted {
    answer: Option<Answer>,
    frames: Option<Frames>,
    injection: Injection,
    seen: Arc<Seen>,
}

/// The task, as seen by the torture.
pub(super) struct Spawned {
    seen: Arc<Seen>,
    abort: Option<Abort>,
}

/// How far the task has come.
#[derive(Debug, Default)]
struct Seen {
    state: Mutex<(Phase, Option<Waker>)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Unpolled,
    Polled,
    Gone,
}

// ===== impl Aborted =====

impl Future for Aborted {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if let Some(answer) = this.answer.as_mut().filter(|_| !this.seen.is(Phase::Polled)) {
            match this.injection.during(|| answer.as_mut().poll(cx)) {
                Ok(Poll::Ready(result)) => this.frames = result.ok().flatten(),
                // It waits for its end, which is the abortion.
                Ok(Poll::Pending) | Err(_) => {}
            }
        }
        this.seen.becomes(Phase::Polled);
        Poll::Pending
    }
}

impl Drop for Aborted {
    fn drop(&mut self) {
        self.answer = None;
        self.frames = None;
        self.seen.becomes(Phase::Gone);
    }
}

// ===== impl Spawned =====

impl Spawned {
    pub(super) fn new(spawn: &Spawn, answer: Answer, injection: Injection) -> Self {
        let seen = Arc::<Seen>::default();
        let task = Aborted { answer: Some(answer), frames: None, injection, seen: Arc::clone(&seen) };
        Self { abort: Some(spawn(Box::pin(task))), seen }
    }

    /// Aborts the task once it was polled, and is ready when the task is gone.
    pub(super) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let phase = {
            let mut state = self.seen.state();
            state.1 = Some(cx.waker().clone());
            state.0
        };
        match (phase, self.abort.take()) {
            (Phase::Gone, _) => return Poll::Ready(()),
            (Phase::Polled, Some(abort)) => abort(),
            (Phase::Unpolled, abort) => self.abort = abort,
            (Phase::Polled, None) => {}
        }
        if self.seen.is(Phase::Gone) { Poll::Ready(()) } else { Poll::Pending }
    }
}

// ===== impl Seen =====

impl Seen {
    fn is(&self, phase: Phase) -> bool {
        self.state().0 == phase
    }

    fn becomes(&self, phase: Phase) {
        let mut state = self.state();
        state.0 = phase;
        if let Some(waker) = state.1.take() {
            waker.wake();
        }
    }

    fn state(&self) -> MutexGuard<'_, (Phase, Option<Waker>)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
