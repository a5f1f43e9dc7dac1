//! How many calls are in flight, or of anything else: one atomic word a gauge, and the table that lets Layers
//! share it.
//!
//! A gauge can only be `set`, because some exporters ignore increments, so two Layers that set the same gauge
//! from counts of their own would overwrite each other's truth. They share the count instead: one [`Word`] for
//! each recorder, name and label set, found through one weak table that is locked only when a label set is
//! resolved.

mod word;

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError, Weak},
};

use metrics::{Gauge, Key};

use self::word::Word;
use crate::series::{RecorderId, contained};

/// The in-flight gauge of one label set.
#[derive(Debug)]
pub(crate) struct InFlight {
    word: Arc<Word>,
    gauge: Gauge,
}

#[derive(Default)]
struct Words {
    by_key: HashMap<(RecorderId, Key), Weak<Word>>,
    sweep_at: usize,
}

static WORDS: LazyLock<Mutex<Words>> = LazyLock::new(Mutex::default);

// ===== impl InFlight =====

impl InFlight {
    /// Finds or makes the word of `key` under this recorder, and shows its count on `gauge`.
    pub(crate) fn new(recorder: RecorderId, key: &Key, gauge: Gauge) -> Self {
        let word = WORDS.lock().unwrap_or_else(PoisonError::into_inner).word(recorder, key);
        let this = Self { word, gauge };
        this.word.refresh(|count| this.set(count));
        this
    }

    #[inline]
    pub(crate) fn enter(&self) {
        self.word.up(|count| self.set(count));
    }

    /// Enters if that leaves no more than `most` inside, and tells whether it did.
    pub(crate) fn enter_up_to(&self, most: u64) -> bool {
        self.word.up_to(most, |count| self.set(count))
    }

    #[inline]
    pub(crate) fn leave(&self) {
        self.word.down(|count| self.set(count));
    }

    #[inline]
    fn set(&self, count: u64) {
        contained(|| self.gauge.set(count as f64));
    }
}

// ===== impl Words =====

impl Words {
    fn word(&mut self, recorder: RecorderId, key: &Key) -> Arc<Word> {
        if self.by_key.len() >= self.sweep_at {
            self.by_key.retain(|_, word| word.strong_count() > 0);
            self.sweep_at = (2 * self.by_key.len()).max(64);
        }
        let slot = self.by_key.entry((recorder, key.clone())).or_default();
        slot.upgrade().unwrap_or_else(|| {
            let word = Arc::new(Word::new());
            *slot = Arc::downgrade(&word);
            word
        })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn words_of(keys: &[Arc<Word>], words: &mut Words, round: usize) -> usize {
        for index in 0..1_000 {
            drop(
                words.word(
                    RecorderId::of(&metrics::NoopRecorder),
                    &Key::from_name(format!("{round}-{index}")),
                ),
            );
        }
        assert!(keys.iter().all(|word| Arc::strong_count(word) == 1));
        words.by_key.len()
    }

    #[test]
    fn the_table_forgets_words_that_nobody_holds() {
        let mut words = Words::default();
        let held: Vec<_> = (0..10)
            .map(|index| {
                words.word(RecorderId::of(&metrics::NoopRecorder), &Key::from_name(format!("held{index}")))
            })
            .collect();
        for round in 0..20 {
            assert!(words_of(&held, &mut words, round) <= 64, "round {round}");
        }
    }

    #[test]
    fn a_change_during_a_publication_is_published_by_the_publisher() {
        let word = Word::new();
        let published = Cell::new(0);
        let nested = Cell::new(false);
        word.up(|count| {
            if !nested.replace(true) {
                word.up(|_| panic!("somebody is publishing already"));
            }
            published.set(count);
        });
        assert_eq!(published.get(), 2);
        word.down(|count| published.set(count));
        assert_eq!(published.get(), 1);
    }
}
