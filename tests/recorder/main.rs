//! The recorder may be absent, come late, be scoped, or take only a part.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

mod panicking;
#[path = "../support/mod.rs"]
mod support;

use std::{
    convert::Infallible,
    future::{pending, ready},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::Empty;
use metrics::{
    Counter, CounterFn, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit, with_local_recorder,
};
use metrics_util::layers::{FanoutBuilder, FilterLayer, Layer as _};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_metrics::{
    HttpMetricsLayer, InFlightLayer, LatencyLayer, RequestCountLayer,
    testing::{Clock, Recorder},
};

type Answer = std::future::Ready<Result<Response<Empty<Bytes>>, Infallible>>;

fn answer(_: Request<()>) -> Answer {
    ready(Ok(Response::new(Empty::new())))
}

fn call(layer: &HttpMetricsLayer) {
    layer.layer(service_fn(answer)).oneshot(Request::new(())).now_or_never().unwrap().unwrap();
}

fn ended(recorder: &Recorder) -> u64 {
    recorder.counter("http_requests_total", [])
}

/// One test, because there is one global recorder in a process.
#[test]
fn the_global_recorder_may_come_late() {
    let looked_up = Arc::new(AtomicU64::new(0));
    let counts = Arc::clone(&looked_up);
    let layer = HttpMetricsLayer::new().endpoint(move |_| {
        counts.fetch_add(1, Ordering::SeqCst);
        Some("/late".into())
    });

    layer.initialize();
    for _ in 0..1_000 {
        call(&layer);
    }
    let hang = service_fn(|_: Request<()>| pending::<Result<Response<Empty<Bytes>>, Infallible>>());
    let begun_before = layer.layer(hang).call(Request::new(()));
    assert_eq!(looked_up.load(Ordering::SeqCst), 0, "without a recorder nothing is looked up");

    let recorder = Recorder::new();
    metrics::set_global_recorder(recorder.clone()).expect("no other test here installs one");
    call(&layer);
    assert_eq!(recorder.counter("http_requests_total", [("endpoint", "/late")]), 1, "{recorder}");
    assert!(recorder.description("http_requests_total").is_some(), "it is described when it comes");

    drop(begun_before);
    assert_eq!(ended(&recorder), 1, "what began without a recorder is never counted");
    assert_eq!(recorder.gauge("http_requests_in_flight", []), 0.0);

    // A call belongs to the recorder that was current when it began, on whatever thread it ends.
    let call = layer.layer(hang).call(Request::new(()));
    std::thread::spawn(move || drop(call)).join().unwrap();
    assert_eq!(recorder.counter("http_requests_total", [("outcome", "cancelled")]), 1);

    let scoped = Recorder::new();
    with_local_recorder(&scoped, || self::call(&layer));
    assert_eq!((ended(&scoped), ended(&recorder)), (1, 2), "the scoped recorder goes before the global one");
}

#[test]
fn each_scope_sees_its_own_calls() {
    for _ in 0..3 {
        let recorder = Recorder::new();
        with_local_recorder(&recorder, || {
            let layer = HttpMetricsLayer::new();
            call(&layer);
            call(&layer);
        });
        assert_eq!(ended(&recorder), 2);
    }
}

#[test]
fn one_layer_serves_several_recorders_at_once() {
    let layer = HttpMetricsLayer::new();
    let recorders = [Recorder::new(), Recorder::new(), Recorder::new()];
    for round in 0..6 {
        with_local_recorder(&recorders[round % 3], || call(&layer));
    }
    assert_eq!(recorders.each_ref().map(ended), [2, 2, 2]);
}

#[test]
fn a_call_that_outlives_its_scope_makes_no_series_of_another_recorder() {
    let (began, ends) = (Recorder::new(), Recorder::new());
    let layer = HttpMetricsLayer::new();
    let hang = service_fn(|_: Request<()>| pending::<Result<Response<Empty<Bytes>>, Infallible>>());
    let call = with_local_recorder(&began, || layer.layer(hang).call(Request::new(())));
    assert_eq!(began.gauge("http_requests_in_flight", []), 1.0);
    with_local_recorder(&ends, || drop(call));
    assert_eq!(began.gauge("http_requests_in_flight", []), 0.0);
    assert_eq!(ends.registrations(), 0, "{ends}");
}

#[test]
fn the_recorder_that_a_layer_was_given_goes_before_all_others() {
    let (given, scoped) = (Recorder::new(), Recorder::new());
    let layer = HttpMetricsLayer::new().recorder(given.shared());
    with_local_recorder(&scoped, || call(&layer));
    assert_eq!((ended(&given), ended(&scoped)), (1, 0));
}

#[test]
fn handles_are_asked_for_once() {
    let recorder = Recorder::new();
    let layer = HttpMetricsLayer::new().response_head_duration().recorder(recorder.shared());
    call(&layer);
    let registrations = recorder.registrations();
    for _ in 0..100 {
        call(&layer);
    }
    assert_eq!(recorder.registrations(), registrations);
}

/// An idle timeout of four seconds or more makes handles good for a second; one by a clock that went back is not.
#[test]
fn handles_that_may_be_forgotten_are_asked_for_again_when_they_are_old() {
    let recorder = Recorder::new();
    let (clock, time) = Clock::mock();
    let second = Duration::from_secs(1);
    time.advance(60 * second);
    let layer = HttpMetricsLayer::new().recorder(recorder.shared()).clock(clock).idle_timeout(4 * second);
    call(&layer);
    let asked_again = || {
        let before = recorder.registrations();
        call(&layer);
        recorder.registrations() > before
    };
    assert!(!asked_again());
    time.advance(second);
    assert!(!asked_again());
    time.advance(Duration::from_nanos(1));
    assert!(asked_again());
    time.rewind(Duration::from_nanos(1));
    assert!(asked_again());
    assert!(!asked_again());
}

/// One instrument alone tells that there is no recorder as all three do.
#[test]
fn without_a_recorder_no_single_instrument_looks_anything_up() {
    let asked = Arc::new(AtomicU64::new(0));
    let counts = Arc::clone(&asked);
    let layer = HttpMetricsLayer::new().endpoint(move |_| {
        counts.fetch_add(1, Ordering::SeqCst);
        None
    });
    let nobody = metrics::NoopRecorder;
    with_local_recorder(&nobody, || {
        let timed = LatencyLayer::from(layer.clone()).layer(service_fn(answer));
        timed.oneshot(Request::new(())).now_or_never().unwrap().unwrap();
        let shown = InFlightLayer::from(layer).layer(service_fn(answer));
        shown.oneshot(Request::new(())).now_or_never().unwrap().unwrap();
    });
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[test]
fn behind_a_fanout_all_count() {
    let (one, other) = (Recorder::new(), Recorder::new());
    let fanout = FanoutBuilder::default().add_recorder(one.clone()).add_recorder(other.clone()).build();
    with_local_recorder(&fanout, || call(&HttpMetricsLayer::new()));
    assert_eq!((ended(&one), ended(&other)), (1, 1));
}

/// A filter may take what the crate tells about itself, or all but one instrument.
#[test]
fn behind_a_filter_what_is_let_through_counts() {
    for (patterns, count, samples) in [
        (&["tower_metrics"][..], 1, 1),
        (&["http_requests_total"], 0, 1),
        (&["http_request_duration"], 1, 0),
        (&["http_requests_in_flight"], 1, 1),
        (&["tower_metrics", "in_flight"], 1, 1),
        (&["tower_metrics", "duration"], 1, 0),
    ] {
        let recorder = Recorder::new();
        let filtered = FilterLayer::from_patterns(patterns).layer(recorder.clone());
        with_local_recorder(&filtered, || call(&HttpMetricsLayer::new()));
        assert_eq!(ended(&recorder), count, "{patterns:?}");
        assert_eq!(recorder.samples("http_request_duration_seconds", []).len(), samples, "{patterns:?}");
    }
    let recorder = Recorder::new();
    let filtered = FilterLayer::from_patterns(["tower_metrics"]).layer(recorder.clone());
    with_local_recorder(&filtered, || {
        let layer = RequestCountLayer::http();
        layer.layer(service_fn(answer)).oneshot(Request::new(())).now_or_never().unwrap().unwrap();
    });
    assert_eq!(ended(&recorder), 1);
}

/// Without a size, as the facade's own no-op recorder is, but it counts.
struct Sizeless;

static SIZELESS: AtomicU64 = AtomicU64::new(0);

struct SizelessCounter;

impl CounterFn for SizelessCounter {
    fn increment(&self, value: u64) {
        SIZELESS.fetch_add(value, Ordering::SeqCst);
    }

    fn absolute(&self, _: u64) {}
}

struct SizelessGauge;

impl metrics::GaugeFn for SizelessGauge {
    fn increment(&self, _: f64) {}

    fn decrement(&self, _: f64) {}

    fn set(&self, _: f64) {}
}

impl metrics::Recorder for Sizeless {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(Arc::new(SizelessCounter))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(Arc::new(SizelessGauge))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[test]
fn a_recorder_without_a_size_is_not_taken_for_none() {
    with_local_recorder(&Sizeless, || call(&HttpMetricsLayer::new()));
    assert_eq!(SIZELESS.load(Ordering::SeqCst), 1);
}
