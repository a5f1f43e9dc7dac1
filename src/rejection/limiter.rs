//! The counters of one limiter.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use super::{
    Locate, Refusal,
    reason::{CLOSED, OVERLOADED, RATE_LIMITED, ReasonFn, TIMED_OUT},
};
use crate::{
    labels::UNMATCHED,
    names::{self, Metric, Naming},
    series::{Family, Instrument, OpenLabel, Source, Spec},
};

/// What a limiter is called, judged by and counted in.
pub struct Limiter<J> {
    name: String,
    /// Shared with the inner half.
    pub(super) judge: Arc<J>,
    reason: Option<Arc<ReasonFn>>,
    calls: Family,
    rejected: Family,
    rate_limited: Family,
    by_endpoint: bool,
    /// The recorder under which the counters stand at zero.
    initialized: AtomicUsize,
    /// When they were last put there.
    zeroed: AtomicU64,
    source: Source,
}

// ===== impl Limiter =====

impl<J> Limiter<J> {
    pub(super) fn new(
        name: String,
        judge: J,
        reason: Option<Arc<ReasonFn>>,
        by_endpoint: bool,
        naming: &Naming,
        source: &Source,
    ) -> Self {
        let family = |metric| family(metric, by_endpoint, naming, source);
        Self {
            name,
            judge: Arc::new(judge),
            reason,
            calls: family(&names::LIMITER_CALLS_TOTAL),
            rejected: family(&names::REQUESTS_REJECTED_TOTAL),
            rate_limited: family(&names::RATE_LIMIT_EXCEEDED_TOTAL),
            by_endpoint,
            initialized: AtomicUsize::new(0),
            zeroed: AtomicU64::new(0),
            source: source.clone(),
        }
    }

    /// Makes the counters stand at zero.
    pub(super) fn initialize(&self) {
        let endpoint = self.by_endpoint.then_some(UNMATCHED);
        count(&self.calls, &[&self.name], endpoint, 0);
        count(&self.rate_limited, &[&self.name], endpoint, 0);
        for reason in [RATE_LIMITED, OVERLOADED, TIMED_OUT, CLOSED] {
            count(&self.rejected, &[&self.name, reason], endpoint, 0);
        }
    }

    pub(super) fn called<R>(&self, request: &R) -> Option<Box<str>>
    where
        J: Locate<R>,
    {
        let recorder = self.source.id().address();
        if self.initialized.load(Ordering::Relaxed) != recorder || self.calls.has_aged(&self.zeroed) {
            self.initialize();
            self.initialized.store(recorder, Ordering::Relaxed);
        }
        let endpoint = self.judge.endpoint(request);
        count(&self.calls, &[&self.name], endpoint.as_deref(), 1);
        endpoint
    }

    /// Counts a refusal, if there is a reason for it.
    pub(super) fn refused(&self, refusal: Option<Refusal<'_>>, endpoint: Option<&str>) {
        let reason = match refusal {
            Some(refusal) => refusal.reason(self.reason.as_ref()),
            None => Some(super::reason::OTHER),
        };
        let Some(reason) = reason else { return };
        count(&self.rejected, &[&self.name, reason], endpoint, 1);
        if reason == RATE_LIMITED {
            count(&self.rate_limited, &[&self.name], endpoint, 1);
        }
    }
}

impl<J: fmt::Debug> fmt::Debug for Limiter<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter")
            .field("name", &self.name)
            .field("judge", &self.judge)
            .finish_non_exhaustive()
    }
}

fn family(metric: &Metric, by_endpoint: bool, naming: &Naming, source: &Source) -> Family {
    let labels = metric.labels().iter().copied().chain(by_endpoint.then_some(names::ENDPOINT));
    let mut spec = Spec::new(labels.map(|label| naming.label_of(label)).collect(), source.clone());
    spec.naming = naming.clone();
    spec.counter = Some(Instrument::new(metric, naming));
    spec.open_labels
        .extend(by_endpoint.then(|| OpenLabel { index: metric.labels().len(), max_values: None }));
    Family::new(spec)
}

fn count(family: &Family, values: &[&str], endpoint: Option<&str>, count: u64) {
    match endpoint {
        None => family.increment(values, count),
        Some(endpoint) => family.increment(&[values, &[endpoint]].concat(), count),
    }
}
