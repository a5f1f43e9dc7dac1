//! The handles of one label set, resolved once, and the cache that finds them.
//!
//! A [`Cache`] has a scope for each recorder that it has met, a scope has a [`Series`] for each label set of a
//! request, and a series has a slot for each way in which its calls have ended. Each is made once and read
//! without a lock from then on.

mod cache;
mod cap;
mod end;
mod family;
mod recorder;
mod spec;
mod table;

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use metrics::{Counter, Histogram, Label, Recorder};

pub(crate) use self::{
    cache::{At, Birth, Cache},
    cap::OpenLabel,
    end::End,
    family::{Family, Setup},
    recorder::{RecorderId, Source},
    spec::{Answers, Instrument, MAX_LABEL_SETS, Spec},
};
use self::{cap::Cap, table::Table};
use crate::{in_flight::InFlight, labels, outcome::Outcome};

/// The handles of one label set of requests.
#[derive(Debug)]
pub(crate) struct Series {
    spec: Arc<Spec>,
    recorder: RecorderId,
    values: Box<[Box<str>]>,
    labels: Vec<Label>,
    infallible: bool,
    /// Where calls count until an answer has proven that this label set is one of the service's own.
    until_proven: Option<Arc<Self>>,
    /// What an open label set that is to be proven needs then.
    room: Option<Room>,
    /// Set when the label set is proven.
    proven: OnceLock<Proven>,
    slots: Table<Slot, 16>,
    /// The time to the answer, by its code: how the call will end is not known then.
    heads: Table<Head, 4>,
    has_ended: AtomicBool,
}

/// Where an open label set finds room when it is proven, and where its calls count if there is none.
#[derive(Debug)]
struct Room {
    cap: Arc<Cap>,
    folded: Arc<Series>,
}

/// What every call of a label set records, however it ends.
#[derive(Debug)]
struct Proven {
    started: Counter,
    in_flight: Option<InFlight>,
}

#[derive(Debug)]
struct Slot {
    end: End,
    counter: Counter,
    histogram: Histogram,
}

#[derive(Debug)]
struct Head {
    end: End,
    histogram: Histogram,
}

// ===== impl Series =====

impl Series {
    fn new(
        recorder: RecorderId,
        spec: &Arc<Spec>,
        values: &[&str],
        infallible: bool,
        until_proven: Option<Arc<Self>>,
        room: Option<Room>,
    ) -> Self {
        let labels = spec
            .request_labels
            .iter()
            .zip(values)
            .map(|(name, value)| Label::new(name.clone(), labels::sanitised(value).into_owned()));
        Self {
            spec: Arc::clone(spec),
            recorder,
            values: values.iter().map(|value| Box::from(*value)).collect(),
            labels: labels.collect(),
            infallible,
            until_proven,
            room,
            proven: OnceLock::new(),
            slots: Table::new(),
            heads: Table::new(),
            has_ended: AtomicBool::new(false),
        }
    }

    fn is_of(&self, values: &[&str]) -> bool {
        self.values.len() == values.len()
            && self.values.iter().zip(values).all(|(mine, other)| **mine == **other)
    }

    pub(crate) fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Tells whether no call of this label set has ended yet.
    pub(crate) fn is_new(&self) -> bool {
        !self.has_ended.load(Ordering::Relaxed)
    }

    /// Begins a call, and tells whether it is in flight under the fallback.
    pub(crate) fn enter(&self) -> bool {
        let is_guest = !self.is_proven();
        if let Some(proven) = self.host(is_guest).proven.get() {
            proven.started.increment(1);
            proven.gauge(InFlight::enter);
        }
        is_guest
    }

    /// Ends a call that [`enter`](Self::enter) began.
    pub(crate) fn leave(&self, is_guest: bool, end: End, seconds: Option<f64>) {
        // The gauge first: should a counter panic, nothing stays in flight.
        if let Some(proven) = self.host(is_guest).proven.get() {
            proven.gauge(InFlight::leave);
        }
        self.home(end, Room::count_overflow).ended(end, seconds);
        if self.is_new() {
            self.has_ended.store(true, Ordering::Relaxed);
        }
    }

    /// Times the answer of a call that goes on.
    pub(crate) fn answered(&self, end: End, seconds: f64) {
        self.home(end, |_| {}).record_head(end, seconds);
    }

    /// Makes what stands at zero for a label set that was declared, histograms included.
    pub(crate) fn initialize(&self, recorder: &dyn Recorder) {
        self.prove(recorder);
        for end in self.spec.answers.zero_histograms() {
            drop(self.histogram(&self.spec.histogram, recorder, end));
            drop(self.histogram(&self.spec.head, recorder, end));
        }
    }

    fn is_proven(&self) -> bool {
        self.proven.get().is_some()
    }

    fn host(&self, is_guest: bool) -> &Self {
        match &self.until_proven {
            Some(fallback) if is_guest => fallback,
            _ => self,
        }
    }

