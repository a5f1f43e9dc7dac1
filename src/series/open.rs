//! What users' functions have made in one Layer: label sets, and the values of single labels.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use super::{Series, hasher::Hasher, table::Table};
use crate::labels::{NONE, OVERFLOW};

/// A label whose values come from a user's function.
#[derive(Clone, Debug)]
pub(crate) struct OpenLabel {
    /// Where it stands among the labels of the request.
    pub(crate) index: usize,
    /// How many values of its own it can have.
    pub(crate) max_values: Option<usize>,
}

/// The label sets that users' functions have made, and the values of the labels that can have so many and no more.
#[derive(Debug)]
pub(super) struct Open {
    hasher: Hasher,
    series: Table<Arc<Series>, 64>,
    seen: Vec<Seen>,
}

/// The values that one open label has had.
#[derive(Debug)]
struct Seen {
    index: usize,
    most: usize,
    values: Table<Box<str>, 16>,
    count: AtomicUsize,
}

// ===== impl OpenLabel =====

impl OpenLabel {
    /// The bit of the label at this index, in what tells which values of a label set are users' own.
    pub(crate) fn bit(index: usize) -> u16 {
        1 << index
    }

    pub(super) fn is_in(&self, open: u16) -> bool {
        open & Self::bit(self.index) != 0
    }
}

// ===== impl Open =====

impl Open {
    pub(super) fn new(labels: &[OpenLabel], hasher: Hasher) -> Self {
        let seen = labels.iter().filter_map(|label| Some(Seen::new(label.index, label.max_values?)));
        Self { hasher, series: Table::new(), seen: seen.collect() }
    }

    pub(super) fn find(&self, hash: u64, values: &[&str]) -> Option<Arc<Series>> {
        self.series.find(hash, |series| series.is_of(values)).map(Arc::clone)
    }

    pub(super) fn insert(&self, hash: u64, series: &Arc<Series>) {
        self.series.insert(hash, Arc::clone(series), |it| Arc::ptr_eq(it, series));
    }

    /// Tells whether there is a label that can have no further values.
    pub(super) fn has_full_label(&self) -> bool {
        self.seen.iter().any(Seen::is_full)
    }

    /// Folds the labels that have had as many values as they can have, and tells whether any was.
    pub(super) fn fold_full(&self, values: &mut [&str]) -> bool {
        self.fold(values, |seen, value| seen.is_full() && !seen.has(value, self.hasher))
    }

    /// Notes the values of labels that still have room, and folds the others. One thread at a time.
    pub(super) fn admit_values(&self, values: &mut [&str]) -> bool {
        self.fold(values, |seen, value| !seen.admits(value, self.hasher))
    }

    /// What is left without the label sets that `goes` tells of, each of which it hears once.
    ///
    /// One that somebody holds, such as a call in flight, stays unasked.
    pub(super) fn without(&self, mut goes: impl FnMut(&Series) -> bool) -> Self {
        let seen = self.seen.iter().map(|seen| Seen::new(seen.index, seen.most));
        let left = Self { hasher: self.hasher, series: Table::new(), seen: seen.collect() };
        self.series.for_each(|series| {
            if Arc::strong_count(series) == 1 && goes(series) {
                return;
            }
            let mut values: Vec<&str> = series.values.iter().map(|value| &**value).collect();
            left.insert(self.hasher.of(&values), series);
            left.admit_values(&mut values);
        });
        left
    }

    fn fold(&self, values: &mut [&str], is_too_many: impl Fn(&Seen, &str) -> bool) -> bool {
        let mut folded = false;
        for seen in &self.seen {
            let value = &mut values[seen.index];
            // What has no value takes up no room.
            if ![OVERFLOW, NONE].contains(value) && is_too_many(seen, value) {
                *value = OVERFLOW;
                folded = true;
            }
        }
        folded
    }
}

// ===== impl Seen =====

impl Seen {
    fn new(index: usize, most: usize) -> Self {
        Self { index, most, values: Table::new(), count: AtomicUsize::new(0) }
    }

    fn is_full(&self) -> bool {
        self.count.load(Ordering::Acquire) >= self.most
    }

    fn has(&self, value: &str, hasher: Hasher) -> bool {
        self.values.find(hasher.of(&[value]), |seen| **seen == *value).is_some()
    }

    fn admits(&self, value: &str, hasher: Hasher) -> bool {
        if self.has(value, hasher) {
            return true;
        }
        if self.is_full() {
            return false;
        }
        // The value first: who finds the label full without a turn finds the value too.
        self.values.insert(hasher.of(&[value]), value.into(), |seen| **seen == *value);
        self.count.fetch_add(1, Ordering::Release);
        true
    }
}
