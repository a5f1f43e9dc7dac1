//! The guard of one accepted call: begun in `Service::call`, ended exactly once.

use std::sync::Arc;

use crate::{
    clock::Clock,
    outcome::Outcome,
    series::{At, End, Place, Series},
};

/// A call under way. Whoever drops it without an [`end`](Self::end) ends it too.
#[derive(Debug)]
pub(crate) struct Call {
    series: Arc<Series>,
    start: u64,
    state: State,
}

/// How far a call has come, in one word: the call is moved from the service to the future to the body, and a processor
/// that has just written bytes of a word waits before it can read the whole.
#[derive(Clone, Copy, Debug)]
struct State(u64);

// ===== impl Call =====

impl Call {
    #[inline(always)]
    pub(crate) fn begin(series: Arc<Series>) -> Self {
        let (place, start) = series.enter();
        Self { series, start, state: State::new(place) }
    }

    /// Tells whether no call of its label set has ended yet.
    #[inline]
    pub(crate) fn is_first(&self) -> bool {
        self.series.is_new()
    }

    /// What its time is read from.
    pub(crate) fn clock(&self) -> &Clock {
        &self.series.spec().clock
    }

    /// Runs `f`, which runs code of the wrapped service.
    #[inline]
    pub(crate) fn inside<T>(&mut self, f: impl FnOnce() -> T) -> T {
        self.state.set(State::INSIDE, true);
        let done = f();
        self.state.set(State::INSIDE, false);
        done
    }

    /// Notes that code of the wrapped service runs until the call [comes out](Self::comes_out): for what is too large to be
    /// moved in and out of a closure.
    #[inline]
    pub(crate) fn goes_in(call: &mut Option<Self>) {
        if let Some(call) = call {
            call.state.set(State::INSIDE, true);
        }
    }

    /// Notes that it runs no more.
    #[inline]
    pub(crate) fn comes_out(call: &mut Option<Self>) {
        if let Some(call) = call {
            call.state.set(State::INSIDE, false);
        }
    }

    /// Notes that it runs no more, while the call is moved on.
    #[inline]
    pub(crate) fn is_out(mut call: Option<Self>) -> Option<Self> {
        Self::comes_out(&mut call);
        call
    }

    /// Notes that the service answered, and with which code.
    #[inline]
    pub(crate) fn answered(&mut self, code: u16) {
        self.state.answer(code);
        let spec = self.series.spec();
        if spec.head.is_some() {
            // How the call will end is not known yet; the histogram's labels tell the code alone.
            let end = End::new(code, Outcome::Completed);
            self.series.answered(end, self.start, spec.now());
        }
    }

    /// Notes that the answer has labels of its own, under which the call goes on.
    pub(crate) fn answered_as(&mut self, at: At<'_>, code: u16, own: &[&str]) {
        if let Some(series) = self.series.answered_as(at, End::new(code, Outcome::Completed), own) {
            self.state.be_at(self.series.hand_over(self.state.place(), &series, self.start));
            self.series = series;
        }
    }

    #[inline]
    pub(crate) fn end(self, outcome: Outcome) {
        self.end_as(outcome, None);
    }

    /// Ends the call under a word of the user's own.
    #[inline]
    pub(crate) fn end_as(mut self, outcome: Outcome, word: Option<&'static str>) {
        self.state.set(State::ENDED, true);
        self.series.leave(self.state.place(), self.state.code(), outcome, word, self.start);
    }

    #[cold]
    fn end_dropped(&mut self) {
        let outcome = match (self.state.is(State::INSIDE), self.state.code()) {
            (true, _) => Outcome::Panicked,
            (false, 0) => Outcome::Cancelled,
            (false, _) => Outcome::BodyDropped,
        };
        self.series.leave(self.state.place(), self.state.code(), outcome, None, self.start);
    }
}

impl Drop for Call {
    #[inline]
    fn drop(&mut self) {
        if !self.state.is(State::ENDED) {
            self.end_dropped();
        }
    }
}

// ===== impl State =====

impl State {
    /// Somebody else's code runs: if the guard drops now, that code panicked.
    ///
    /// `thread::panicking()` would also be true for the siblings of a call that panicked.
    const INSIDE: u64 = 1 << 16;
    const ENDED: u64 = 1 << 17;
    const FALLBACK: u64 = 1 << 18;
    const NOWHERE: u64 = 1 << 19;

    #[inline]
    fn new(place: Place) -> Self {
        Self(match place {
            Place::Home => 0,
            Place::Fallback => Self::FALLBACK,
            Place::Nowhere => Self::NOWHERE,
        })
    }

    /// Notes that the call is in flight elsewhere.
    fn be_at(&mut self, place: Place) {
        self.0 = self.0 & !(Self::FALLBACK | Self::NOWHERE) | Self::new(place).0;
    }

    /// Where the call is in flight.
    #[inline]
    fn place(self) -> Place {
        if self.is(Self::FALLBACK | Self::NOWHERE) { self.elsewhere() } else { Place::Home }
    }

    #[cold]
    fn elsewhere(self) -> Place {
        if self.is(Self::FALLBACK) { Place::Fallback } else { Place::Nowhere }
    }

    /// The code of the answer, 0 until there is one.
    #[inline]
    fn code(self) -> u16 {
        self.0 as u16
    }

    #[inline]
    fn answer(&mut self, code: u16) {
        self.0 = self.0 & !u64::from(u16::MAX) | u64::from(code);
    }

    #[inline]
    fn is(self, flag: u64) -> bool {
        self.0 & flag != 0
    }

    #[inline]
    fn set(&mut self, flag: u64, is_set: bool) {
        self.0 = self.0 & !flag | if is_set { flag } else { 0 };
    }
}