    /// Where a call counts: here, once any answer has told that the label set is the service's own. `is_folded` hears
    /// of the one that finds no room.
    fn home(&self, end: End, is_folded: fn(&Room)) -> &Self {
        let Some(fallback) = self.until_proven.as_deref().filter(|_| !self.is_proven()) else {
            return self;
        };
        if self.spec.answers.disproves(end) {
            return fallback;
        }
        match (self.try_prove(), &self.room) {
            (Some(true), _) => self,
            (Some(false), Some(room)) => {
                is_folded(room);
                room.folded.home(end, is_folded)
            }
            _ => fallback,
        }
    }

    /// Proves the label set, and tells whether there was room; nothing where the recorder is out of reach.
    #[cold]
    fn try_prove(&self) -> Option<bool> {
        self.with_recorder(|recorder| {
            let Some(Room { cap, .. }) = &self.room else {
                self.prove(recorder);
                return true;
            };
            if cap.is_full() {
                return false;
            }
            let _turn = cap.turn();
            let has_room = self.is_proven() || cap.admits_proven();
            if has_room {
                self.prove(recorder);
            }
            has_room
        })
    }

    #[cold]
    fn prove(&self, recorder: &dyn Recorder) {
        for end in self.spec.answers.zero_counters(self.infallible) {
            // Exporters that forget what was only registered keep what was touched.
            self.counter(recorder, end).increment(0);
        }
        let started = self
            .spec
            .started
            .as_ref()
            .map_or(Counter::noop(), |started| started.counter(recorder, self.labels.clone()));
        started.increment(0);
        let in_flight = self.spec.gauge.as_ref().map(|gauge| {
            let key = gauge.key(self.labels.clone());
            InFlight::new(self.recorder, &key, gauge.gauge(recorder, &key))
        });
        // Another thread may have been first; both share one word.
        drop(self.proven.set(Proven { started, in_flight }));
    }

    /// Counts without a call.
    pub(crate) fn add(&self, count: u64) {
        self.with_slot(End::new(0, Outcome::Completed), |slot| slot.counter.increment(count));
    }

    fn ended(&self, end: End, seconds: Option<f64>) {
        self.with_slot(end, |slot| {
            slot.counter.increment(1);
            if let Some(seconds) = seconds {
                slot.histogram.record(seconds);
            }
        });
        if let (0, Some(seconds)) = (end.code, seconds) {
            self.record_head(end, seconds);
        }
    }

    fn record_head(&self, end: End, seconds: f64) {
        if self.spec.head.is_none() {
            return;
        }
        let hash = end.hash();
        let head = self.heads.find(hash, |head| head.end == end).or_else(|| {
            let histogram = self.with_recorder(|recorder| self.histogram(&self.spec.head, recorder, end))?;
            Some(self.heads.insert(hash, Head { end, histogram }, |head| head.end == end))
        });
        if let Some(head) = head {
            head.histogram.record(seconds);
        }
    }

    fn with_slot(&self, end: End, f: impl FnOnce(&Slot)) {
        let hash = end.hash();
        let slot = self.slots.find(hash, |slot| slot.end == end).or_else(|| {
            self.spec.answers.met(&self.values, end);
            let slot = self.with_recorder(|recorder| Slot {
                end,
                counter: self.counter(recorder, end),
                histogram: self.histogram(&self.spec.histogram, recorder, end),
            })?;
            Some(self.slots.insert(hash, slot, |slot| slot.end == end))
        });
        if let Some(slot) = slot {
            f(slot);
        }
    }

    fn counter(&self, recorder: &dyn Recorder, end: End) -> Counter {
        self.spec.counter.as_ref().map_or(Counter::noop(), |counter| {
            counter.counter(recorder, self.labels_with(self.spec.answers.counter_labels(end)))
        })
    }

    fn histogram(&self, instrument: &Option<Instrument>, recorder: &dyn Recorder, end: End) -> Histogram {
        instrument.as_ref().map_or(Histogram::noop(), |histogram| {
            histogram.histogram(recorder, self.labels_with(self.spec.answers.histogram_labels(end)))
        })
    }

    fn labels_with(&self, answer: Vec<Label>) -> Vec<Label> {
        self.labels.iter().cloned().chain(answer).collect()
    }

    /// Runs `f` if the recorder that was current when the series was made can still be reached.
    fn with_recorder<T>(&self, f: impl FnOnce(&dyn Recorder) -> T) -> Option<T> {
        self.spec.source.with(|recorder| (RecorderId::of(recorder) == self.recorder).then(|| f(recorder)))
    }
}

// ===== impl Room =====

impl Room {
    fn count_overflow(&self) {
        self.cap.count_overflow();
    }
}

// ===== impl Proven =====

impl Proven {
    fn gauge(&self, f: impl FnOnce(&InFlight)) {
        if let Some(in_flight) = &self.in_flight {
            f(in_flight);
        }
    }
}
