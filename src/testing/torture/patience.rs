//! An end to waiting, without a runtime's timer.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    task::{Context, Waker},
    thread,
    time::Duration,
};

/// Wakes a torture once it has waited too long. Dropped, it ends.
pub(super) struct Patience {
    shared: Arc<Shared>,
    /// Its end is what the thread waits for.
    _end: Sender<()>,
}

#[derive(Default)]
struct Shared {
    is_over: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

// ===== impl Patience =====

impl Patience {
    pub(super) fn begin(patience: Duration) -> Self {
        let shared = Arc::<Shared>::default();
        let (end, ended) = channel::<()>();
        let theirs = Arc::clone(&shared);
        thread::spawn(move || {
            if ended.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                theirs.is_over.store(true, Ordering::SeqCst);
                let waker = theirs.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
                waker.into_iter().for_each(Waker::wake);
            }
        });
        Self { shared, _end: end }
    }

    /// Tells whether it has an end, and if not wakes this task when it has.
    pub(super) fn is_over(&self, cx: &Context<'_>) -> bool {
        *self.shared.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
        self.shared.is_over.load(Ordering::SeqCst)
    }
}
