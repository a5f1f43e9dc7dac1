//! Which recorder is current, whether it takes anything at all, and what becomes of one that panics.

use std::{
    cell::Cell,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use metrics::{Gauge, Histogram, IntoF64, Level, Metadata, Recorder};

/// The address of a recorder.
///
/// Exact for the global recorder, which is never freed, and for one that a Layer holds. A scoped recorder may
/// reuse the address of an earlier one: a Layer that outlives such a scope is given its recorder instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RecorderId(usize);

/// Where a Layer finds its recorder, and how long that one remembers.
#[derive(Clone, Default)]
pub(crate) struct Source {
    /// The one the Layer was given; else the scoped recorder of the thread or the global one, at the moment of each
    /// call.
    given: Option<Arc<dyn Recorder + Send + Sync>>,
    idle_timeout: Option<Duration>,
}

/// What recorders are told of where a metric comes from.
pub(crate) static METADATA: Metadata<'static> = Metadata::new("tower_metrics", Level::INFO, None);

// ===== impl RecorderId =====

impl RecorderId {
    #[inline]
    pub(crate) fn of(recorder: &dyn Recorder) -> Self {
        Self(std::ptr::from_ref(recorder).cast::<()>().addr())
    }

    pub(crate) fn address(self) -> usize {
        self.0
    }
}

// ===== impl Source =====

impl Source {
    pub(crate) fn give(&mut self, recorder: Arc<dyn Recorder + Send + Sync>) {
        self.given = Some(recorder);
    }

    pub(crate) fn forgets_after(&mut self, idle_timeout: Duration) {
        assert!(
            !idle_timeout.is_zero(),
            "an idle timeout of zero would forget every series at once: give the exporter's own, such as an hour"
        );
        self.idle_timeout = Some(idle_timeout);
    }

    /// After how long the recorder forgets what does not change, where it does.
    pub(crate) fn idle_timeout(&self) -> Option<Duration> {
        self.idle_timeout
    }

    /// Which recorder that is at this moment.
    #[inline]
    pub(crate) fn id(&self) -> RecorderId {
        self.with(RecorderId::of)
    }

    #[inline]
    pub(crate) fn with<T>(&self, f: impl FnOnce(&dyn Recorder) -> T) -> T {
        match &self.given {
            None => metrics::with_recorder(f),
            Some(recorder) => f(&**recorder),
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("is_given", &self.given.is_some())
            .field("idle_timeout", &self.idle_timeout)
            .finish()
    }
}

/// Runs `f`, which runs code of the recorder's; nothing where that panics.
///
/// A recorder that panics loses what it was told, and nothing else: the call goes on, and so does an unwinding in
/// which a call is dropped, where a second panic would abort the process.
#[inline]
pub(crate) fn contained<T>(f: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(f)).ok()
}

/// Tells whether a handle leads anywhere: one that does not never asks for the value.
struct Probe<'a> {
    value: f64,
    asked: &'a Cell<bool>,
}

impl IntoF64 for Probe<'_> {
    fn into_f64(self) -> f64 {
        self.asked.set(true);
        self.value
    }
}

/// Sets the gauge, and tells whether anybody took the value.
pub(crate) fn set_taken(gauge: &Gauge, value: f64) -> bool {
    let asked = Cell::new(false);
    gauge.set(Probe { value, asked: &asked });
    asked.get()
}

/// Tells whether anybody would take a sample, and records none.
pub(crate) fn would_take(histogram: &Histogram) -> bool {
    let asked = Cell::new(false);
    histogram.record_many(Probe { value: 0.0, asked: &asked }, 0);
    asked.get()
}
