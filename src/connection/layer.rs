//! The Layer around a make-service, and the guard of one connection.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use metrics::Recorder;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

#[cfg(feature = "testing")]
use crate::clock::Clock;
use crate::{
    call::Call,
    names::{self, Naming},
    outcome::Outcome,
    series::{Family, Instrument, Setup, Spec},
};

/// Counts connections, and measures how long they live: see the [module](super).
#[derive(Clone)]
#[must_use = "a Layer measures nothing until it is applied to a make-service"]
pub struct ConnectionMetricsLayer {
    inner: Arc<Connections>,
}

/// A connection that is open until this is dropped.
#[must_use = "a connection is open until this is dropped"]
pub struct OpenConnection {
    call: Option<Call>,
}

/// A make-service whose services are counted as connections.
#[derive(Clone, Debug)]
pub struct MakeConnection<M> {
    inner: M,
    connections: ConnectionMetricsLayer,
}

/// The service of one connection, which is open as long as a clone of it is there.
#[derive(Clone, Debug)]
pub struct Connection<S> {
    inner: S,
    // Held for its drop, with the last clone of the service.
    _open: Arc<OpenConnection>,
}

pin_project! {
    /// The future of [`MakeConnection`].
    pub struct MakeFuture<F> {
        #[pin]
        inner: F,
        open: Option<OpenConnection>,
    }
}

struct Connections {
    setup: Setup,
    family: Family,
}

// ===== impl ConnectionMetricsLayer =====

impl ConnectionMetricsLayer {
    /// Counts the connections of the listener of this name: the value of the label `listener`.
    pub fn new(listener: impl Into<String>) -> Self {
        Self::of(Setup::new(listener.into()))
    }

    /// Records under the names and labels of `naming`.
    pub fn naming(self, naming: &Naming) -> Self {
        Self::of(Setup { naming: naming.clone(), ..self.inner.setup.clone() })
    }

    /// Records to this recorder; see [`HttpMetricsLayer::recorder`](crate::HttpMetricsLayer::recorder).
    pub fn recorder(self, recorder: Arc<dyn Recorder + Send + Sync>) -> Self {
        let mut setup = self.inner.setup.clone();
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
        let mut setup = self.inner.setup.clone();
        setup.source.forgets_after(idle_timeout);
        Self::of(setup)
    }

    /// Reads the time from this clock, which a test steps by hand.
    #[cfg(feature = "testing")]
    #[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
    pub fn clock(self, clock: Clock) -> Self {
        Self::of(Setup { clock, ..self.inner.setup.clone() })
    }

    /// Counts a connection of an accept loop of one's own, or an upgraded socket whose handler keeps the guard.
    pub fn open(&self) -> OpenConnection {
        OpenConnection { call: self.inner.family.begin(&[&self.inner.setup.name]) }
    }

    fn of(setup: Setup) -> Self {
        let mut spec = Spec::new(vec![setup.naming.label_of(names::LISTENER)], setup.source.clone());
        spec.naming = setup.naming.clone();
        spec.clock = setup.clock.clone();
        let instrument = |metric| Some(Instrument::new(metric, &setup.naming));
        spec.started = instrument(&names::CONNECTIONS_TOTAL);
        spec.histogram = instrument(&names::CONNECTION_DURATION_SECONDS);
        spec.gauge = instrument(&names::CONNECTIONS_OPEN);
        Self { inner: Arc::new(Connections { setup, family: Family::new(spec) }) }
    }
}

impl<M> Layer<M> for ConnectionMetricsLayer {
    type Service = MakeConnection<M>;

    fn layer(&self, inner: M) -> MakeConnection<M> {
        MakeConnection { inner, connections: self.clone() }
    }
}

impl fmt::Debug for ConnectionMetricsLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionMetricsLayer")
            .field("listener", &self.inner.setup.name)
            .finish_non_exhaustive()
    }
}

// ===== impl OpenConnection =====

impl Drop for OpenConnection {
    fn drop(&mut self) {
        if let Some(call) = self.call.take() {
            call.end(Outcome::Completed);
        }
    }
}

impl fmt::Debug for OpenConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenConnection").finish_non_exhaustive()
    }
}

// ===== impl MakeConnection =====

impl<M, T> Service<T> for MakeConnection<M>
where
    M: Service<T>,
{
    type Response = Connection<M::Response>;
    type Error = M::Error;
    type Future = MakeFuture<M::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), M::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, target: T) -> Self::Future {
        let open = self.connections.open();
        MakeFuture { inner: self.inner.call(target), open: Some(open) }
    }
}

// ===== impl MakeFuture =====

impl<F, S, E> Future for MakeFuture<F>
where
    F: Future<Output = Result<S, E>>,
{
    type Output = Result<Connection<S>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let inner = ready!(this.inner.poll(cx))?;
        let open = this.open.take().expect("a future is not polled after it was ready");
        Poll::Ready(Ok(Connection { inner, _open: Arc::new(open) }))
    }
}

impl<F> fmt::Debug for MakeFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MakeFuture").field("open", &self.open).finish_non_exhaustive()
    }
}

// ===== impl Connection =====

impl<S, R> Service<R> for Connection<S>
where
    S: Service<R>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> S::Future {
        self.inner.call(request)
    }
}
