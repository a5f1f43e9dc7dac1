//! One label set of requests: where its calls count, and since when it has handles.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use metrics::Recorder;

use super::{
    Birth, RecorderId, Spec, contained,
    end::End,
    handles::{Handles, Origin, Slot},
    lease::{Lease, Loan},
    sample::Samples,
    unproven::Room,
};
use crate::outcome::Outcome;

/// One label set of requests.
///
/// Aligned so that the count of its `Arc`, which calls on all threads change, has a cache line of its own, and what they
/// read stays with each of them.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Series {
    pub(super) spec: Arc<Spec>,
    pub(super) recorder: RecorderId,
    pub(super) values: Box<[Box<str>]>,
    pub(super) infallible: bool,
    /// Which of its values are users' own.
    pub(super) open: u16,
    samples: Samples,
    /// Where calls count until an answer has proven that this label set is one of the service's own.
    pub(super) until_proven: Option<Arc<Self>>,
    /// What an open label set that is to be proven needs then.
    pub(super) room: Option<Room>,
    /// Set when the label set is proven. Many never are, and handles are large.
    handles: OnceLock<Box<Lease<Handles>>>,
    /// Its histograms stand at zero from the beginning.
    is_declared: AtomicBool,
    /// The cap has counted it as a label set. Changed in the turn of the cap.
    is_admitted: AtomicBool,
    /// The cap counts it no more; somebody who found it before may still use it. Changed in the turn of the cap.
    pub(super) is_given_up: AtomicBool,
    has_ended: AtomicBool,
    /// When a call last began or ended.
    used: AtomicU64,
}

/// Where a call is in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Under its own label set.
    Home,
    /// Under the fallback, because no answer has proven the label set yet.
    Fallback,
    /// Nowhere, because the recorder gave no handles.
    Nowhere,
}

// ===== impl Series =====

impl Series {
    pub(super) fn new(
        recorder: RecorderId,
        spec: &Arc<Spec>,
        values: &[&str],
        birth: Birth,
        until_proven: Option<Arc<Self>>,
        room: Option<Room>,
    ) -> Self {
        Self {
            spec: Arc::clone(spec),
            recorder,
            values: values.iter().map(|value| Box::from(*value)).collect(),
            infallible: birth.infallible,
            open: birth.open,
            samples: Samples::default(),
            until_proven,
            room,
            handles: OnceLock::new(),
            is_declared: AtomicBool::new(false),
            is_admitted: AtomicBool::new(false),
            is_given_up: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
            used: AtomicU64::new(spec.now()),
        }
    }

    #[inline]
    pub(crate) fn is_of(&self, values: &[&str]) -> bool {
        self.values.len() == values.len()
            && self.values.iter().zip(values).all(|(mine, other)| **mine == **other)
    }

    /// The label values, in the order of the spec's request labels.
    #[inline]
    pub(crate) fn values(&self) -> &[Box<str>] {
        &self.values
    }

    #[inline]
    pub(crate) fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Tells whether no call of this label set has ended yet.
    #[inline]
    pub(crate) fn is_new(&self) -> bool {
        !self.has_ended.load(Ordering::Relaxed)
    }

    /// Begins a call, and tells where it is in flight and since when.
    #[inline(always)]
    pub(crate) fn enter(&self) -> (Place, u64) {
        match self.fixed_handles() {
            Some(handles) => {
                let now = self.spec.now();
                handles.enter(&self.spec, now);
                (Place::Home, now)
            }
            None => self.enter_otherwise(),
        }
    }

    /// Ends a call that [`enter`](Self::enter) began at `start`.
    pub(crate) fn leave(
        &self,
        place: Place,
        code: u16,
        outcome: Outcome,
        word: Option<&'static str>,
        start: u64,
    ) {
        let end = End { code, outcome, word };
        let clock = &self.spec.clock;
        let (now, seconds) = if self.spec.is_timed() {
            let now = clock.raw();
            (now, Some(clock.seconds_between(start, now)))
        } else {
            (self.spec.now(), None)
        };
        match self.fixed_handles() {
            Some(handles) if place == Place::Home => self.end(handles, end, seconds, start),
            _ => self.leave_otherwise(place, end, seconds, start, now),
        }
        self.note_end();
    }

    /// Notes that a call of this label set has come to its end.
    #[inline]
    pub(super) fn note_end(&self) {
        if self.is_new() {
            self.has_ended.store(true, Ordering::Relaxed);
        }
    }

    /// Begins a call with handles that may be replaced, or have yet to be made.
    #[inline(never)]
    fn enter_otherwise(&self) -> (Place, u64) {
        let now = self.spec.now();
        self.touch(now);
        let place = match self.handles(now) {
            Some(handles) => {
                handles.enter(&self.spec, now);
                Place::Home
            }
            None => self.enter_elsewhere(now),
        };
        (place, now)
    }

    /// Ends a call that began with handles that may be replaced, or without any.
    #[inline(never)]
    fn leave_otherwise(&self, place: Place, end: End, seconds: Option<f64>, start: u64, now: u64) {
        self.touch(now);
        match self.handles(now) {
            Some(handles) if place == Place::Home => self.end(&handles, end, seconds, start),
            _ => self.leave_elsewhere(place, end, seconds, start, now),
        }
    }

    #[inline(always)]
    fn end(&self, handles: &Handles, end: End, seconds: Option<f64>, start: u64) {
        handles.leave(start);
        self.count(handles, end, 1, seconds);
        self.count_head(handles, end, seconds);
    }

