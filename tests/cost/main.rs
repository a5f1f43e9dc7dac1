//! What a cached call costs: no allocation, and no handle asked for again.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

use std::{
    convert::Infallible,
    future::{Future, Ready, pending, ready},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use tower::{Layer, Service, ServiceExt, service_fn, util::ServiceFn};
use tower_metrics::{
    HttpMetricsLayer, InFlightLayer, LatencyLayer, Metrics, RejectionLayer, RequestCountLayer, http::Http,
};

/// Handles that take everything and keep only how often.
#[derive(Default)]
struct Taking {
    taken: Arc<Taken>,
    registrations: AtomicU64,
}

#[derive(Default)]
struct Taken(AtomicU64);

impl CounterFn for Taken {
    fn increment(&self, _: u64) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn absolute(&self, _: u64) {}
}

impl GaugeFn for Taken {
    fn increment(&self, _: f64) {}

    fn decrement(&self, _: f64) {}

    fn set(&self, _: f64) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl HistogramFn for Taken {
    fn record(&self, _: f64) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Taking {
    fn handle(&self) -> Arc<Taken> {
        self.registrations.fetch_add(1, Ordering::Relaxed);
        Arc::clone(&self.taken)
    }
}

impl Recorder for Taking {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.handle())
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.handle())
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.handle())
    }
}

type Answer = Ready<Result<Response<Full<Bytes>>, Infallible>>;

fn answer(_: Request<()>) -> Answer {
    ready(Ok(Response::new(Full::new(Bytes::from_static(b"hello")))))
}

/// One call, its answer read to the end, by a caller that allocates nothing itself.
fn call(
    service: &mut Metrics<
        impl Service<Request<()>, Response = Response<Full<Bytes>>, Error = Infallible>,
        Http,
    >,
) {
    let context = &mut Context::from_waker(Waker::noop());
    let Poll::Ready(Ok(response)) = pin!(service.call(Request::new(()))).poll(context) else {
        panic!("the answer is ready")
    };
    let mut body = pin!(response.into_body());
    while !body.is_end_stream() {
        assert!(body.as_mut().poll_frame(context).is_ready());
    }
}

type Bare = ServiceFn<fn(Request<()>) -> Answer>;

/// What 1,000 calls cost after the first one: allocations, operations on handles, handles asked for.
fn cost<L>(layer: impl FnOnce(HttpMetricsLayer) -> L) -> (u64, u64, u64)
where
    L: Layer<Bare, Service = Metrics<Bare, Http>>,
{
    let recorder = Arc::new(Taking::default());
    let layer = layer(HttpMetricsLayer::new().recorder(Arc::clone(&recorder) as _));
    let mut service = layer.layer(service_fn(answer as fn(Request<()>) -> Answer));
    call(&mut service);
    let taken = recorder.taken.0.load(Ordering::Relaxed);
    let registered = recorder.registrations.load(Ordering::Relaxed);
    let allocations = allocation_counter::measure(|| (0..1_000).for_each(|_| call(&mut service)));
    (
        allocations.count_total,
        recorder.taken.0.load(Ordering::Relaxed) - taken,
        recorder.registrations.load(Ordering::Relaxed) - registered,
    )
}

#[test]
fn a_cached_call_allocates_nothing() {
    assert_eq!(cost(|layer| layer), (0, 4_000, 0), "count, sample, gauge up and down");
    assert_eq!(cost(RequestCountLayer::from), (0, 1_000, 0));
    assert_eq!(cost(LatencyLayer::from), (0, 1_000, 0));
    assert_eq!(cost(InFlightLayer::from), (0, 2_000, 0));
}

/// Each call is the oldest, and then none is; or all are behind one that is stuck.
#[test]
fn nor_does_one_that_may_be_the_oldest() {
    assert_eq!(cost(HttpMetricsLayer::oldest_start_timestamp), (0, 6_000, 0));
    let stuck = |layer: HttpMetricsLayer| {
        let layer = layer.oldest_start_timestamp();
        let hang = service_fn(|_: Request<()>| pending::<Result<Response<Full<Bytes>>, Infallible>>());
        std::mem::forget(layer.layer(hang).call(Request::new(())));
        layer
    };
    assert_eq!(cost(stuck), (0, 4_000, 0), "the oldest stays what it is");
}

/// An exporter that forgets what was only registered keeps what was touched.
#[test]
fn what_stands_at_zero_is_touched_when_it_is_made() {
    let recorder = Arc::new(Taking::default());
    let layer = RequestCountLayer::from(HttpMetricsLayer::new().recorder(Arc::clone(&recorder) as _));
    call(&mut layer.layer(service_fn(answer as fn(Request<()>) -> Answer)));
    let (build_info, failures, counted) = (1, 5, 1);
    assert_eq!(recorder.taken.0.load(Ordering::Relaxed), build_info + failures + counted);
}

#[test]
fn a_call_without_a_recorder_allocates_nothing() {
    let mut service = HttpMetricsLayer::new().layer(service_fn(answer as fn(Request<()>) -> Answer));
    call(&mut service);
    assert_eq!(allocation_counter::measure(|| call(&mut service)).count_total, 0);
}

#[test]
fn the_first_call_is_seen_by_the_counter_of_allocations() {
    let mut service = HttpMetricsLayer::new()
        .recorder(Arc::new(Taking::default()))
        .layer(service_fn(answer as fn(Request<()>) -> Answer));
    assert!(allocation_counter::measure(|| call(&mut service)).count_total > 0);
}

/// axum boxes futures and bodies, and a million calls may be in flight.
#[test]
fn a_call_in_flight_stays_small() {
    let future = size_of::<tower_metrics::http::ResponseFuture<()>>();
    let body = size_of::<tower_metrics::http::ResponseBody<()>>();
    assert!(future <= 40 && body <= 40, "future {future} B, body {body} B");
}

/// Label sets, the cap that has admitted them and the handles know of each other.
#[test]
fn a_layer_that_is_dropped_leaves_nothing_behind() {
    let recorder = Arc::new(Taking::default());
    for idle_timeout in [None, Some(Duration::from_secs(60))] {
        let once = || {
            let layer = HttpMetricsLayer::new()
                .recorder(Arc::clone(&recorder) as _)
                .endpoint(|head| Some(head.uri().path().into()));
            let layer = layer.oldest_start_timestamp();
            let layer = idle_timeout.iter().fold(layer, |layer, timeout| layer.idle_timeout(*timeout));
            call(&mut layer.layer(service_fn(answer as fn(Request<()>) -> Answer)));
        };
        once();
        let left = allocation_counter::measure(|| (0..10).for_each(|_| once()));
        assert_eq!((left.bytes_current, left.count_current), (0, 0), "{idle_timeout:?}: {left:?}");
    }
}

#[test]
fn a_call_that_a_limiter_lets_through_is_counted_and_nothing_else() {
    let recorder = Arc::new(Taking::default());
    let edge = RejectionLayer::new("edge")
        .recorder(Arc::clone(&recorder) as _)
        .around(tower::layer::util::Identity::new());
    let service = edge.layer(service_fn(|(): ()| ready(Ok::<_, Infallible>(()))));
    let call = || service.clone().oneshot(()).now_or_never().unwrap().unwrap();
    call();
    let taken = recorder.taken.0.load(Ordering::Relaxed);
    (0..1_000).for_each(|_| call());
    assert_eq!(recorder.taken.0.load(Ordering::Relaxed) - taken, 1_000);
}
