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
    pub(crate) fn begin(series: Arc<Series>) -> Self {
        let start = series.spec().now();
        let place = series.enter(start);
        Self { series, start, code: 0, place, is_inside: false, has_ended: false }
    }

    /// What its time is read from.
    pub(crate) fn clock(&self) -> &Clock {
        &self.series.spec().clock
    }

    /// Runs `f`, which runs code of the wrapped service.
    pub(crate) fn inside<T>(&mut self, f: impl FnOnce() -> T) -> T {
        self.is_inside = true;
        let done = f();
        self.is_inside = false;
        done
    }

    /// Notes that the service answered, and with which code.
    pub(crate) fn answered(&mut self, code: u16) {
        self.code = code;
        let spec = self.series.spec();
        if spec.head.is_some() {
            // How the call will end is not known yet; the histogram's labels tell the code alone.
            let end = End::new(code, Outcome::Completed);
            self.series.answered(end, self.start, spec.now());
        }
    }

    pub(crate) fn end(self, outcome: Outcome) {
        self.end_as(outcome, None);
    }

    /// Ends the call under a word of the user's own.
    pub(crate) fn end_as(mut self, outcome: Outcome, word: Option<&'static str>) {
        self.end_once(outcome, word);
    }

    fn end_once(&mut self, outcome: Outcome, word: Option<&'static str>) {
        if std::mem::replace(&mut self.has_ended, true) {
            return;
        }
        let now = self.series.spec().now();
        self.series.leave(self.place, End { code: self.code, outcome, word }, self.start, now);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let outcome = match (self.is_inside, self.code) {
            (true, _) => Outcome::Panicked,
            (false, 0) => Outcome::Cancelled,
            (false, _) => Outcome::BodyDropped,
        };
        self.end_once(outcome, None);
    }
}
