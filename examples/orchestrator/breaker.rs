//! A circuit breaker as a tower Layer: after so many failures in a row nobody is let through for a while, then one call,
//! whose result decides.

use std::{
    error::Error,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use futures_util::future::{self, BoxFuture, FutureExt};
use tokio::time::Instant;
use tower::{BoxError, Layer, Service};
use tower_metrics::metrics::{Counter, Gauge, counter, gauge};

use crate::promise::{BREAKER_OPENINGS, BREAKER_STATE};

/// How many failures in a row open it.
pub(crate) const MOST_FAILURES: u32 = 5;

/// In the order of [`State::index`].
const STATES: [&str; 3] = ["closed", "open", "half_open"];

/// The breaker of one agent. Clones are of the same one.
#[derive(Clone)]
pub(crate) struct Breaker {
    inner: Arc<Inner>,
}

/// A service behind a breaker.
#[derive(Clone)]
pub(crate) struct Guarded<S> {
    inner: S,
    breaker: Breaker,
}

/// Why nobody was let through.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) retry_after: Duration,
}

struct Inner {
    pause: Duration,
    state: Mutex<State>,
    states: [Gauge; 3],
    openings: Counter,
}

#[derive(Clone, Copy)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant },
    HalfOpen { probe: Instant },
}

/// A call that was let through. One that has no result, because its caller left, decides nothing.
struct Admitted {
    breaker: Breaker,
    /// The moment tells a probe from every other.
    probe: Option<Instant>,
    is_judged: bool,
}

// ===== impl Breaker =====

impl Breaker {
    pub(crate) fn new(agent: &'static str, pause: Duration) -> Self {
        let state = |state| gauge!(BREAKER_STATE.name(), "agent" => agent, "state" => state);
        let openings = counter!(BREAKER_OPENINGS.name(), "agent" => agent);
        openings.absolute(0);
        let closed = State::Closed { failures: 0 };
        let inner = Inner { pause, state: Mutex::new(closed), states: STATES.map(state), openings };
        let this = Self { inner: Arc::new(inner) };
        this.enter(&mut this.state(), closed);
        this
    }

    /// Closes it, whatever it was.
    pub(crate) fn reset(&self) {
        self.enter(&mut self.state(), State::Closed { failures: 0 });
    }

    fn admit(&self) -> Result<Admitted, Open> {
        let now = Instant::now();
        let mut state = self.state();
        let probe = match *state {
            State::Closed { .. } => None,
            State::Open { until } if now >= until => {
                self.enter(&mut state, State::HalfOpen { probe: now });
                Some(now)
            }
            State::Open { until } => return Err(Open { retry_after: until - now }),
            State::HalfOpen { .. } => return Err(Open { retry_after: self.inner.pause }),
        };
        Ok(Admitted { breaker: self.clone(), probe, is_judged: false })
    }

    fn open(&self, state: &mut State) {
        self.inner.openings.increment(1);
        self.enter(state, State::Open { until: Instant::now() + self.inner.pause });
    }

    /// Under the lock, so that the gauges are set in the order of the states.
    fn enter(&self, state: &mut State, new: State) {
        *state = new;
        for (index, gauge) in self.inner.states.iter().enumerate() {
            gauge.set(if index == new.index() { 1.0 } else { 0.0 });
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Layer<S> for Breaker {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, breaker: self.clone() }
    }
}

// ===== impl Guarded =====

impl<S, R> Service<R> for Guarded<S>
where
    S: Service<R>,
    S::Response: Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<S::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: R) -> Self::Future {
        match self.breaker.admit() {
            Ok(admitted) => self.inner.call(request).map(|result| admitted.judge(result)).boxed(),
            Err(open) => future::ready(Err(open.into())).boxed(),
        }
    }
}

// ===== impl Open =====

impl fmt::Display for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the circuit breaker is open: try again in {} s", self.retry_after.as_secs_f64().ceil())
    }
}

impl Error for Open {}

// ===== impl State =====

impl State {
    fn index(self) -> usize {
        match self {
            Self::Closed { .. } => 0,
            Self::Open { .. } => 1,
            Self::HalfOpen { .. } => 2,
        }
    }

    fn is_of(self, probe: Option<Instant>) -> bool {
        matches!(self, Self::HalfOpen { probe: current } if probe == Some(current))
    }
}

// ===== impl Admitted =====

impl Admitted {
    /// Lets the result decide, unless the state is no longer the one in which the call was let through.
    fn judge<T, E: Into<BoxError>>(mut self, result: Result<T, E>) -> Result<T, BoxError> {
        self.is_judged = true;
        let mut state = self.breaker.state();
        let breaker = &self.breaker;
        match (*state, result.is_ok()) {
            (State::Closed { failures }, false) if failures + 1 < MOST_FAILURES => {
                *state = State::Closed { failures: failures + 1 };
            }
            (State::Closed { .. }, false) => breaker.open(&mut state),
            (State::Closed { .. }, true) => *state = State::Closed { failures: 0 },
            (half_open, is_ok) if half_open.is_of(self.probe) => match is_ok {
                true => breaker.enter(&mut state, State::Closed { failures: 0 }),
                false => breaker.open(&mut state),
            },
            _ => {}
        }
        drop(state);
        result.map_err(Into::into)
    }
}

impl Drop for Admitted {
    /// Without a result of the probe the next call is one.
    fn drop(&mut self) {
        let mut state = self.breaker.state();
        if !self.is_judged && state.is_of(self.probe) {
            self.breaker.enter(&mut state, State::Open { until: Instant::now() });
        }
    }
}
