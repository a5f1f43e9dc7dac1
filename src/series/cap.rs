//! The cap on what users' functions can make: label sets as a whole, and the values of one label.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use metrics::{Counter, Label, Recorder};

use super::{
    Instrument, RecorderId, Series, Spec, contained,
    hasher::Hasher,
    lease::{Lease, Swap},
    open::Open,
};
use crate::{in_flight::InFlight, names};

/// How many label sets that no answer has proven are kept beside those that there is room for: they cost memory here,
/// and nobody exports them.
const MOST_UNPROVEN: u64 = 1_000;

/// What one Layer has made under one recorder, and the gauges and counters that tell of it.
#[derive(Debug)]
pub(super) struct Cap {
    recorder: RecorderId,
    /// Shared by all Layers of the metric under this recorder.
    label_sets: InFlight,
    most: u64,
    counters: Lease<Counters>,
    open: Swap<Open>,
    /// Label sets that no answer has proven yet, which nobody exports.
    unproven: AtomicU64,
    /// There was no room for a label set, and there will be none until some are given up.
    is_full: AtomicBool,
    /// When it was last looked for label sets to give up.
    searched: AtomicU64,
    /// Who makes a label set has its turn, so that two who make the same count it once.
    turn: Mutex<()>,
}

/// What tells of the label sets that found no room, and of those that made room.
#[derive(Debug)]
struct Counters {
    overflow: Counter,
    given_up: Counter,
}

/// How long a label set has to be unused before it may be given up, and the exporter's idle timeout at least, so that
/// the exporter has given it up too.
const UNUSED: Duration = Duration::from_secs(24 * 60 * 60);

/// How often it is looked for label sets to give up, while there is no room.
const SEARCH_INTERVAL: Duration = Duration::from_secs(60);

// ===== impl Cap =====

impl Cap {
    /// Makes what a Layer with open labels needs; others have no cap.
    pub(super) fn new(id: RecorderId, spec: &Spec, recorder: &dyn Recorder, hasher: Hasher) -> Option<Self> {
        let labels = labels(spec)?;
        let about = |metric| {
            let instrument = Instrument::new(metric, &spec.naming);
            instrument.describe(recorder);
            instrument
        };
        let limit = about(&names::LABEL_SETS_LIMIT);
        limit.gauge(recorder, &limit.key(labels.clone())).set(spec.max_label_sets as f64);
        let label_sets = about(&names::LABEL_SETS);
        let key = label_sets.key(labels);
        about(&names::OVERFLOW_TOTAL);
        if spec.lease().is_some() {
            about(&names::LABEL_SETS_GIVEN_UP_TOTAL);
        }
        Some(Self {
            recorder: id,
            label_sets: InFlight::new(id, &key, label_sets.gauge(recorder, &key)),
            most: spec.max_label_sets as u64,
            counters: Lease::new(spec, spec.now(), Counters::new(spec, recorder)?),
            open: Swap::new(Open::new(&spec.open_labels, hasher), spec.lease().is_some()),
            unproven: AtomicU64::new(0),
            is_full: AtomicBool::new(false),
            searched: AtomicU64::new(spec.now()),
            turn: Mutex::new(()),
        })
    }

    /// Waits until nobody else makes a label set.
    pub(super) fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The label sets that users' functions have made.
    pub(super) fn open<R>(&self, f: impl FnOnce(&Open) -> R) -> R {
        self.open.with(f)
    }

    /// Tells whether there is no room for a label set.
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
        let has_room = !self.has_too_many_unproven();
        self.unproven.fetch_add(u64::from(has_room), Ordering::Relaxed);
        has_room
    }

    /// Counts one that was not yet proven as a label set, if there is room. Needs the turn.
    pub(super) fn admits_proven(&self) -> bool {
        let has_room = self.admits_label_set();
        self.unproven.fetch_sub(u64::from(has_room), Ordering::Relaxed);
        has_room
    }

    /// Gives up what was not used for a day and is not in flight, if anything is full and was not searched lately.
    ///
    /// Only where the exporter forgets too: otherwise it would export what is given up beside what comes in its place. Of
    /// what it forgets, the gauge stays, at zero.
    pub(super) fn make_room(&self, spec: &Spec) {
        let Some(idle_timeout) = spec.source.idle_timeout() else { return };
        let now = spec.now();
        let is_soon = |then| u128::from(spec.clock.nanos_between(then, now)) < SEARCH_INTERVAL.as_nanos();
        let is_any_full = self.is_full() || self.has_too_many_unproven() || self.open(Open::has_full_label);
        if !is_any_full || is_soon(self.searched.load(Ordering::Relaxed)) {
            return;
        }
        let _turn = self.turn();
        // Whoever waited for its turn finds that another one has searched.
        if is_soon(self.searched.swap(now, Ordering::Relaxed)) {
            return;
        }
        let unused = UNUSED.max(idle_timeout).as_nanos();
        let mut given_up = 0;
        let goes = |series: &Series| {
            if u128::from(series.unused_for(now)) < unused {
                return false;
            }
            series.give_up();
            if series.is_admitted() {
                self.label_sets.leave();
                given_up += 1;
            } else {
                self.unproven.fetch_sub(1, Ordering::Relaxed);
            }
            true
        };
        let left = self.open(|open| open.without(goes));
        self.open.replace(left);
        self.is_full.store(false, Ordering::Relaxed);
        self.count(spec, |counters| &counters.given_up, given_up);
    }

    pub(super) fn count_overflow(&self, spec: &Spec) {
        self.count(spec, |counters| &counters.overflow, 1);
    }

    fn count(&self, spec: &Spec, which: fn(&Counters) -> &Counter, count: u64) {
        let renewed = || {
            spec.source.with(|recorder| {
                let ask = || contained(|| Counters::new(spec, recorder));
                (RecorderId::of(recorder) == self.recorder).then(ask)??
            })
        };
        let counters = self.counters.hold(spec, spec.now(), renewed);
        contained(|| which(&counters).increment(count));
    }

    fn has_too_many_unproven(&self) -> bool {
        self.unproven.load(Ordering::Relaxed) >= self.most.saturating_add(MOST_UNPROVEN)
    }
}

// ===== impl Counters =====

impl Counters {
    fn new(spec: &Spec, recorder: &dyn Recorder) -> Option<Self> {
        let labels = labels(spec)?;
        let counter = |metric| {
            let counter = Instrument::new(metric, &spec.naming).counter(recorder, labels.clone());
            counter.increment(0);
            counter
        };
        Some(Self {
            overflow: counter(&names::OVERFLOW_TOTAL),
            given_up: match spec.lease() {
                Some(_) => counter(&names::LABEL_SETS_GIVEN_UP_TOTAL),
                None => Counter::noop(),
            },
        })
    }
}

/// The labels of what tells of a Layer's label sets; none where it has no open ones.
fn labels(spec: &Spec) -> Option<Vec<Label>> {
    let metric = spec.main_instrument().filter(|_| !spec.open_labels.is_empty())?.name().clone();
    Some(vec![Label::new(spec.naming.label_of(names::METRIC), metric.into_inner())])
}
