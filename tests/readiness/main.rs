//! How long callers wait until a service is ready.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    task::{Context, Poll, Waker},
    time::Duration,
};

use futures_util::FutureExt;
use tower::{Layer, Service, ServiceExt, limit::ConcurrencyLimitLayer, service_fn};
use tower_metrics::{
    ReadinessLayer,
    testing::{Clock, MockClock, Recorder},
};
use tower_test::mock;

fn measured() -> (Recorder, MockClock, ReadinessLayer) {
    let recorder = Recorder::new();
    let (clock, time) = Clock::mock();
    let layer = ReadinessLayer::new("pool").recorder(recorder.shared()).clock(clock);
    (recorder, time, layer)
}

fn waits(recorder: &Recorder, outcome: &str) -> Vec<f64> {
    recorder.samples("service_ready_wait_seconds", [("service", "pool"), ("outcome", outcome)])
}

fn all_waits(recorder: &Recorder) -> usize {
    recorder.samples("service_ready_wait_seconds", []).len()
}

#[tokio::test]
async fn a_wait_lasts_from_the_first_pending_to_ready() {
    let (recorder, time, layer) = measured();
    let (service, mut handle) = mock::pair::<(), ()>();
    let mut service = mock::Spawn::new(layer.layer(service));
    handle.allow(0);
    for _ in 0..3 {
        assert!(service.poll_ready().is_pending());
        time.advance(Duration::from_micros(300));
    }
    assert_eq!(all_waits(&recorder), 0);
    handle.allow(1);
    assert!(service.poll_ready().is_ready());
    assert_eq!(waits(&recorder, "ready"), [0.0009], "less than a millisecond is a wait too");
    assert!(service.poll_ready().is_ready());
    assert_eq!(all_waits(&recorder), 1);
}

#[tokio::test]
async fn who_need_not_wait_records_nothing() {
    let (recorder, _, layer) = measured();
    let service = layer.layer(service_fn(async |(): ()| Ok::<_, ()>(())));
    for _ in 0..10 {
        service.clone().oneshot(()).await.unwrap();
    }
    assert_eq!(recorder.registrations(), 0, "{recorder}");
}

#[tokio::test]
async fn a_wait_that_fails_is_error_and_the_error_stays_what_it_was() {
    let (recorder, time, layer) = measured();
    let (service, mut handle) = mock::pair::<(), ()>();
    let mut service = mock::Spawn::new(layer.layer(service));
    handle.allow(0);
    assert!(service.poll_ready().is_pending());
    time.advance(Duration::from_millis(5));
    handle.send_error("gone");
    let Poll::Ready(Err(error)) = service.poll_ready() else { panic!("the mock failed") };
    assert_eq!(error.to_string(), "gone");
    assert_eq!(waits(&recorder, "error"), [0.005]);
}

#[tokio::test]
async fn a_handle_that_is_dropped_waiting_abandoned_its_wait() {
    let (recorder, time, layer) = measured();
    let (service, mut handle) = mock::pair::<(), ()>();
    let mut service = mock::Spawn::new(layer.layer(service));
    handle.allow(0);
    assert!(service.poll_ready().is_pending());
    time.advance(Duration::from_millis(7));
    drop(service);
    assert_eq!((waits(&recorder, "abandoned"), all_waits(&recorder)), (vec![0.007], 1));
}

#[tokio::test]
async fn clones_wait_on_their_own_clock() {
    let (recorder, time, layer) = measured();
    let limited = ConcurrencyLimitLayer::new(1).layer(service_fn(async |(): ()| Ok::<_, ()>(())));
    let mut first = layer.layer(limited);
    first.ready().await.unwrap();

    let mut second = first.clone();
    assert!(second.ready().now_or_never().is_none());
    time.advance(Duration::from_millis(10));
    let mut third = second.clone();
    assert!(third.ready().now_or_never().is_none());
    time.advance(Duration::from_millis(20));

    first.call(()).await.unwrap();
    second.ready().await.unwrap();
    assert_eq!(waits(&recorder, "ready"), [0.03]);
    drop(third);
    assert_eq!(waits(&recorder, "abandoned"), [0.02]);
}

/// Pending at first, then it panics.
struct Panics(bool);

impl Service<()> for Panics {
    type Response = ();
    type Error = ();
    type Future = std::future::Ready<Result<(), ()>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
        assert!(!std::mem::replace(&mut self.0, true), "as asked");
        Poll::Pending
    }

    fn call(&mut self, (): ()) -> Self::Future {
        std::future::ready(Ok(()))
    }
}

#[test]
fn a_panic_while_waiting_is_panicked() {
    let (recorder, _, layer) = measured();
    let mut service = layer.layer(Panics(false));
    let mut poll = || service.poll_ready(&mut Context::from_waker(Waker::noop())).is_pending();
    assert!(poll());
    assert!(catch_unwind(AssertUnwindSafe(poll)).is_err());
    drop(service);
    assert_eq!((waits(&recorder, "panicked").len(), all_waits(&recorder)), (1, 1), "{recorder}");
}

#[tokio::test]
async fn a_wait_that_began_without_a_recorder_is_never_counted() {
    let (service, mut handle) = mock::pair::<(), ()>();
    let mut service = mock::Spawn::new(ReadinessLayer::new("pool").layer(service));
    handle.allow(0);
    assert!(service.poll_ready().is_pending());
    let recorder = Recorder::new();
    let _scope = metrics::set_default_local_recorder(&recorder);
    assert!(service.poll_ready().is_pending());
    handle.allow(1);
    assert!(service.poll_ready().is_ready());
    assert_eq!(all_waits(&recorder), 0, "{recorder}");
}
