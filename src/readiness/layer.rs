//! The Layer, and the service whose readiness is timed.

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use metrics::Recorder;
use tower_layer::Layer;
use tower_service::Service;

#[cfg(feature = "testing")]
use crate::clock::Clock;
use crate::{
    call::Call,
    names::{self, Naming},
    outcome::Outcome,
    series::{Family, Instrument, Setup, Spec},
    service::OutcomeWords,
};

/// Measures how long callers wait until a service is ready: see the [module](super).
#[derive(Clone)]
#[must_use = "a Layer measures nothing until it is applied to a service"]
pub struct ReadinessLayer {
    waits: Arc<Waits>,
}

/// A service whose readiness is timed.
pub struct Readiness<S> {
    inner: S,
    waits: Arc<Waits>,
    /// The wait of this handle, from its first `Pending`; unmeasured where there was no recorder then.
    wait: Option<Option<Call>>,
}

struct Waits {
    setup: Setup,
    family: Family,
}

const READY: &str = "ready";
const ABANDONED: &str = "abandoned";

// ===== impl ReadinessLayer =====

impl ReadinessLayer {
    /// Measures the waits for the service `name`: the value of the label `service`.
    pub fn new(name: impl Into<String>) -> Self {
        Self::of(Setup::new(name.into()))
    }

    /// Records under the names and labels of `naming`.
    pub fn naming(self, naming: &Naming) -> Self {
        Self::of(Setup { naming: naming.clone(), ..self.waits.setup.clone() })
    }

    /// Records to this recorder; see [`HttpMetricsLayer::recorder`](crate::HttpMetricsLayer::recorder).
    pub fn recorder(self, recorder: Arc<dyn Recorder + Send + Sync>) -> Self {
        let mut setup = self.waits.setup.clone();
        setup.source.give(recorder);
        Self::of(setup)
    }

    /// Tells that the exporter forgets what has not changed for this long; see
    /// [`HttpMetricsLayer::idle_timeout`](crate::HttpMetricsLayer::idle_timeout).
    ///
    /// # Panics
    ///
    /// Panics if it is zero.
    pub fn idle_timeout(self, idle_timeout: Duration) -> Self {
        let mut setup = self.waits.setup.clone();
        setup.source.forgets_after(idle_timeout);
        Self::of(setup)
    }

    /// Reads the time from this clock, which a test steps by hand.
    #[cfg(feature = "testing")]
    #[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
    pub fn clock(self, clock: Clock) -> Self {
        Self::of(Setup { clock, ..self.waits.setup.clone() })
    }

    fn of(setup: Setup) -> Self {
        let mut spec = Spec::new(vec![setup.naming.label_of(names::SERVICE)], setup.source.clone());
        spec.naming = setup.naming.clone();
        spec.clock = setup.clock.clone();
        spec.histogram = Some(Instrument::new(&names::SERVICE_READY_WAIT_SECONDS, &setup.naming));
        let mut answers =
            OutcomeWords { label: setup.naming.label_of(names::OUTCOME), ..OutcomeWords::default() };
        answers.words.insert(Outcome::Completed.as_str(), READY);
        answers.words.insert(Outcome::Cancelled.as_str(), ABANDONED);
        spec.answers = Box::new(answers);
        Self { waits: Arc::new(Waits { setup, family: Family::new(spec) }) }
    }
}

impl<S> Layer<S> for ReadinessLayer {
    type Service = Readiness<S>;

    fn layer(&self, inner: S) -> Readiness<S> {
        Readiness { inner, waits: Arc::clone(&self.waits), wait: None }
    }
}

impl fmt::Debug for ReadinessLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadinessLayer").field("name", &self.waits.setup.name).finish_non_exhaustive()
    }
}

// ===== impl Readiness =====

impl<S> Readiness<S> {
    /// Returns the wrapped service.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Returns the wrapped service, mutably.
    #[must_use]
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Unwraps the service. A wait that goes on ends here, as `abandoned`.
    #[must_use]
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, R> Service<R> for Readiness<S>
where
    S: Service<R>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        let ready = match &mut self.wait {
            Some(Some(wait)) => wait.inside(|| self.inner.poll_ready(cx)),
            Some(None) | None => self.inner.poll_ready(cx),
        };
        match &ready {
            Poll::Pending if self.wait.is_none() => {
                self.wait = Some(self.waits.family.begin(&[&self.waits.setup.name]))
            }
            Poll::Pending => {}
            Poll::Ready(result) => {
                if let Some(wait) = self.wait.take().flatten() {
                    wait.end(if result.is_ok() { Outcome::Completed } else { Outcome::Error });
                }
            }
        }
        ready
    }

    fn call(&mut self, request: R) -> S::Future {
        self.inner.call(request)
    }
}

// By hand, because a clone waits on its own clock.
impl<S: Clone> Clone for Readiness<S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), waits: Arc::clone(&self.waits), wait: None }
    }
}

impl<S: fmt::Debug> fmt::Debug for Readiness<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readiness")
            .field("inner", &self.inner)
            .field("is_waiting", &self.wait.is_some())
            .finish()
    }
}
