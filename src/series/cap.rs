//! The cap on what users' functions can make: label sets as a whole, and the values of one label.

use std::{
    hash::BuildHasher,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use metrics::{Counter, Label, Recorder};
use rapidhash::fast::RandomState;

use super::{Instrument, RecorderId, Spec, table::Table};
use crate::{in_flight::InFlight, labels::OVERFLOW, names};

/// A label whose values come from a user's function.
#[derive(Clone, Debug)]
pub(crate) struct OpenLabel {
    /// Where it stands among the labels of the request.
    pub(crate) index: usize,
    /// How many values of its own it can have.
    pub(crate) max_values: Option<usize>,
}

/// How many label sets that no answer has proven are kept beside those that there is room for: they cost memory here,
/// and nobody exports them.
const MOST_UNPROVEN: u64 = 1_000;

/// What one Layer has made under one recorder, and the gauges and counters that tell of it.
#[derive(Debug)]
pub(super) struct Cap {
    /// Shared by all Layers of the metric under this recorder.
    label_sets: InFlight,
    most: u64,
    overflow: Counter,
    seen: Vec<Seen>,
    /// Label sets that no answer has proven yet, which nobody exports.
    unproven: AtomicU64,
    /// There was no room for a label set, and there will be none.
    is_full: AtomicBool,
    /// Who makes a label set has its turn, so that two who make the same count it once.
    turn: Mutex<()>,
}

/// The values that one open label has had.
#[derive(Debug)]
struct Seen {
    index: usize,
    most: usize,
    values: Table<Box<str>, 16>,
    count: AtomicUsize,
}

// ===== impl Cap =====

impl Cap {
    /// Makes what a Layer with open labels needs; others have no cap.
    pub(super) fn new(id: RecorderId, spec: &Spec, recorder: &dyn Recorder) -> Option<Self> {
        let metric = spec.main_instrument().filter(|_| !spec.open_labels.is_empty())?.name().clone();
        let labels = || vec![Label::new(spec.naming.label_of(names::METRIC), metric.clone().into_inner())];
        let about = |metric| {
            let instrument = Instrument::new(metric, &spec.naming);
            instrument.describe(recorder);
            instrument
        };
        let limit = about(&names::LABEL_SETS_LIMIT);
        limit.gauge(recorder, &limit.key(labels())).set(spec.max_label_sets as f64);
        let label_sets = about(&names::LABEL_SETS);
        let key = label_sets.key(labels());
        let overflow = about(&names::OVERFLOW_TOTAL).counter(recorder, labels());
        overflow.increment(0);
        let seen = spec.open_labels.iter().filter_map(|label| {
            Some(Seen {
                index: label.index,
                most: label.max_values?,
                values: Table::new(),
                count: AtomicUsize::new(0),
            })
        });
        Some(Self {
            label_sets: InFlight::new(id, &key, label_sets.gauge(recorder, &key)),
            most: spec.max_label_sets as u64,
            overflow,
            seen: seen.collect(),
            unproven: AtomicU64::new(0),
            is_full: AtomicBool::new(false),
            turn: Mutex::new(()),
        })
    }

    /// Waits until nobody else makes a label set.
    pub(super) fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Folds the labels that have had as many values as they can have, and tells whether any was. Needs no turn.
    pub(super) fn fold_full(&self, hasher: &RandomState, values: &mut [&str]) -> bool {
        self.fold(values, |seen, value| seen.is_full() && !seen.has(value, hasher))
    }

    /// Notes the values of labels that still have room, and folds the others. Needs the turn.
    pub(super) fn admit_values(&self, hasher: &RandomState, values: &mut [&str]) -> bool {
        self.fold(values, |seen, value| !seen.admits(value, hasher))
    }

    /// Tells whether there is no room, and will be none.
    pub(super) fn is_full(&self) -> bool {
        self.is_full.load(Ordering::Relaxed)
    }

    /// Counts one more label set if there is room. Needs the turn.
    pub(super) fn admits_label_set(&self) -> bool {
        let has_room = self.label_sets.enter_up_to(self.most);
        self.is_full.fetch_or(!has_room, Ordering::Relaxed);
        has_room
    }

    /// Counts one more that is not yet proven, if there are not too many of them. Needs the turn.
    pub(super) fn admits_unproven(&self) -> bool {
        let has_room = self.unproven.load(Ordering::Relaxed) < self.most + MOST_UNPROVEN;
        self.unproven.fetch_add(u64::from(has_room), Ordering::Relaxed);
        has_room
    }

    /// Counts one that was not yet proven as a label set, if there is room. Needs the turn.
    pub(super) fn admits_proven(&self) -> bool {
        let has_room = self.admits_label_set();
        self.unproven.fetch_sub(u64::from(has_room), Ordering::Relaxed);
        has_room
    }

    pub(super) fn count_overflow(&self) {
        self.overflow.increment(1);
    }

    fn fold(&self, values: &mut [&str], is_too_many: impl Fn(&Seen, &str) -> bool) -> bool {
        let mut folded = false;
        for seen in &self.seen {
            let value = &mut values[seen.index];
            if *value != OVERFLOW && is_too_many(seen, value) {
                *value = OVERFLOW;
                folded = true;
            }
        }
        folded
    }
}

// ===== impl Seen =====

impl Seen {
    fn is_full(&self) -> bool {
        self.count.load(Ordering::Acquire) >= self.most
    }

    fn has(&self, value: &str, hasher: &RandomState) -> bool {
        self.values.find(hasher.hash_one(value), |seen| **seen == *value).is_some()
    }

    fn admits(&self, value: &str, hasher: &RandomState) -> bool {
        if self.has(value, hasher) {
            return true;
        }
        if self.is_full() {
            return false;
        }
        // The value first: who finds the label full without a turn finds the value too.
        self.values.insert(hasher.hash_one(value), value.into(), |seen| **seen == *value);
        self.count.fetch_add(1, Ordering::Release);
        true
    }
}
