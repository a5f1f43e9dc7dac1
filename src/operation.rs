//! Code that is not a tower service: a job, a block, a batch, a function.
//!
//! [`Operation`] records what [`ServiceMetricsLayer`](crate::ServiceMetricsLayer) records, from a guard: `<name>_total`,
//! `<name>_duration_seconds` and `<name>_in_flight`.
//!
//! ```
//! use tower_metrics::Operation;
//!
//! let imports = Operation::new("import").labels(["source"]);
//!
//! // A block, which is `cancelled` should it be left before its end.
//! let import = imports.start_with(["catalogue"]);
//! let skipped = 2;
//! import.finish(if skipped == 0 { "success" } else { "partial" });
//!
//! // A closure, which is `error` if it returns one.
//! let parsed = imports.try_run_with(["prices"], || "17".parse::<u32>());
//! assert_eq!(parsed, Ok(17));
//! ```

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use metrics::Recorder;
use pin_project_lite::pin_project;

#[cfg(feature = "testing")]
use crate::clock::Clock;
use crate::{
    call::Call,
    outcome::Outcome,
    series::{Birth, Cache, Source, Spec},
    service::Config,
};

/// An operation that is counted, timed and shown in flight: see the [module](self). Clones count together, and cost
/// one reference count.
///
/// `N` is the number of labels.
pub struct Operation<const N: usize = 0> {
    inner: Arc<Inner>,
}

/// An operation that goes on until it is finished or dropped.
#[must_use = "an operation that is dropped at once is cancelled at once"]
pub struct Started {
    call: Option<Call>,
}

pin_project! {
    /// A future that is an operation.
    pub struct Instrumented<F> {
        #[pin]
        inner: F,
        call: Option<Call>,
    }
}

struct Inner {
    config: Config,
    spec: Arc<Spec>,
    cache: Cache,
}

// ===== impl Operation =====

impl Operation {
    /// Records `<name>_total`, `<name>_duration_seconds` and `<name>_in_flight`.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self::of(Config::new(name.into()))
    }

    /// Adds labels, whose values are given with each start. They are made clean, and bounded as those of
    /// [`ServiceMetricsLayer::label`](crate::ServiceMetricsLayer::label) are.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse a label, if there is such a label already, or if they are more than eight.
    #[must_use]
    pub fn labels<const N: usize>(self, labels: [&str; N]) -> Operation<N> {
        let mut config = self.inner.config.clone();
        labels.into_iter().for_each(|label| config.label(label.to_owned()));
        Operation::of(config)
    }

    /// Begins.
    pub fn start(&self) -> Started {
        self.start_with([])
    }

    /// Runs a closure: `completed`, or `panicked` if it panics.
    pub fn run<T>(&self, f: impl FnOnce() -> T) -> T {
        self.run_with([], f)
    }

    /// Runs a closure that can fail: `completed`, `error`, or `panicked`.
    ///
    /// # Errors
    ///
    /// Fails as the closure does.
    pub fn try_run<T, E>(&self, f: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.try_run_with([], f)
    }

    /// Makes a future an operation, which begins here: `completed` with its output, `cancelled` if it is dropped
    /// before, `panicked`.
    pub fn instrument<F: Future>(&self, future: F) -> Instrumented<F> {
        self.instrument_with([], future)
    }
}

impl<const N: usize> Operation<N> {
    /// Begins, with the values of the labels.
    pub fn start_with(&self, values: [&str; N]) -> Started {
        Started { call: self.inner.begin(&values) }
    }

    /// Runs a closure, with the values of the labels; see [`run`](Operation::run).
    pub fn run_with<T>(&self, values: [&str; N], f: impl FnOnce() -> T) -> T {
        let mut started = self.start_with(values);
        let done = started.inside(f);
        started.end(Outcome::Completed, None);
        done
    }

    /// Runs a closure that can fail, with the values of the labels; see [`try_run`](Operation::try_run).
    ///
    /// # Errors
    ///
    /// Fails as the closure does.
    pub fn try_run_with<T, E>(&self, values: [&str; N], f: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let mut started = self.start_with(values);
        let result = started.inside(f);
        started.end(if result.is_ok() { Outcome::Completed } else { Outcome::Error }, None);
        result
    }

