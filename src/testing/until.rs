//! Waiting until something was recorded.

use std::{
    future::poll_fn,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
};

use super::Recorder;

/// Who waits for a recording.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    /// Whether anybody does, so that a recording takes no lock otherwise.
    is_any: AtomicBool,
    wakers: Mutex<Vec<Waker>>,
}

// ===== impl Recorder =====

impl Recorder {
    /// Waits until this holds of what is recorded, and asks again whenever something is. For what another task records at a time of
    /// its own: a server behind a socket ends a call after its client has read the answer.
    ///
    /// It waits for ever for what never comes: put your runtime's timeout around it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use tokio::time::timeout;
    /// use tower_metrics::{Operation, testing::Recorder};
    ///
    /// # #[tokio::main]
    /// # async fn main() {
    /// let recorder = Recorder::new();
    /// let job = Operation::new("job").recorder(recorder.shared());
    /// tokio::spawn(async move { job.run(|| {}) });
    ///
    /// let is_done = recorder.until(|recorder| recorder.counter("job_total", []) == 1);
    /// timeout(Duration::from_secs(5), is_done).await.unwrap_or_else(|_| panic!("{recorder}"));
    /// # }
    /// ```
    pub async fn until(&self, mut holds: impl FnMut(&Self) -> bool) {
        poll_fn(|cx| {
            // First, so that nothing is recorded between the question and the waiting.
            self.store.waiters().wait(cx);
            if holds(self) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

// ===== impl Waiters =====

impl Waiters {
    /// Wakes all who wait.
    pub(super) fn wake(&self) {
        if self.is_any.swap(false, Ordering::SeqCst) {
            let wakers = std::mem::take(&mut *self.wakers.lock().unwrap_or_else(PoisonError::into_inner));
            wakers.into_iter().for_each(Waker::wake);
        }
    }

    fn wait(&self, cx: &Context<'_>) {
        let mut wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        if !wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
            wakers.push(cx.waker().clone());
        }
        self.is_any.store(true, Ordering::SeqCst);
    }
}
