//! What is dropped otherwise than by who called: by another thread, or by a panic.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
};

use super::{
    faults::panic_as_asked,
    rest::{Answer, Frames},
};

/// What is left to be dropped by another thread.
pub(super) enum Left {
    Answer(Answer),
    Frames(Frames),
}

/// Drops all of these at once, each by a thread of its own.
pub(super) fn drop_elsewhere(left: Vec<Left>) {
    join(drop_in_threads(left.into_iter().map(|one| vec![one]).collect()));
}

/// Begins to drop these at once, each lot by a thread of its own.
pub(super) fn drop_in_threads(lots: Vec<Vec<Left>>) -> Vec<JoinHandle<()>> {
    let (arrived, all) = (Arc::new(AtomicUsize::new(0)), lots.len());
    let drop_lot = |lot: Vec<Left>| {
        let arrived = Arc::clone(&arrived);
        thread::spawn(move || {
            // Who sleeps at a barrier wakes up when the first lot is gone.
            arrived.fetch_add(1, Ordering::SeqCst);
            while arrived.load(Ordering::SeqCst) < all {
                thread::yield_now();
            }
            for left in lot {
                match left {
                    Left::Answer(answer) => drop(answer),
                    Left::Frames(frames) => drop(frames),
                }
            }
        })
    };
    lots.into_iter().map(drop_lot).collect()
}

/// Waits for threads to end, and goes on with the panic of one.
pub(super) fn join(threads: Vec<JoinHandle<()>>) {
    for thread in threads {
        if let Err(panic) = thread.join() {
            resume_unwind(panic);
        }
    }
}

/// Drops this as the stack of a caller unwinds.
pub(super) fn unwind_with<T>(held: T) {
    let panicked = catch_unwind(AssertUnwindSafe(move || {
        let _held = held;
        panic_as_asked();
    }));
    debug_assert!(panicked.is_err());
}
