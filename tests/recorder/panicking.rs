//! A recorder that panics, anywhere, loses what it was told, and nothing else.

use std::{
    convert::Infallible,
    future::{pending, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::Empty;
use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_metrics::{HttpMetricsLayer, testing};

use crate::support::quiet_panics;

/// Panics at every second thing that it is asked or told, while it is armed.
struct Flaky {
    inner: testing::Recorder,
    trigger: Arc<Trigger>,
}

#[derive(Default)]
struct Trigger {
    is_armed: AtomicBool,
    /// Panics each time, and not every other time.
    is_relentless: AtomicBool,
    asked: AtomicU64,
    panicked: AtomicU64,
}

struct Told<H> {
    inner: H,
    trigger: Arc<Trigger>,
}

impl Trigger {
    fn pull(&self) {
        let is_relentless = self.is_relentless.load(Ordering::SeqCst);
        let is_armed = is_relentless || self.is_armed.load(Ordering::SeqCst);
        if is_armed && (self.asked.fetch_add(1, Ordering::SeqCst) % 2 == 0 || is_relentless) {
            self.panicked.fetch_add(1, Ordering::SeqCst);
            panic!("as asked");
        }
    }
}

impl Flaky {
    fn told<H>(&self, inner: H) -> Arc<Told<H>> {
        self.trigger.pull();
        Arc::new(Told { inner, trigger: Arc::clone(&self.trigger) })
    }
}

impl Recorder for Flaky {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, help: SharedString) {
        self.trigger.pull();
        self.inner.describe_counter(key, unit, help);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, help: SharedString) {
        self.trigger.pull();
        self.inner.describe_gauge(key, unit, help);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, help: SharedString) {
        self.trigger.pull();
        self.inner.describe_histogram(key, unit, help);
    }

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.told(self.inner.register_counter(key, metadata)))
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.told(self.inner.register_gauge(key, metadata)))
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.told(self.inner.register_histogram(key, metadata)))
    }
}

impl CounterFn for Told<Counter> {
    fn increment(&self, value: u64) {
        self.trigger.pull();
        self.inner.increment(value);
    }

    fn absolute(&self, value: u64) {
        self.inner.absolute(value);
    }
}

impl GaugeFn for Told<Gauge> {
    fn increment(&self, value: f64) {
        self.inner.increment(value);
    }

    fn decrement(&self, value: f64) {
        self.inner.decrement(value);
    }

    fn set(&self, value: f64) {
        self.trigger.pull();
        self.inner.set(value);
    }
}

impl HistogramFn for Told<Histogram> {
    fn record(&self, value: f64) {
        self.trigger.pull();
        self.inner.record(value);
    }
}

fn flaky() -> (testing::Recorder, Arc<Trigger>, HttpMetricsLayer) {
    quiet_panics();
    let (inner, trigger) = (testing::Recorder::new(), Arc::new(Trigger::default()));
    let recorder = Flaky { inner: inner.clone(), trigger: Arc::clone(&trigger) };
    (inner, trigger, HttpMetricsLayer::new().recorder(Arc::new(recorder)))
}

fn call(layer: &HttpMetricsLayer) -> Response<tower_metrics::http::ResponseBody<Empty<Bytes>>> {
    let answer =
        service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))));
    layer.layer(answer).oneshot(Request::new(())).now_or_never().unwrap().unwrap()
}

/// What is asked for panics as well: descriptions, handles, counts, samples, the gauge.
#[test]
fn ten_thousand_calls_are_answered_whatever_the_recorder_does() {
    let (inner, trigger, layer) = flaky();
    trigger.is_armed.store(true, Ordering::SeqCst);
    for _ in 0..1_000 {
        assert_eq!(call(&layer).status(), 200);
    }
    let while_asked_for = trigger.panicked.load(Ordering::SeqCst);
    assert!(while_asked_for >= 500, "{while_asked_for}");
    trigger.is_armed.store(false, Ordering::SeqCst);
    assert_eq!(call(&layer).status(), 200);
    trigger.is_armed.store(true, Ordering::SeqCst);
    for _ in 0..10_000 {
        assert_eq!(call(&layer).status(), 200);
    }
    let while_told = trigger.panicked.load(Ordering::SeqCst) - while_asked_for;
    assert_eq!(while_told, 20_000, "two of the four things that are told of each call");

    // As soon as it behaves, everything is recorded again, and nothing hangs in the gauge.
    trigger.is_armed.store(false, Ordering::SeqCst);
    let before = inner.counter("http_requests_total", []);
    let samples = inner.samples("http_request_duration_seconds", []).len();
    (0..100).for_each(|_| drop(call(&layer)));
    assert_eq!(inner.counter("http_requests_total", []), before + 100);
    assert_eq!(inner.samples("http_request_duration_seconds", []).len(), samples + 100);
    assert_eq!(inner.gauge("http_requests_in_flight", []), 0.0);
}

