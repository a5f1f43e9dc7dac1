//! Which recorder is current, and whether it takes anything at all.

use std::{cell::Cell, fmt, sync::Arc};

use metrics::{Gauge, Histogram, IntoF64, Level, Metadata, Recorder};

/// The address of a recorder.
///
/// Exact for the global recorder, which is never freed, and for one that a Layer holds. A scoped recorder may
/// reuse the address of an earlier one: a Layer that outlives such a scope is given its recorder instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RecorderId(usize);

/// Where a Layer finds its recorder.
#[derive(Clone, Default)]
pub(crate) enum Source {
    /// The scoped recorder of the thread, else the global one, at the moment of each call.
    #[default]
    Current,
    /// The one the Layer was given.
    Given(Arc<dyn Recorder + Send + Sync>),
}

/// What recorders are told of where a metric comes from.
pub(crate) static METADATA: Metadata<'static> = Metadata::new("tower_metrics", Level::INFO, None);

// ===== impl RecorderId =====

impl RecorderId {
    pub(crate) fn of(recorder: &dyn Recorder) -> Self {
        Self(std::ptr::from_ref(recorder).cast::<()>().addr())
    }

    pub(crate) fn address(self) -> usize {
        self.0
    }
}

// ===== impl Source =====

impl Source {
    pub(crate) fn with<T>(&self, f: impl FnOnce(&dyn Recorder) -> T) -> T {
        match self {
            Self::Current => metrics::with_recorder(f),
            Self::Given(recorder) => f(&**recorder),
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Current => "Current",
            Self::Given(_) => "Given",
        })
    }
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
