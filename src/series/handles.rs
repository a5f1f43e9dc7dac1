//! The handles of one label set: those of every call, and a slot for each way in which calls have ended.

use std::cell::Cell;

use metrics::{Counter, Histogram, Label, Recorder};

use super::{End, Instrument, RecorderId, Spec, contained, sample::Samples, table::Table};
use crate::{
    in_flight::{InFlight, Oldest},
    names::{Ended, Kind},
};

/// The handles of one label set, as one recorder gave them.
#[derive(Debug)]
pub(super) struct Handles {
    started: Counter,
    in_flight: Option<InFlight>,
    /// Apart, because few ask for it.
    oldest: Option<Box<Oldest>>,
    slots: Table<Slot, 16>,
    /// The time to the answer, by its code: how the call will end is not known then.
    heads: Table<Head, 4>,
}

/// Where handles of a label set come from.
#[derive(Clone, Copy)]
pub(super) struct Origin<'a> {
    pub(super) spec: &'a Spec,
    pub(super) values: &'a [Box<str>],
    pub(super) samples: &'a Samples,
}

/// What is recorded of the calls that ended in one way.
#[derive(Debug)]
pub(super) struct Slot {
    end: End,
    counter: Counter,
    histogram: Histogram,
}

/// What is recorded of the calls that were answered in one way.
#[derive(Debug)]
pub(super) struct Head {
    end: End,
    histogram: Histogram,
}

// ===== impl Handles =====

impl Handles {
    /// Asks for what every call records, and for what stands at zero before any ended.
    pub(super) fn new(origin: Origin<'_>, id: RecorderId, recorder: &dyn Recorder, infallible: bool) -> Self {
        let spec = origin.spec;
        for end in spec.answers.zero_counters(infallible) {
            // Exporters that forget what was only registered keep what was touched.
            origin.counter(recorder, end).increment(0);
        }
        if spec.naming.counts_by_samples() {
            for end in spec.answers.zero_samples(infallible) {
                drop(origin.histogram(&spec.histogram, recorder, end));
            }
        }
        let started = spec.started.as_ref();
        let started = started.map_or(Counter::noop(), |it| it.counter(recorder, origin.labels_begun()));
        started.increment(0);
        let in_flight = spec.gauge.as_ref().map(|gauge| {
            let key = gauge.key(origin.labels_begun());
            InFlight::new(id, &key, gauge.gauge(recorder, &key))
        });
        let oldest = spec.oldest.as_ref().map(|gauge| {
            let key = gauge.key(origin.labels_begun());
            Box::new(Oldest::new(id, &key, gauge.gauge(recorder, &key), spec.clock.clone()))
        });
        Self { started, in_flight, oldest, slots: Table::new(), heads: Table::new() }
    }

    /// Begins a call at this reading of the clock.
    #[inline(always)]
    pub(super) fn enter(&self, spec: &Spec, start: u64) {
        if let Some(in_flight) = &self.in_flight {
            in_flight.enter();
        }
        if let Some(oldest) = &self.oldest {
            oldest.enter(start);
        }
        if spec.started.is_some() {
            contained(|| self.started.increment(1));
        }
    }

    /// Goes on with a call that began then, under another label set.
    pub(super) fn take_over(&self, start: u64) {
        if let Some(in_flight) = &self.in_flight {
            in_flight.enter();
        }
        if let Some(oldest) = &self.oldest {
            oldest.enter(start);
        }
    }

    /// Lets go of a call that began then.
    #[inline(always)]
    pub(super) fn leave(&self, start: u64) {
        if let Some(in_flight) = &self.in_flight {
            in_flight.leave();
        }
        if let Some(oldest) = &self.oldest {
            oldest.leave(start);
        }
    }

    /// The slot of this end. `ask` makes that of one that was not seen before.
    #[inline(always)]
    pub(super) fn slot(&self, end: End, ask: impl FnOnce() -> Option<Slot>) -> Option<&Slot> {
        let hash = end.hash();
        let slot = self.slots.find(hash, |slot| slot.end == end);
        slot.or_else(|| Some(self.slots.insert(hash, ask()?, |slot| slot.end == end)))
    }