/// A panic of the recorder in a `Drop` that runs because of another panic would abort the process.
#[test]
fn a_call_that_is_dropped_while_a_panic_unwinds_does_not_abort() {
    let (inner, trigger, layer) = flaky();
    call(&layer);
    let hang = service_fn(|_: Request<()>| pending::<Result<Response<Empty<Bytes>>, Infallible>>());
    trigger.is_armed.store(true, Ordering::SeqCst);
    for _ in 0..100 {
        let unwinding = catch_unwind(AssertUnwindSafe(|| {
            let _calls: Vec<_> = (0..3).map(|_| layer.layer(hang).call(Request::new(()))).collect();
            panic!("as asked");
        }));
        assert_eq!(*unwinding.unwrap_err().downcast::<&str>().unwrap(), "as asked");
    }
    trigger.is_armed.store(false, Ordering::SeqCst);
    call(&layer);
    assert_eq!(inner.gauge("http_requests_in_flight", []), 0.0);
}

/// One of eight threads is the first to ask for the handles, and the recorder panics.
#[test]
fn a_panic_while_handles_are_asked_for_poisons_nothing() {
    let (inner, trigger, layer) = flaky();
    trigger.is_armed.store(true, Ordering::SeqCst);
    call(&layer);
    assert!(trigger.panicked.load(Ordering::SeqCst) > 0);
    trigger.is_armed.store(false, Ordering::SeqCst);
    let before = inner.counter("http_requests_total", []);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..1_250).for_each(|_| drop(call(&layer))));
        }
    });
    assert_eq!(inner.counter("http_requests_total", []), before + 10_000);
}

/// The cap counts a label set once, however often its handles are asked for in vain.
#[test]
fn a_label_set_whose_handles_could_not_be_had_takes_one_place() {
    let (inner, trigger, layer) = flaky();
    let layer = layer.endpoint(|head| Some(head.uri().path().into())).max_label_sets(10);
    let call = |path: &str| {
        let answer =
            service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))));
        let request = Request::get(path).body(()).unwrap();
        layer.layer(answer).oneshot(request).now_or_never().unwrap().unwrap();
    };
    call("/well");
    trigger.is_armed.store(true, Ordering::SeqCst);
    (0..50).for_each(|_| call("/sick"));
    trigger.is_armed.store(false, Ordering::SeqCst);
    call("/later");
    assert!(inner.gauge("tower_metrics_label_sets", []) <= 3.0, "{inner}");
    assert_eq!(inner.counter("http_requests_total", [("endpoint", "/later")]), 1, "{inner}");
}

/// The label set of an answer, for which the recorder has no handles, takes no call of the one of its request along.
#[test]
fn a_call_whose_answer_has_no_handles_leaves_what_it_entered() {
    let (inner, trigger, layer) = flaky();
    let armed = Arc::clone(&trigger);
    // Armed in between: the request's handles are had, and not the answer's.
    let layer = layer.response_label("tier", move |_| {
        armed.is_armed.store(true, Ordering::SeqCst);
        Some("edge".into())
    });
    for _ in 0..3 {
        call(&layer);
        trigger.is_armed.store(false, Ordering::SeqCst);
    }
    assert!(trigger.panicked.load(Ordering::SeqCst) > 0);
    assert_eq!(inner.gauge("http_requests_in_flight", []), 0.0, "{inner}");
}

/// What was lost is told with the next change.
#[test]
fn the_oldest_call_is_told_again_as_soon_as_the_recorder_behaves() {
    let (inner, trigger, layer) = flaky();
    let layer = layer.oldest_start_timestamp();
    call(&layer);
    let hang = service_fn(|_: Request<()>| pending::<Result<Response<Empty<Bytes>>, Infallible>>());
    trigger.is_armed.store(true, Ordering::SeqCst);
    for _ in 0..1_000 {
        let held: Vec<_> = (0..3).map(|_| layer.layer(hang).call(Request::new(()))).collect();
        assert_eq!(call(&layer).status(), 200);
        drop(held);
    }
    assert!(trigger.panicked.load(Ordering::SeqCst) > 1_000);
    trigger.is_armed.store(false, Ordering::SeqCst);
    let oldest = || inner.gauge("http_requests_oldest_start_timestamp_seconds", []);
    let held = layer.layer(hang).call(Request::new(()));
    assert!(oldest() > 1e9, "{inner}");
    drop(held);
    assert!(oldest().is_nan(), "{inner}");
}

/// Though it stays the oldest, so that what is to be told does not change.
#[test]
fn a_stuck_call_of_which_the_recorder_was_told_in_vain_is_told_with_the_next_call() {
    let (inner, trigger, layer) = flaky();
    let layer = layer.oldest_start_timestamp();
    call(&layer);
    let hang = service_fn(|_: Request<()>| pending::<Result<Response<Empty<Bytes>>, Infallible>>());
    let oldest = || inner.gauge("http_requests_oldest_start_timestamp_seconds", []);
    trigger.is_relentless.store(true, Ordering::SeqCst);
    let stuck = layer.layer(hang).call(Request::new(()));
    trigger.is_relentless.store(false, Ordering::SeqCst);
    assert!(oldest().is_nan(), "{inner}");
    call(&layer);
    assert!(oldest() > 1e9, "{inner}");
    // And the end of the last one.
    trigger.is_relentless.store(true, Ordering::SeqCst);
    drop(stuck);
    trigger.is_relentless.store(false, Ordering::SeqCst);
    assert!(oldest() > 1e9, "{inner}");
    call(&layer);
    assert!(oldest().is_nan(), "{inner}");
}
