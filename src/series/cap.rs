//! The cap on what users' functions can make: label sets as a whole, and the values of one label.

use std::{
    hash::BuildHasher,
    sync::atomic::{AtomicUsize, Ordering},
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

/// What one Layer has made under one recorder, and the gauges and counters that tell of it.
#[derive(Debug)]
pub(super) struct Cap {
    /// Shared by all Layers of the metric under this recorder.
    label_sets: InFlight,
    overflow: Counter,
    seen: Vec<Seen>,
}

/// The values that one open label has had.
#[derive(Debug, Default)]
struct Seen {
    values: Table<Box<str>, 16>,
    count: AtomicUsize,
}

// ===== impl Cap =====

impl Cap {
    /// Makes what a Layer with open labels needs; others have no cap.
    pub(super) fn new(id: RecorderId, spec: &Spec, recorder: &dyn Recorder) -> Option<Self> {
        let metric = spec.instruments().next()?.name().clone();
        if spec.open_labels.is_empty() {
            return None;
        }
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
        Some(Self {
            label_sets: InFlight::new(id, &key, label_sets.gauge(recorder, &key)),
            overflow,
            seen: spec.open_labels.iter().map(|_| Seen::default()).collect(),
        })
    }

    /// Folds the open labels that have had as many values as they can have, and tells whether any was.
    pub(super) fn fold_values(&self, spec: &Spec, hasher: &RandomState, values: &mut [&str]) -> bool {
        let mut folded = false;
        for (label, seen) in spec.open_labels.iter().zip(&self.seen) {
            let value = &mut values[label.index];
            if label.max_values.is_some_and(|most| !seen.admits(value, most, hasher)) {
                folded |= std::mem::replace(value, OVERFLOW) != OVERFLOW;
            }
        }
        folded
    }

    /// Counts one more label set if the cap leaves room.
    pub(super) fn admits_label_set(&self, spec: &Spec) -> bool {
        self.label_sets.enter_up_to(spec.max_label_sets as u64)
    }

    /// Takes back what [`admits_label_set`](Self::admits_label_set) counted.
    pub(super) fn take_back(&self) {
        self.label_sets.leave();
    }

    pub(super) fn count_overflow(&self) {
        self.overflow.increment(1);
    }
}

// ===== impl Seen =====

impl Seen {
    fn admits(&self, value: &str, most: usize, hasher: &RandomState) -> bool {
        let hash = hasher.hash_one(value);
        if self.values.find(hash, |seen| **seen == *value).is_some() {
            return true;
        }
        let more = |count| (count < most).then_some(count + 1);
        if self.count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_err() {
            return false;
        }
        self.values.insert(hash, value.into(), |seen| **seen == *value);
        true
    }
}