    /// Makes a future an operation, with the values of the labels; see [`instrument`](Operation::instrument).
    pub fn instrument_with<F: Future>(&self, values: [&str; N], future: F) -> Instrumented<F> {
        Instrumented { inner: future, call: self.inner.begin(&values) }
    }

    /// Lets the label that was added last have this many values of its own; all others are `_OVERFLOW`.
    ///
    /// # Panics
    ///
    /// Panics if there is no label.
    #[must_use]
    pub fn max_values(self, most: usize) -> Self {
        self.with(|config| config.max_values(most))
    }

    /// Says `word` for an outcome, such as `success` for `completed`.
    ///
    /// # Panics
    ///
    /// Panics if the word is empty.
    #[must_use]
    pub fn word(self, outcome: Outcome, word: &'static str) -> Self {
        self.with(|config| config.word(outcome, word))
    }

    /// Calls the label `outcome` something else, such as `status`.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the name, or if there is such a label already.
    #[must_use]
    pub fn outcome_label(self, label: impl Into<String>) -> Self {
        self.with(|config| config.outcome_label(label.into()))
    }

    /// Counts operations also when they begin, as `<name>_started_total`.
    #[must_use]
    pub fn started(self) -> Self {
        self.with(|config| config.start_as(None))
    }

    /// Records to this recorder; see [`HttpMetricsLayer::recorder`](crate::HttpMetricsLayer::recorder).
    #[must_use]
    pub fn recorder(self, recorder: Arc<dyn Recorder + Send + Sync>) -> Self {
        self.with(|config| config.source = Source::Given(recorder))
    }

    /// Reads the time from this clock, which a test steps by hand.
    #[cfg(feature = "testing")]
    #[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        self.with(|config| config.clock = clock)
    }

    fn with(self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = self.inner.config.clone();
        change(&mut config);
        Self::of(config)
    }

    fn of(config: Config) -> Self {
        let spec = Arc::new(config.spec());
        Self { inner: Arc::new(Inner { config, spec, cache: Cache::default() }) }
    }
}

impl<const N: usize> Clone for Operation<N> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<const N: usize> fmt::Debug for Operation<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation").field("config", &self.inner.config).finish_non_exhaustive()
    }
}

impl Inner {
    fn begin(&self, values: &[&str]) -> Option<Call> {
        self.spec.source.with(|recorder| {
            let scope = self.cache.scope(&self.spec, recorder)?;
            let birth = || Birth { infallible: false, to_be_proven: false, is_open: !values.is_empty() };
            Some(Call::begin(Arc::clone(self.cache.series(scope, &self.spec, recorder, values, birth))))
        })
    }
}

// ===== impl Started =====

impl Started {
    /// Finishes with a word of one's own in the label `outcome`. Without it, the operation is `cancelled`.
    pub fn finish(self, word: &'static str) {
        self.end(Outcome::Completed, Some(word));
    }

    /// Finishes as `completed`.
    pub fn complete(self) {
        self.end(Outcome::Completed, None);
    }

    /// Finishes as `error`.
    pub fn fail(self) {
        self.end(Outcome::Error, None);
    }

    fn inside<T>(&mut self, f: impl FnOnce() -> T) -> T {
        match &mut self.call {
            Some(call) => call.inside(f),
            None => f(),
        }
    }

    fn end(mut self, outcome: Outcome, word: Option<&'static str>) {
        if let Some(call) = self.call.take() {
            call.end_as(outcome, word);
        }
    }
}

impl fmt::Debug for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Started").finish_non_exhaustive()
    }
}

// ===== impl Instrumented =====

impl<F: Future> Future for Instrumented<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let output = ready!(match this.call {
            Some(call) => call.inside(|| this.inner.poll(cx)),
            None => this.inner.poll(cx),
        });
        if let Some(call) = this.call.take() {
            call.end(Outcome::Completed);
        }
        Poll::Ready(output)
    }
}

impl<F> fmt::Debug for Instrumented<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instrumented").field("is_open", &self.call.is_some()).finish_non_exhaustive()
    }
}
