//! What is dropped otherwise than by who called: by another thread, or by a panic.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Arc, Barrier},
    thread,
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
    let barrier = Arc::new(Barrier::new(left.len().max(1)));
    let drop_one = |left| {
        let barrier = Arc::clone(&barrier);
        thread::spawn(move || {
            barrier.wait();
            match left {
                Left::Answer(answer) => drop(answer),
                Left::Frames(frames) => drop(frames),
            }
        })
    };
    let threads: Vec<_> = left.into_iter().map(drop_one).collect();
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
