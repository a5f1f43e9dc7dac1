//! The Layer around a limiter's Layer.

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use metrics::Recorder;
use tower_layer::Layer;

use super::{Answers, Errors, Inner, Refusal, Rejection, limiter::Limiter, reason::ReasonFn};
use crate::{http::RequestHead, names::Naming, series::Source};

/// Counts what a limiter refuses, and why: see the [module](super).
///
/// `J` says which answers are judged: [`Errors`] alone, or the [`Answers`] of HTTP too.
#[must_use = "a Layer measures nothing until it is put around a limiter"]
pub struct RejectionLayer<J = Errors> {
    name: String,
    judge: J,
    reason: Option<Arc<ReasonFn>>,
    naming: Naming,
    source: Source,
}

/// The Layer of a limiter, with its refusals counted.
pub struct Around<L, J> {
    limiter_layer: L,
    limiter: Arc<Limiter<J>>,
}

// ===== impl RejectionLayer =====

impl RejectionLayer {
    /// Counts the errors with which the limiter `name` refuses.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            judge: Errors,
            reason: None,
            naming: Naming::new(),
            source: Source::default(),
        }
    }

    /// Counts also the HTTP answers with which it refuses: 429, 503, 408, 504, and gRPC's `ResourceExhausted` and
    /// `DeadlineExceeded` without a message.
    pub fn http(self) -> RejectionLayer<Answers> {
        RejectionLayer {
            name: self.name,
            judge: Answers::default(),
            reason: self.reason,
            naming: self.naming,
            source: self.source,
        }
    }
}

impl RejectionLayer<Answers> {
    /// Counts calls and refusals by endpoint: a label `endpoint`, with the value that `endpoint` returns, and
    /// `unmatched` where it returns `None`. At most 1,000 label sets of each metric; then `_OVERFLOW`. The zeros are those
    /// of `unmatched`: the first refusal of another endpoint is seen by no `increase()`. Each call then allocates.
    pub fn by_endpoint<F>(mut self, endpoint: F) -> Self
    where
        F: for<'a> Fn(RequestHead<'a>) -> Option<Cow<'a, str>> + Send + Sync + 'static,
    {
        self.judge.endpoint = Some(Arc::new(endpoint));
        self
    }
}

impl<J> RejectionLayer<J> {
    /// Tells the reason of a refusal, before what is known is asked. `None` leaves it to that; an answer that has
    /// no reason is no refusal, and an error that has none has the reason `other`.
    pub fn reason<F>(mut self, reason: F) -> Self
    where
        F: Fn(Refusal<'_>) -> Option<&'static str> + Send + Sync + 'static,
    {
        self.reason = Some(Arc::new(reason));
        self
    }

    /// Records under the names and labels of `naming`.
    pub fn naming(mut self, naming: &Naming) -> Self {
        self.naming = naming.clone();
        self
    }

    /// Records to this recorder; see [`HttpMetricsLayer::recorder`](crate::HttpMetricsLayer::recorder).
    pub fn recorder(mut self, recorder: Arc<dyn Recorder + Send + Sync>) -> Self {
        self.source.give(recorder);
        self
    }

    /// Tells that the exporter forgets what has not changed for this long; see
    /// [`HttpMetricsLayer::idle_timeout`](crate::HttpMetricsLayer::idle_timeout).
    ///
    /// # Panics
    ///
    /// Panics if it is zero.
    pub fn idle_timeout(mut self, idle_timeout: Duration) -> Self {
        self.source.forgets_after(idle_timeout);
        self
    }
}

impl RejectionLayer<Errors> {
    /// Wraps the Layer of a limiter from both sides.
    pub fn around<L>(self, limiter: L) -> Around<L, Errors> {
        Around::new(limiter, self, false)
    }
}

impl RejectionLayer<Answers> {
    /// Wraps the Layer of a limiter from both sides.
    pub fn around<L>(mut self, limiter: L) -> Around<L, Answers> {
        self.judge.has_reasons = self.reason.is_some();
        let by_endpoint = self.judge.endpoint.is_some();
        Around::new(limiter, self, by_endpoint)
    }
}

impl<J: fmt::Debug> fmt::Debug for RejectionLayer<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RejectionLayer")
            .field("name", &self.name)
            .field("judge", &self.judge)
            .finish_non_exhaustive()
    }
}

impl<J: Clone> Clone for RejectionLayer<J> {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            judge: self.judge.clone(),
            reason: self.reason.clone(),
            naming: self.naming.clone(),
            source: self.source.clone(),
        }
    }
}

// ===== impl Around =====

impl<L, J> Around<L, J> {
    fn new(limiter_layer: L, layer: RejectionLayer<J>, by_endpoint: bool) -> Self {
        let RejectionLayer { name, judge, reason, naming, source } = layer;
        let limiter = Limiter::new(name, judge, reason, by_endpoint, &naming, &source);
        let this = Self { limiter_layer, limiter: Arc::new(limiter) };
        this.initialize();
        this
    }

    /// Makes the counters stand at zero: done when the Layer is made, and with the first call after a recorder came.
    /// Who wants them before that call, and installs the exporter after the Layer is made, does it again.
    pub fn initialize(&self) {
        self.limiter.initialize();
    }
}

impl<L, J, S> Layer<S> for Around<L, J>
where
    L: Layer<Inner<S, J>>,
{
    type Service = Rejection<L::Service, J>;

    fn layer(&self, inner: S) -> Self::Service {
        let limiter = self.limiter_layer.layer(Inner::new(inner, Arc::clone(&self.limiter.judge)));
        Rejection::new(limiter, Arc::clone(&self.limiter))
    }
}

impl<L: Clone, J> Clone for Around<L, J> {
    fn clone(&self) -> Self {
        Self { limiter_layer: self.limiter_layer.clone(), limiter: Arc::clone(&self.limiter) }
    }
}

impl<L: fmt::Debug, J: fmt::Debug> fmt::Debug for Around<L, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Around")
            .field("limiter_layer", &self.limiter_layer)
            .field("limiter", &self.limiter)
            .finish_non_exhaustive()
    }
}
