//! The one static: it finds what the Layers of one gauge share.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak},
};

use metrics::Key;

use super::{starts::Starts, word::Word};
use crate::series::RecorderId;

#[derive(Default)]
struct Shared {
    words: Table<Word>,
    starts: Table<Starts>,
}

/// What somebody holds, by recorder and key.
struct Table<T> {
    by_key: HashMap<(RecorderId, Key), Weak<T>>,
    sweep_at: usize,
}

static SHARED: LazyLock<Mutex<Shared>> = LazyLock::new(Mutex::default);

/// Finds or makes the count of `key` under this recorder.
pub(super) fn word(recorder: RecorderId, key: &Key) -> Arc<Word> {
    shared().words.find(recorder, key, Word::new)
}

/// Finds or makes when the calls of `key` under this recorder began.
pub(super) fn starts(recorder: RecorderId, key: &Key) -> Arc<Starts> {
    shared().starts.find(recorder, key, Starts::default)
}

fn shared() -> MutexGuard<'static, Shared> {
    SHARED.lock().unwrap_or_else(PoisonError::into_inner)
}

// ===== impl Table =====

impl<T> Table<T> {
    fn find(&mut self, recorder: RecorderId, key: &Key, new: impl FnOnce() -> T) -> Arc<T> {
        if self.by_key.len() >= self.sweep_at {
            self.by_key.retain(|_, it| it.strong_count() > 0);
            self.sweep_at = (2 * self.by_key.len()).max(64);
        }
        let slot = self.by_key.entry((recorder, key.clone())).or_default();
        slot.upgrade().unwrap_or_else(|| {
            let it = Arc::new(new());
            *slot = Arc::downgrade(&it);
            it
        })
    }
}

// By hand, because what is shared need not be `Default`.
impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { by_key: HashMap::new(), sweep_at: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(words: &mut Table<Word>, name: String) -> Arc<Word> {
        words.find(RecorderId::of(&metrics::NoopRecorder), &Key::from_name(name), Word::new)
    }

    #[test]
    fn the_table_forgets_what_nobody_holds() {
        let mut words = Table::default();
        let held: Vec<_> = (0..10).map(|index| word(&mut words, format!("held{index}"))).collect();
        for round in 0..20 {
            for index in 0..1_000 {
                drop(word(&mut words, format!("{round}-{index}")));
            }
            assert!(held.iter().all(|word| Arc::strong_count(word) == 1));
            assert!(words.by_key.len() <= 64, "round {round}");
        }
    }
}
