//! Many calls at once, on several threads.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    task::{Context, Poll, Waker},
};

use tower_service::Service;

use super::{
    faults::{Fault, Injection},
    left::{Left, drop_in_threads, join},
    rest::{Frames, answer},
    run::Torture,
    told::{Ended, Made, Told},
};
use crate::Outcome;

const BATCHES: usize = 4;
const THREADS: usize = 2;
const EACH: usize = 64;

// ===== impl Torture =====

impl Torture {
    /// Begins calls in this thread while others drop those that it began before, all at the same moment. A future is `Send`, and
    /// a service need not be, so it is only ends that meet each other and beginnings, and never two beginnings.
    pub(super) fn at_once<S, R>(
        &self,
        mut make: impl FnMut() -> S,
        mut request: impl FnMut() -> R,
        open: fn(S::Response) -> Option<Frames>,
        made: &mut Made,
    ) -> Vec<Told>
    where
        S: Service<R>,
        S::Future: Send + 'static,
        S::Response: 'static,
    {
        let mut calls = Vec::new();
        let mut threads = Vec::new();
        for _ in 0..BATCHES {
            let mut begin = |n: usize| {
                let (told, left) = self.begin((make(), request()), n % 2 == 0, open);
                made.add(Told::default(), told);
                calls.push(told);
                left
            };
            let batch = (0..THREADS).map(|_| (0..EACH).filter_map(&mut begin).collect()).collect();
            threads.extend(drop_in_threads(batch));
        }
        join(threads);
        calls
    }

    /// Begins a call, and polls it once or not at all.
    fn begin<S, R>(
        &self,
        (mut service, request): (S, R),
        is_polled: bool,
        open: fn(S::Response) -> Option<Frames>,
    ) -> (Told, Option<Left>)
    where
        S: Service<R>,
        S::Future: Send + 'static,
        S::Response: 'static,
    {
        let mut told = Told::default();
        let cx = &mut Context::from_waker(Waker::noop());
        // A service that is full now is so because of the others.
        let Ok(Poll::Ready(Ok(()))) = catch_unwind(AssertUnwindSafe(|| service.poll_ready(cx))) else {
            return (told, None);
        };
        (told.is_begun, told.is_over, told.is_unpolled) = (true, true, !is_polled);
        let mut injection =
            Injection { slot: self.slot.clone(), fault: is_polled.then_some(Fault::Stall(1)) };
        let Ok(future) = injection.during(|| service.call(request)) else { return (told, None) };
        let mut answer = answer(future, open);
        told.is_as_scripted = true;
        if !is_polled {
            return (told, Some(Left::Answer(answer)));
        }
        match injection.during(|| answer.as_mut().poll(cx)) {
            Ok(Poll::Pending) => {
                let has_stalled = self.slot.is_some() && injection.fault.is_none();
                let ended = Ended { outcome: Outcome::Cancelled, is_in_body: false };
                told.outcome = has_stalled.then_some(ended);
                (told, Some(Left::Answer(answer)))
            }
            Ok(Poll::Ready(Ok(Some(frames)))) => (told, Some(Left::Frames(frames))),
            Ok(Poll::Ready(_)) | Err(_) => {
                told.is_as_scripted = false;
                (told, None)
            }
        }
    }
}