    /// Times the answer, or the end without one.
    pub(super) fn answered(&self, end: End, ask: impl FnOnce() -> Option<Head>, seconds: f64) {
        let hash = end.hash();
        let head = self.heads.find(hash, |head| head.end == end);
        let head = head.or_else(|| Some(self.heads.insert(hash, ask()?, |head| head.end == end)));
        if let Some(head) = head {
            contained(|| head.histogram.record(seconds));
        }
    }
}

// ===== impl Slot =====

impl Slot {
    /// Counts what ended so, and times it: also where the recorder's counter panics.
    #[inline]
    pub(super) fn record(&self, count: u64, seconds: Option<f64>) {
        let is_counted = Cell::new(false);
        let all = contained(|| {
            self.counter.increment(count);
            is_counted.set(true);
            self.time(seconds);
        });
        if all.is_none() && !is_counted.get() {
            contained(|| self.time(seconds));
        }
    }

    #[inline]
    fn time(&self, seconds: Option<f64>) {
        if let Some(seconds) = seconds {
            self.histogram.record(seconds);
        }
    }
}

// ===== impl Origin =====

impl Origin<'_> {
    pub(super) fn slot(self, recorder: &dyn Recorder, end: End) -> Slot {
        let histogram = self.taking(self.histogram(&self.spec.histogram, recorder, end), end, false);
        Slot { end, counter: self.counter(recorder, end), histogram }
    }

    pub(super) fn head(self, recorder: &dyn Recorder, end: End) -> Head {
        let histogram = self.taking(self.histogram(&self.spec.head, recorder, end), end, true);
        Head { end, histogram }
    }

    /// Makes the histograms that stand at zero for a label set that was declared.
    pub(super) fn zero_histograms(self, recorder: &dyn Recorder) {
        for end in self.spec.answers.zero_histograms() {
            drop(self.histogram(&self.spec.histogram, recorder, end));
            drop(self.histogram(&self.spec.head, recorder, end));
        }
    }

    fn counter(self, recorder: &dyn Recorder, end: End) -> Counter {
        self.spec.counter.as_ref().map_or(Counter::noop(), |counter| {
            let answer = self.spec.answers.counter_labels(end);
            counter.counter(recorder, self.labels_with(Kind::Counter, answer, end))
        })
    }

    fn histogram(self, instrument: &Option<Instrument>, recorder: &dyn Recorder, end: End) -> Histogram {
        instrument.as_ref().map_or(Histogram::noop(), |histogram| {
            let answers = &self.spec.answers;
            let plain: Vec<_> = self.spec.plain_labels(self.values).collect();
            let answer = match self.spec.naming.has_exact_histogram(&plain, answers.is_client()) {
                true => answers.counter_labels(end),
                false => answers.histogram_labels(end),
            };
            histogram.histogram(recorder, self.labels_with(Kind::Histogram, answer, end))
        })
    }

    /// The histogram as it takes the calls that end so: all, or one in so many.
    fn taking(self, histogram: Histogram, end: End, is_head: bool) -> Histogram {
        match self.spec.sampled {
            1 => histogram,
            every => self.samples.of(histogram, every, end, is_head),
        }
    }

    fn labels_with(self, kind: Kind, answer: Vec<Label>, end: End) -> Vec<Label> {
        let ended = Ended { is_answered: end.code != 0, outcome: end.outcome, kind: end.word };
        self.spec.labels(kind, self.spec.plain_labels(self.values).chain(answer), Some(ended))
    }

    /// The labels that are known when a call begins.
    fn labels_begun(self) -> Vec<Label> {
        let values = &self.values[..self.spec.labels_on_gauge];
        self.spec.labels(Kind::Gauge, self.spec.plain_labels(values), None)
    }
}
