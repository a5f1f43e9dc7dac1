//! The gauge that tells when the oldest call in flight began.

use std::sync::Arc;

use metrics::{Gauge, Key};

use super::{shared, starts::Starts};
use crate::{
    clock::Clock,
    series::{RecorderId, contained},
};

/// The gauge that tells when the oldest call in flight of one label set began.
///
/// While nothing is in flight it is no number: a comparison with that is false, and `min` leaves it out. Zero would be a
/// call of 1970.
#[derive(Debug)]
pub(crate) struct Oldest {
    starts: Arc<Starts>,
    gauge: Gauge,
    clock: Clock,
}

// ===== impl Oldest =====

impl Oldest {
    /// Finds or makes what is known of `key` under this recorder, and shows on `gauge` which call is the oldest.
    pub(crate) fn new(recorder: RecorderId, key: &Key, gauge: Gauge, clock: Clock) -> Self {
        let this = Self { starts: shared::starts(recorder, key), gauge, clock };
        this.starts.refresh(|oldest| this.show(oldest));
        this
    }

    /// Notes a call that began at this reading of the clock.
    #[cold]
    pub(crate) fn enter(&self, start: u64) {
        self.starts.enter(start, |oldest| self.show(oldest));
    }

    /// Notes the end of a call that began then, which was noted before.
    #[cold]
    pub(crate) fn leave(&self, start: u64) {
        self.starts.leave(start, |oldest| self.show(oldest));
    }

    /// Tells whether the recorder took it without a panic.
    fn show(&self, oldest: Option<u64>) -> bool {
        let shown = || self.gauge.set(oldest.map_or(f64::NAN, |start| self.clock.unix_seconds_of(start)));
        contained(shown).is_some()
    }
}
