//! One label set of requests: where its calls count, and since when it has handles.

use std::sync::{
    Arc, OnceLock, Weak,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use metrics::Recorder;

use super::{
    RecorderId, Spec,
    cap::Cap,
    contained,
    end::End,
    handles::{Handles, Origin, Slot},
    lease::{Lease, Loan},
};
use crate::outcome::Outcome;

/// One label set of requests.
///
/// Aligned so that the count of its `Arc`, which calls on all threads change, has a cache line of its own, and what they
/// read stays with each of them.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Series {
    spec: Arc<Spec>,
    recorder: RecorderId,
    pub(super) values: Box<[Box<str>]>,
    infallible: bool,
    /// Where calls count until an answer has proven that this label set is one of the service's own.
    until_proven: Option<Arc<Self>>,
    /// What an open label set that is to be proven needs then.
    room: Option<Room>,
    /// Set when the label set is proven; many never are, so they are to be small.
    handles: OnceLock<Box<Lease<Handles>>>,
    /// Its histograms stand at zero from the beginning.
    is_declared: AtomicBool,
    /// The cap has counted it as a label set. Changed in the turn of the cap.
    is_admitted: AtomicBool,
    /// The cap counts it no more; somebody who found it before may still use it. Changed in the turn of the cap.
    is_given_up: AtomicBool,
    has_ended: AtomicBool,
    /// When a call last began or ended.
    used: AtomicU64,
}

/// Where an open label set finds room when it is proven, and where its calls count if there is none.
#[derive(Debug)]
pub(super) struct Room {
    /// Weak, because the cap holds the label sets that it has admitted.
    pub(super) cap: Weak<Cap>,
    pub(super) folded: Arc<Series>,
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
        infallible: bool,
        until_proven: Option<Arc<Self>>,
        room: Option<Room>,
    ) -> Self {
        Self {
            spec: Arc::clone(spec),
            recorder,
            values: values.iter().map(|value| Box::from(*value)).collect(),
            infallible,
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
                handles.enter(&self.spec);
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
        let now = self.spec.now();
        let seconds = self.spec.is_timed().then(|| self.spec.clock.seconds_between(start, now));
        match self.fixed_handles() {
            Some(handles) if place == Place::Home => self.end(handles, end, seconds),
            _ => self.leave_otherwise(place, end, seconds, now),
        }
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
                handles.enter(&self.spec);
                Place::Home
            }
            None => self.enter_elsewhere(now),
        };
        (place, now)
    }

    /// Ends a call that began with handles that may be replaced, or without any.
    #[inline(never)]
    fn leave_otherwise(&self, place: Place, end: End, seconds: Option<f64>, now: u64) {
        self.touch(now);
        match self.handles(now) {
            Some(handles) if place == Place::Home => self.end(&handles, end, seconds),
            _ => self.leave_elsewhere(place, end, seconds, now),
        }
    }

    #[inline(always)]
    fn end(&self, handles: &Handles, end: End, seconds: Option<f64>) {
        handles.leave();
        self.count(handles, end, 1, seconds);
        self.count_head(handles, end, seconds);
    }

    /// Begins a call of a label set that has no handles.
    #[cold]
    fn enter_elsewhere(&self, now: u64) -> Place {
        let place = if self.until_proven.is_some() { Place::Fallback } else { Place::Home };
        let entered = self.host(place).made_handles(now).map(|handles| handles.enter(&self.spec));
        entered.map_or(Place::Nowhere, |()| place)
    }

    /// Ends a call that began without handles.
    #[cold]
    fn leave_elsewhere(&self, place: Place, end: End, seconds: Option<f64>, now: u64) {
        if place != Place::Nowhere {
            if let Some(handles) = self.host(place).made_handles(now) {
                handles.leave();
            }
        }
        let home = self.home(end, Room::count_overflow);
        if let Some(handles) = home.made_handles(now) {
            home.count(&handles, end, 1, seconds);
            home.count_head(&handles, end, seconds);
        }
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

    #[inline]
    fn touch(&self, now: u64) {
        if self.spec.lease().is_some() {
            self.used.store(now, Ordering::Relaxed);
        }
    }

    #[inline]
    fn is_proven(&self) -> bool {
        self.handles.get().is_some()
    }

    fn host(&self, place: Place) -> &Self {
        match &self.until_proven {
            Some(fallback) if place == Place::Fallback => fallback,
            _ => self,
        }
    }

    /// Where a call counts: here, once any answer has told that the label set is the service's own. `is_folded` hears
    /// of the one that finds no room.
    fn home(&self, end: End, is_folded: fn(&Room, &Spec)) -> &Self {
        let Some(fallback) = self.until_proven.as_deref().filter(|_| !self.is_proven()) else {
            return self;
        };
        if self.spec.answers.disproves(end) {
            return fallback;
        }
        match (self.try_prove(), &self.room) {
            (Some(true), _) => self,
            (Some(false), Some(room)) => {
                is_folded(room, &self.spec);
                room.folded.home(end, is_folded)
            }
            _ => fallback,
        }
    }

    /// Proves the label set, and tells whether there was room; nothing where the recorder is out of reach.
    #[cold]
    fn try_prove(&self) -> Option<bool> {
        self.with_recorder(|recorder| {
            // A call may outlive its Layer, and with it the cap.
            let Some(cap) = self.room.as_ref().and_then(|room| room.cap.upgrade()) else {
                self.prove(recorder);
                return true;
            };
            cap.make_room(&self.spec);
            if cap.is_full() {
                return false;
            }
            let _turn = cap.turn();
            // It is counted once, also where the recorder panics and it is tried again.
            let is_admitted = self.is_admitted();
            let has_room = is_admitted || (!self.is_given_up.load(Ordering::Relaxed) && cap.admits_proven());
            if has_room {
                self.admit();
                self.prove(recorder);
            }
            has_room
        })
    }

    /// Proves a label set that needs no answer for it.
    pub(super) fn prove_at_once(&self) {
        self.with_recorder(|recorder| self.prove(recorder));
    }

    #[cold]
    fn prove(&self, recorder: &dyn Recorder) {
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
    fn made_handles(&self, now: u64) -> Option<Loan<'_, Handles>> {
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
    fn count(&self, handles: &Handles, end: End, count: u64, seconds: Option<f64>) {
        if let Some(slot) = handles.slot(end, || self.slot(end)) {
            slot.record(count, seconds);
        }
    }

    /// Times as an answer what ended without one.
    #[inline]
    fn count_head(&self, handles: &Handles, end: End, seconds: Option<f64>) {
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
        Origin { spec: &self.spec, values: &self.values }
    }

    /// What the recorder gives; nothing where it cannot be reached, or panics.
    #[cold]
    fn ask<T>(&self, f: impl FnOnce(&dyn Recorder) -> T) -> Option<T> {
        self.with_recorder(|recorder| contained(|| f(recorder)))?
    }

    /// Runs `f` if the recorder that was current when the series was made can still be reached.
    fn with_recorder<T>(&self, f: impl FnOnce(&dyn Recorder) -> T) -> Option<T> {
        self.spec.source.with(|recorder| (RecorderId::of(recorder) == self.recorder).then(|| f(recorder)))
    }
}

// ===== impl Room =====

impl Room {
    fn count_overflow(&self, spec: &Spec) {
        if let Some(cap) = self.cap.upgrade() {
            cap.count_overflow(spec);
        }
    }
}