    /// Times the answer of a call that goes on since `start`.
    pub(crate) fn answered(&self, end: End, start: u64, now: u64) {
        let home = self.home(end, |_, _| {});
        if let Some(handles) = home.made_handles(now) {
            home.time_head(&handles, end, self.spec.clock.seconds_between(start, now));
        }
    }

    /// Counts without a call.
    pub(crate) fn add(&self, count: u64) {
        let now = self.spec.now();
        self.touch(now);
        if let Some(handles) = self.made_handles(now) {
            self.count(&handles, End::new(0, Outcome::Completed), count, None);
        }
    }

    /// Makes what stands at zero for a label set that was declared, histograms included.
    pub(crate) fn initialize(&self) {
        self.is_declared.store(true, Ordering::Relaxed);
        self.with_recorder(|recorder| {
            self.prove(recorder);
            contained(|| self.origin().zero_histograms(recorder));
        });
    }

    /// How long no call of this label set has begun or ended, in nanoseconds.
    pub(super) fn unused_for(&self, now: u64) -> u64 {
        self.spec.clock.nanos_between(self.used.load(Ordering::Relaxed), now)
    }

    /// Tells whether the cap has counted this label set.
    pub(super) fn is_admitted(&self) -> bool {
        self.is_admitted.load(Ordering::Relaxed)
    }

    /// Notes that the cap has counted this label set. Needs the turn.
    pub(super) fn admit(&self) {
        self.is_admitted.store(true, Ordering::Relaxed);
    }

    /// Notes that the cap counts this label set no more. Needs the turn.
    pub(super) fn give_up(&self) {
        self.is_given_up.store(true, Ordering::Relaxed);
    }

    /// Notes when it was used, to the second: threads that use it at the same time read the same line.
    fn touch(&self, now: u64) {
        if self.spec.lease().is_some() && self.unused_for(now) > 1_000_000_000 {
            self.used.store(now, Ordering::Relaxed);
        }
    }

    #[inline]
    pub(super) fn is_proven(&self) -> bool {
        self.handles.get().is_some()
    }

    /// Proves a label set that needs no answer for it.
    pub(super) fn prove_at_once(&self) {
        self.with_recorder(|recorder| self.prove(recorder));
    }

    #[cold]
    pub(super) fn prove(&self, recorder: &dyn Recorder) {
        let now = self.spec.now();
        if let Some(handles) = self.new_handles(recorder) {
            // Another thread may have been first; both share one word.
            drop(self.handles.set(Box::new(Lease::new(&self.spec, now, handles))));
        }
    }

    fn new_handles(&self, recorder: &dyn Recorder) -> Option<Handles> {
        contained(|| Handles::new(self.origin(), self.recorder, recorder, self.infallible))
    }

    /// The handles of a proven label set, where they are good for ever.
    #[inline(always)]
    fn fixed_handles(&self) -> Option<&Handles> {
        self.handles.get()?.fixed()
    }

    /// The handles, where the label set is proven; they lead to the recorder.
    fn handles(&self, now: u64) -> Option<Loan<'_, Handles>> {
        Some(self.handles.get()?.hold(&self.spec, now, || self.renewed()))
    }

    /// The handles, which are made where there are none yet; nothing where the recorder never gave any.
    pub(super) fn made_handles(&self, now: u64) -> Option<Loan<'_, Handles>> {
        if !self.is_proven() {
            self.prove_at_once();
        }
        self.handles(now)
    }

    #[cold]
    fn renewed(&self) -> Option<Handles> {
        self.with_recorder(|recorder| {
            if self.is_declared.load(Ordering::Relaxed) {
                contained(|| self.origin().zero_histograms(recorder));
            }
            self.new_handles(recorder)
        })?
    }

    /// Counts what ended so, and times it.
    #[inline]
    pub(super) fn count(&self, handles: &Handles, end: End, count: u64, seconds: Option<f64>) {
        if let Some(slot) = handles.slot(end, || self.slot(end)) {
            slot.record(count, seconds);
        }
    }

    /// Times as an answer what ended without one.
    #[inline]
    pub(super) fn count_head(&self, handles: &Handles, end: End, seconds: Option<f64>) {
        if let (0, Some(seconds)) = (end.code, seconds) {
            self.time_head(handles, end, seconds);
        }
    }

    #[cold]
    fn slot(&self, end: End) -> Option<Slot> {
        self.spec.answers.met(&self.values, end);
        self.ask(|recorder| self.origin().slot(recorder, end))
    }

    fn time_head(&self, handles: &Handles, end: End, seconds: f64) {
        if self.spec.head.is_some() {
            handles.answered(end, || self.ask(|recorder| self.origin().head(recorder, end)), seconds);
        }
    }

    fn origin(&self) -> Origin<'_> {
        Origin { spec: &self.spec, values: &self.values, samples: &self.samples }
    }

    /// What the recorder gives; nothing where it cannot be reached, or panics.
    #[cold]
    fn ask<T>(&self, f: impl FnOnce(&dyn Recorder) -> T) -> Option<T> {
        self.with_recorder(|recorder| contained(|| f(recorder)))?
    }

    /// Runs `f` if the recorder that was current when the series was made can still be reached.
    pub(super) fn with_recorder<T>(&self, f: impl FnOnce(&dyn Recorder) -> T) -> Option<T> {
        self.spec.source.with(|recorder| (RecorderId::of(recorder) == self.recorder).then(|| f(recorder)))
    }
}
