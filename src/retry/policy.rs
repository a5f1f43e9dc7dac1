//! The policy that counts what another one decides.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use metrics::Recorder;
use tower::retry::Policy;

use crate::{
    names::{self, Naming},
    series::{Family, Instrument, Source, Spec},
};

/// Counts what the policy that it wraps decides: see the [module](super).
///
/// `F` judges what is a success.
pub struct MeteredPolicy<P, F = ()> {
    inner: P,
    success: F,
    attempts: Arc<Attempts>,
    /// This session has retried, and its end is not yet counted.
    is_retrying: bool,
}

/// Tells whether a result is a success. Implemented by what [`MeteredPolicy::success`] takes.
pub trait Success<T, E> {
    /// Returns `true` for a success.
    fn is_success(&self, result: Result<&T, &E>) -> bool;
}

struct Attempts {
    policy: String,
    family: Family,
    naming: Naming,
    source: Source,
    /// When all counters were last made to stand at zero.
    zeroed: AtomicU64,
}

const RETRIED: &str = "retried";
const RECOVERED: &str = "recovered";
const GAVE_UP: &str = "gave_up";
const UNFINISHED: &str = "unfinished";

// ===== impl MeteredPolicy =====

impl<P> MeteredPolicy<P> {
    /// Counts the decisions of `inner` under the name `policy`.
    pub fn new(policy: impl Into<String>, inner: P) -> Self {
        let attempts = Arc::new(Attempts::new(policy.into(), Naming::new(), Source::default()));
        let this = Self { inner, success: (), attempts, is_retrying: false };
        this.initialize();
        this
    }
}

impl<P, F> MeteredPolicy<P, F> {
    /// Judges results: which `Ok` is a failure all the same, such as an answer of 503. Write the types of the answer
    /// and of the error in the closure. Should it panic, `Ok` is a success.
    #[must_use]
    pub fn success<T, E, G>(self, success: G) -> MeteredPolicy<P, G>
    where
        P: Clone,
        G: Fn(Result<&T, &E>) -> bool,
    {
        let Self { inner, attempts, .. } = &self;
        MeteredPolicy { inner: inner.clone(), success, attempts: Arc::clone(attempts), is_retrying: false }
    }

    /// Records under the names and labels of `naming`.
    #[must_use]
    pub fn naming(mut self, naming: &Naming) -> Self {
        self.attempts = self.attempts.with(naming.clone(), self.attempts.source.clone());
        self.initialize();
        self
    }

    /// Records to this recorder; see [`HttpMetricsLayer::recorder`](crate::HttpMetricsLayer::recorder).
    #[must_use]
    pub fn recorder(mut self, recorder: Arc<dyn Recorder + Send + Sync>) -> Self {
        let mut source = self.attempts.source.clone();
        source.give(recorder);
        self.attempts = self.attempts.with(self.attempts.naming.clone(), source);
        self.initialize();
        self
    }

    /// Tells that the exporter forgets what has not changed for this long; see
    /// [`HttpMetricsLayer::idle_timeout`](crate::HttpMetricsLayer::idle_timeout).
    ///
    /// # Panics
    ///
    /// Panics if it is zero.
    #[must_use]
    pub fn idle_timeout(mut self, idle_timeout: Duration) -> Self {
        let mut source = self.attempts.source.clone();
        source.forgets_after(idle_timeout);
        self.attempts = self.attempts.with(self.attempts.naming.clone(), source);
        self.initialize();
        self
    }

    /// Makes the counters stand at zero: done when the policy is made, and again by whoever installs the exporter after
    /// that and keeps a clone.
    pub fn initialize(&self) {
        self.attempts.initialize();
    }

    fn finish(&mut self, result: &'static str) {
        if std::mem::take(&mut self.is_retrying) {
            self.attempts.count(result, 1);
        }
    }
}

impl<P, F, R, T, E> Policy<R, T, E> for MeteredPolicy<P, F>
where
    P: Policy<R, T, E>,
    F: Success<T, E>,
{
    type Future = P::Future;

    fn retry(&mut self, request: &mut R, result: &mut Result<T, E>) -> Option<P::Future> {
        // Judged before the policy is asked, which may change it.
        let judged = catch_unwind(AssertUnwindSafe(|| self.success.is_success(result.as_ref())));
        let is_success = judged.unwrap_or(result.is_ok());
        let again = self.inner.retry(request, result);
        if again.is_some() {
            self.attempts.count(RETRIED, 1);
            self.is_retrying = true;
        } else {
            self.finish(if is_success { RECOVERED } else { GAVE_UP });
        }
        again
    }

    fn clone_request(&mut self, request: &R) -> Option<R> {
        self.inner.clone_request(request)
    }
}

// By hand, because a clone is the session of another call.
impl<P: Clone, F: Clone> Clone for MeteredPolicy<P, F> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            success: self.success.clone(),
            attempts: Arc::clone(&self.attempts),
            is_retrying: false,
        }
    }
}

impl<P, F> Drop for MeteredPolicy<P, F> {
    fn drop(&mut self) {
        self.finish(UNFINISHED);
    }
}

impl<P: fmt::Debug, F> fmt::Debug for MeteredPolicy<P, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeteredPolicy")
            .field("inner", &self.inner)
            .field("policy", &self.attempts.policy)
            .finish_non_exhaustive()
    }
}

// ===== impl Success =====

impl<T, E> Success<T, E> for () {
    fn is_success(&self, result: Result<&T, &E>) -> bool {
        result.is_ok()
    }
}

impl<F, T, E> Success<T, E> for F
where
    F: Fn(Result<&T, &E>) -> bool,
{
    fn is_success(&self, result: Result<&T, &E>) -> bool {
        self(result)
    }
}

// ===== impl Attempts =====

impl Attempts {
    fn new(policy: String, naming: Naming, source: Source) -> Self {
        let labels = names::RETRY_ATTEMPTS_TOTAL.labels().iter().map(|label| naming.label_of(label));
        let mut spec = Spec::new(labels.collect(), source.clone());
        spec.naming = naming.clone();
        spec.counter = Some(Instrument::new(&names::RETRY_ATTEMPTS_TOTAL, &naming));
        Self { policy, family: Family::new(spec), naming, source, zeroed: AtomicU64::new(0) }
    }

    /// The same of another scheme or recorder.
    fn with(&self, naming: Naming, source: Source) -> Arc<Self> {
        Arc::new(Self::new(self.policy.clone(), naming, source))
    }

    /// Makes all counters stand at zero.
    fn initialize(&self) {
        for result in [RETRIED, RECOVERED, GAVE_UP, UNFINISHED] {
            self.family.increment(&[&self.policy, result], 0);
        }
    }

    fn count(&self, result: &'static str, count: u64) {
        if self.family.has_aged(&self.zeroed) {
            self.initialize();
        }
        self.family.increment(&[&self.policy, result], count);
    }
}
