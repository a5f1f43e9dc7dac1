//! A circuit breaker as a tower Layer: after so many failures in a row nobody is let through for a while, then one call,
//! whose result decides.

use std::{
    error::Error,
    fmt,
    panic::{AssertUnwindSafe, resume_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    thread,
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
    now: Mutex<Now>,
    states: [Gauge; 3],
    openings: Counter,
}

struct Now {
    state: State,
    /// How often a state was entered: who was let through in an earlier one is told by it.
    turn: u64,
}

#[derive(Clone, Copy)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant },
    HalfOpen,
}

/// A call that was let through. One that has no result, because its caller left, decides nothing.
struct Admitted {
    breaker: Breaker,
    turn: u64,
    is_judged: bool,
}

// ===== impl Breaker =====

impl Breaker {
    pub(crate) fn new(agent: &'static str, pause: Duration) -> Self {
        let state = |state| gauge!(BREAKER_STATE.name(), "agent" => agent, "state" => state);
        let openings = counter!(BREAKER_OPENINGS.name(), "agent" => agent);
        openings.absolute(0);
        let now = Mutex::new(Now { state: State::Closed { failures: 0 }, turn: 0 });
        let this = Self { inner: Arc::new(Inner { pause, now, states: STATES.map(state), openings }) };
        this.reset();
        this
    }

    /// Closes it, whatever it was.
    pub(crate) fn reset(&self) {
        self.enter(&mut self.now(), State::Closed { failures: 0 });
    }

    fn admit(&self) -> Result<Admitted, Open> {
        let time = Instant::now();
        let mut now = self.now();
        match now.state {
            State::Closed { .. } => {}
            State::Open { until } if time >= until => self.enter(&mut now, State::HalfOpen),
            State::Open { until } => return Err(Open { retry_after: until - time }),
            State::HalfOpen => return Err(Open { retry_after: self.inner.pause }),
        }
        Ok(Admitted { breaker: self.clone(), turn: now.turn, is_judged: false })
    }

    fn open(&self, now: &mut Now) {
        self.inner.openings.increment(1);
        self.enter(now, State::Open { until: Instant::now() + self.inner.pause });
    }

    /// Under the lock, so that the gauges are set in the order of the states.
    fn enter(&self, now: &mut Now, new: State) {
        *now = Now { state: new, turn: now.turn + 1 };
        for (index, gauge) in self.inner.states.iter().enumerate() {
            gauge.set(if index == new.index() { 1.0 } else { 0.0 });
        }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.inner.now.lock().unwrap_or_else(PoisonError::into_inner)
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
            Ok(admitted) => {
                let call = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
                call.map(|result| admitted.judge(result)).boxed()
            }
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
            Self::HalfOpen => 2,
        }
    }
}

// ===== impl Admitted =====

impl Admitted {
    /// Lets the result decide, unless the state is no longer the one in which the call was let through. A panic is a failure,
    /// and goes on to whoever catches it.
    fn judge<T, E: Into<BoxError>>(mut self, result: thread::Result<Result<T, E>>) -> Result<T, BoxError> {
        self.is_judged = true;
        let mut now = self.breaker.now();
        if now.turn == self.turn {
            match (now.state, matches!(result, Ok(Ok(_)))) {
                (State::Closed { failures }, false) if failures + 1 < MOST_FAILURES => {
                    now.state = State::Closed { failures: failures + 1 };
                }
                (State::Closed { .. }, true) => now.state = State::Closed { failures: 0 },
                (_, false) => self.breaker.open(&mut now),
                (_, true) => self.breaker.enter(&mut now, State::Closed { failures: 0 }),
            }
        }
        drop(now);
        result.unwrap_or_else(|panic| resume_unwind(panic)).map_err(Into::into)
    }
}

impl Drop for Admitted {
    /// Without a result of the probe the next call is one.
    fn drop(&mut self) {
        let mut now = self.breaker.now();
        if !self.is_judged && now.turn == self.turn && matches!(now.state, State::HalfOpen) {
            self.breaker.enter(&mut now, State::Open { until: Instant::now() });
        }
    }
}
