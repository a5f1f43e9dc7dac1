//! How many calls are in flight, or of anything else: one atomic word a gauge, and the table that lets Layers
//! share it; and, where that was asked for, when the oldest of them began.
//!
//! A gauge can only be `set`, because some exporters ignore increments, so two Layers that set the same gauge
//! from counts of their own would overwrite each other's truth. They share the count instead: one [`Word`] for
//! each recorder, name and label set, found through one weak table that is locked only when a label set is
//! resolved. What is known of their starts is shared in the same way.

mod oldest;
mod queue;
mod shared;
mod starts;
mod word;

use std::sync::Arc;

use metrics::{Gauge, Key};

pub(crate) use self::oldest::Oldest;
use self::word::Word;
use crate::series::{RecorderId, contained};

/// The in-flight gauge of one label set.
#[derive(Debug)]
pub(crate) struct InFlight {
    word: Arc<Word>,
    gauge: Gauge,
}

// ===== impl InFlight =====

impl InFlight {
    /// Finds or makes the word of `key` under this recorder, and shows its count on `gauge`.
    pub(crate) fn new(recorder: RecorderId, key: &Key, gauge: Gauge) -> Self {
        let this = Self { word: shared::word(recorder, key), gauge };
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

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
