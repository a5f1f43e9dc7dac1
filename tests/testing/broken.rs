//! A middleware written by hand, as it should be or with a bug that such middlewares have.

use std::{
    mem,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::Full;
use metrics::{Counter, Gauge, Histogram, Key, Metadata, Recorder as _};
use tower::{Layer, Service};
use tower_metrics::{
    metrics,
    names::catalog,
    testing::{Recorder, torture::FaultyBody},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    None,
    /// The gauge stays up where a call is dropped.
    LeaksItsGauge,
    /// What is dropped before its head is not counted.
    CountsAnswersAlone,
    /// Counted is the head, and timed only a body that is read to its end.
    ForgetsTheBody,
    /// A body that ended counts, and counts again when it is dropped.
    CountsTwice,
    /// The end of a call that panicked is lost.
    LosesPanics,
    /// The call is counted when the service is ready.
    CountsReadiness,
    /// What is dropped by another thread than the one that called is not seen.
    LosesOtherThreads,
    /// Whatever the end, it is counted as one word.
    CountsAllAs(&'static str),
    /// The level is loaded, and then stored.
    LoadsAndStores,
}

#[derive(Clone)]
pub(crate) struct ByHand {
    recorder: Recorder,
    bug: Bug,
    level: Arc<AtomicI64>,
}

#[derive(Clone)]
pub(crate) struct Counted<S> {
    inner: S,
    layer: ByHand,
}

/// One call.
struct Guard {
    counter: Counter,
    histogram: Histogram,
    gauge: Gauge,
    bug: Bug,
    level: Arc<AtomicI64>,
    has_head: bool,
    is_inside: bool,
    is_ended: bool,
    thread: std::thread::ThreadId,
}

type Inner = Response<FaultyBody<Full<Bytes>>>;

// ===== impl ByHand =====

impl ByHand {
    pub(crate) fn new(recorder: &Recorder, bug: Bug) -> Self {
        let described = |name: &str| {
            let metric = catalog().find(|metric| metric.name() == name).unwrap();
            (metric.name().into(), Some(metric.unit()), metric.help().into())
        };
        let (name, unit, help) = described("http_requests_total");
        recorder.describe_counter(name, unit, help);
        let (name, unit, help) = described("http_request_duration_seconds");
        recorder.describe_histogram(name, unit, help);
        let (name, unit, help) = described("http_requests_in_flight");
        recorder.describe_gauge(name, unit, help);
        Self { recorder: recorder.clone(), bug, level: Arc::default() }
    }

    fn begin(&self) -> Guard {
        let metadata = Metadata::new("by_hand", metrics::Level::INFO, None);
        let key = Key::from_static_name;
        let counted = match self.bug {
            Bug::CountsAllAs(word) => {
                Key::from_parts("http_requests_total", vec![metrics::Label::new("outcome", word)])
            }
            _ => key("http_requests_total"),
        };
        let guard = Guard {
            counter: self.recorder.register_counter(&counted, &metadata),
            histogram: self.recorder.register_histogram(&key("http_request_duration_seconds"), &metadata),
            gauge: self.recorder.register_gauge(&key("http_requests_in_flight"), &metadata),
            bug: self.bug,
            level: Arc::clone(&self.level),
            has_head: false,
            is_inside: false,
            is_ended: false,
            thread: std::thread::current().id(),
        };
        guard.move_gauge(1);
        guard
    }
}

impl<S> Layer<S> for ByHand {
    type Service = Counted<S>;

    fn layer(&self, inner: S) -> Counted<S> {
        Counted { inner, layer: self.clone() }
    }
}

// ===== impl Counted =====

impl<S, B> Service<Request<B>> for Counted<S>
where
    S: Service<Request<B>, Response = Inner, Future: Send + 'static>,
{
    type Response = Response<Read>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Read>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        ready!(self.inner.poll_ready(cx))?;
        if self.layer.bug == Bug::CountsReadiness {
            drop(self.layer.begin());
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut guard = self.layer.begin();
        guard.is_inside = true;
        let mut future = Box::pin(self.inner.call(request));
        guard.is_inside = false;
        let mut guard = Some(guard);
        Box::pin(std::future::poll_fn(move |cx| {
            guard.as_mut().unwrap().is_inside = true;
            let polled = future.as_mut().poll(cx);
            guard.as_mut().unwrap().is_inside = false;
            let response = ready!(polled)?;
            let mut guard = guard.take().unwrap();
            guard.head();
            Poll::Ready(Ok(response.map(|inner| Read { inner: Box::pin(inner), guard })))
        }))
    }
}

// ===== impl Guard =====

impl Guard {
    fn move_gauge(&self, by: i64) {
        if self.bug == Bug::LoadsAndStores {
            let level = self.level.load(Ordering::SeqCst);
            // Or it would be chance alone that another thread comes in between.
            std::thread::yield_now();
            self.level.store(level + by, Ordering::SeqCst);
            self.gauge.set((level + by) as f64);
        } else {
            self.gauge.increment(by as f64);
        }
    }

    fn head(&mut self) {
        self.has_head = true;
        if self.bug == Bug::ForgetsTheBody {
            self.counter.increment(1);
            self.move_gauge(-1);
        }
    }

    fn end(&mut self) {
        match mem::replace(&mut self.is_ended, true) {
            true if self.bug != Bug::CountsTwice => return,
            true => self.move_gauge(1),
            false => {}
        }
        self.histogram.record(0.1);
        if self.bug != Bug::ForgetsTheBody || !self.has_head {
            self.counter.increment(1);
            self.move_gauge(-1);
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let is_lost = match self.bug {
            Bug::LeaksItsGauge if !self.is_ended => {
                self.move_gauge(1);
                false
            }
            Bug::CountsAnswersAlone => !self.has_head,
            Bug::ForgetsTheBody => self.has_head,
            Bug::LosesPanics => self.is_inside,
            Bug::LosesOtherThreads => self.thread != std::thread::current().id(),
            _ => false,
        };
        if !is_lost {
            self.end();
        } else if !self.is_ended && self.bug != Bug::ForgetsTheBody {
            self.move_gauge(-1);
        }
    }
}

/// The body, which ends the call.
pub(crate) struct Read {
    inner: Pin<Box<FaultyBody<Full<Bytes>>>>,
    guard: Guard,
}

impl Body for Read {
    type Data = Bytes;
    type Error = <FaultyBody<Full<Bytes>> as Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.guard.is_inside = true;
        let frame = self.inner.as_mut().poll_frame(cx);
        self.guard.is_inside = false;
        if matches!(frame, Poll::Ready(None)) {
            self.guard.end();
        }
        frame
    }
}
