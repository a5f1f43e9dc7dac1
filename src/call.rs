//! The guard of one accepted call: begun in `Service::call`, ended exactly once.

use std::sync::Arc;

use crate::{
    clock::Clock,
    outcome::Outcome,
    series::{End, Place, Series},
};

/// A call under way. Whoever drops it without an [`end`](Self::end) ends it too.
#[derive(Debug)]
pub(crate) struct Call {
    series: Arc<Series>,
    start: u64,
    /// The code of the answer, 0 until there is one.
    code: u16,
    /// Where it is in flight.
    place: Place,
    /// Somebody else's code runs: if the guard drops now, that code panicked.
    ///
    /// `thread::panicking()` would also be true for the siblings of a call that panicked.
    is_inside: bool,
    has_ended: bool,
}

// ===== impl Call =====

impl Call {
    #[inline(always)]
    pub(crate) fn begin(series: Arc<Series>) -> Self {
        let (place, start) = series.enter();
        Self { series, start, code: 0, place, is_inside: false, has_ended: false }
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
        self.is_inside = true;
        let done = f();
        self.is_inside = false;
        done
    }

    /// Notes that code of the wrapped service runs until the call [comes out](Self::comes_out): for what is too large to be
    /// moved in and out of a closure.
    #[inline]
    pub(crate) fn goes_in(call: &mut Option<Self>) {
        if let Some(call) = call {
            call.is_inside = true;
        }
    }

    /// Notes that it runs no more.
    #[inline]
    pub(crate) fn comes_out(call: &mut Option<Self>) {
        if let Some(call) = call {
            call.is_inside = false;
        }
    }

    /// The same for a call that is moved on.
    #[inline]
    pub(crate) fn is_out(mut call: Option<Self>) -> Option<Self> {
        Self::comes_out(&mut call);
        call
    }

    /// Notes that the service answered, and with which code.
    #[inline]
    pub(crate) fn answered(&mut self, code: u16) {
        self.code = code;
        let spec = self.series.spec();
        if spec.head.is_some() {
            // How the call will end is not known yet; the histogram's labels tell the code alone.
            let end = End::new(code, Outcome::Completed);
            self.series.answered(end, self.start, spec.now());
        }
    }

    #[inline]
    pub(crate) fn end(self, outcome: Outcome) {
        self.end_as(outcome, None);
    }

    /// Ends the call under a word of the user's own.
    #[inline]
    pub(crate) fn end_as(mut self, outcome: Outcome, word: Option<&'static str>) {
        self.has_ended = true;
        self.series.leave(self.place, End { code: self.code, outcome, word }, self.start);
    }

    #[cold]
    fn end_dropped(&mut self) {
        let outcome = match (self.is_inside, self.code) {
            (true, _) => Outcome::Panicked,
            (false, 0) => Outcome::Cancelled,
            (false, _) => Outcome::BodyDropped,
        };
        self.series.leave(self.place, End::new(self.code, outcome), self.start);
    }
}

impl Drop for Call {
    #[inline]
    fn drop(&mut self) {
        if !self.has_ended {
            self.end_dropped();
        }
    }
}
