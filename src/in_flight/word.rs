//! The one atomic word of a gauge. It knows nothing but its atomic, so that `tests/loom` can model it.

use crate::sync::{AtomicU64, Ordering};

/// A count and, in its lowest bit, whether somebody is publishing it.
///
/// Who changes the count while the bit is set leaves at once: the publisher leaves only by a compare-exchange
/// that fails if the count moved, and then publishes again. So the last value published is the count at every
/// quiet moment, whatever the ordering of the gauge's own store.
#[derive(Debug)]
pub(crate) struct Word(AtomicU64);

const PUBLISHING: u64 = 1;
const ONE: u64 = 2;

// ===== impl Word =====

impl Word {
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Counts one more. `publish` must not panic.
    #[inline]
    pub(crate) fn up(&self, publish: impl Fn(u64)) {
        self.change(|word| Some(word + ONE), publish);
    }

    /// Counts one more if that leaves no more than `most`, and tells whether it did.
    pub(crate) fn up_to(&self, most: u64, publish: impl Fn(u64)) -> bool {
        self.change(|word| (word / ONE < most).then_some(word + ONE), publish)
    }

    /// Counts one less, which was counted before.
    #[inline]
    pub(crate) fn down(&self, publish: impl Fn(u64)) {
        self.change(|word| Some(word - ONE), publish);
    }

    /// Publishes the count as it stands.
    pub(crate) fn refresh(&self, publish: impl Fn(u64)) {
        self.change(Some, publish);
    }

    #[inline(always)]
    fn change(&self, next: impl Fn(u64) -> Option<u64>, publish: impl Fn(u64)) -> bool {
        let mut seen = self.0.load(Ordering::Relaxed);
        let mut mine = loop {
            let Some(changed) = next(seen) else { return false };
            let changed = changed | PUBLISHING;
            match self.0.compare_exchange_weak(seen, changed, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) if seen & PUBLISHING != 0 => return true,
                Ok(_) => break changed,
                Err(now) => seen = now,
            }
        };
        loop {
            publish(mine / ONE);
            match self.0.compare_exchange(mine, mine & !PUBLISHING, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return true,
                Err(now) => mine = now,
            }
        }
    }
}
