//! Whether what is exported arrives, in a metric and in words.

use std::{
    fmt::Display,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use metrics::{Counter, Label, Recorder};

use crate::{
    hints,
    names::{self, Naming},
    series::Instrument,
};

/// Of one exporter. Words are said once for each change of its state.
#[derive(Debug)]
pub(super) struct Health {
    exporter: &'static str,
    to: String,
    /// Why it failed last, until it succeeds.
    why: Mutex<Option<String>>,
    failures: OnceLock<Counter>,
}

// ===== impl Health =====

impl Health {
    pub(super) fn new(exporter: &'static str, to: &str) -> Self {
        Self { exporter, to: to.to_owned(), why: Mutex::default(), failures: OnceLock::new() }
    }

    /// Counts from here on, beginning at zero.
    pub(super) fn register(&self, recorder: &dyn Recorder) {
        let failures = Instrument::new(&names::EXPORT_FAILURES_TOTAL, &Naming::new());
        failures.describe(recorder);
        let labels = vec![Label::from_static_parts(names::EXPORTER, self.exporter)];
        let counter = failures.counter(recorder, labels);
        counter.increment(0);
        drop(self.failures.set(counter));
    }

    pub(super) fn failed(&self, times: u64, why: &dyn Display) {
        self.failures.get().into_iter().for_each(|counter| counter.increment(times));
        if self.last().replace(why.to_string()).is_none() {
            hints::export_failed(&self.to, why);
        }
    }

    pub(super) fn succeeded(&self) {
        if self.last().take().is_some() {
            hints::export_succeeded(&self.to);
        }
    }

    /// Why what was tried last failed, if it did.
    pub(super) fn why(&self) -> Option<String> {
        self.last().clone()
    }

    fn last(&self) -> MutexGuard<'_, Option<String>> {
        self.why.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
