//! Every way in which a call of any service can end, on `tower_test::mock`.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    task::Poll,
    time::Duration,
};

use futures_util::FutureExt;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_metrics::{
    Metrics, ServiceMetricsLayer,
    service::AnyService,
    testing::{Clock, Recorder},
};
use tower_test::{assert_request_eq, mock};

fn measured() -> (Recorder, ServiceMetricsLayer) {
    let recorder = Recorder::new();
    let layer = ServiceMetricsLayer::new("job").recorder(recorder.shared());
    (recorder, layer)
}

type Mock = mock::Mock<&'static str, &'static str>;
type Handle = mock::Handle<&'static str, &'static str>;
type Measured = mock::Spawn<Metrics<Mock, AnyService<()>>>;

/// A measured service that is ready, and who answers behind it.
fn ready() -> (Recorder, Measured, Handle) {
    let (recorder, layer) = measured();
    let (service, handle): (Mock, _) = mock::pair();
    let mut service = mock::Spawn::new(layer.layer(service));
    assert!(service.poll_ready().is_ready());
    (recorder, service, handle)
}

#[track_caller]
fn assert_ended_once(recorder: &Recorder, outcome: &str) {
    assert_eq!(recorder.counter("job_total", [("outcome", outcome)]), 1, "{recorder}");
    assert_eq!(recorder.counter("job_total", []), 1, "{recorder}");
    assert_eq!(recorder.samples("job_duration_seconds", [("outcome", outcome)]).len(), 1, "{recorder}");
    assert_eq!(recorder.gauge("job_in_flight", []), 0.0, "{recorder}");
}

#[tokio::test]
async fn an_answer_is_completed() {
    let (recorder, mut service, mut handle) = ready();
    let call = service.call("ping");
    assert_eq!((recorder.counter("job_total", []), recorder.gauge("job_in_flight", [])), (0, 1.0));
    assert_request_eq!(handle, "ping").send_response("pong");
    assert_eq!(call.await.unwrap(), "pong");
    assert_ended_once(&recorder, "completed");
}

#[tokio::test]
async fn an_error_is_error_and_stays_what_it_was() {
    let (recorder, mut service, mut handle) = ready();
    let call = service.call("ping");
    assert_request_eq!(handle, "ping").send_error("refused");
    assert_eq!(call.await.unwrap_err().to_string(), "refused");
    assert_ended_once(&recorder, "error");
}

#[tokio::test]
async fn dropped_before_its_first_poll_a_call_is_cancelled() {
    let (recorder, mut service, _handle) = ready();
    drop(service.call("ping"));
    assert_ended_once(&recorder, "cancelled");
}

#[tokio::test]
async fn dropped_pending_a_call_is_cancelled() {
    let (recorder, mut service, _handle) = ready();
    let mut call = Box::pin(service.call("ping"));
    assert!(call.as_mut().now_or_never().is_none());
    drop(call);
    assert_ended_once(&recorder, "cancelled");
}

#[test]
fn a_panic_is_panicked_wherever_it_is() {
    let (recorder, layer) = measured();
    let mut in_call =
        layer.layer(service_fn(|(): ()| -> std::future::Ready<Result<(), ()>> { panic!("in call") }));
    assert!(catch_unwind(AssertUnwindSafe(|| drop(in_call.call(())))).is_err());
    assert_ended_once(&recorder, "panicked");

    let (recorder, layer) = measured();
    let in_future = layer.layer(service_fn(async |(): ()| -> Result<(), ()> { panic!("in the future") }));
    assert!(catch_unwind(AssertUnwindSafe(|| in_future.oneshot(()).now_or_never())).is_err());
    assert_ended_once(&recorder, "panicked");
}

#[tokio::test]
async fn what_is_not_ready_counts_nothing_and_fails_as_it_does() {
    let (recorder, layer) = measured();
    let (service, mut handle) = mock::pair::<&'static str, &'static str>();
    let mut service = mock::Spawn::new(layer.layer(service));
    handle.allow(0);
    assert!(service.poll_ready().is_pending());
    handle.send_error("gone");
    let Poll::Ready(Err(error)) = service.poll_ready() else { panic!("the mock failed") };
    assert_eq!(error.to_string(), "gone");
    assert_eq!(recorder.registrations(), 0);
}

#[tokio::test]
async fn clones_count_together() {
    let (recorder, layer) = measured();
    let service = layer.layer(service_fn(async |n: u32| Ok::<_, ()>(n)));
    for n in 0..10 {
        service.clone().oneshot(n).await.unwrap();
    }
    assert_eq!(recorder.counter("job_total", [("outcome", "completed")]), 10);
}

#[test]
fn a_call_lasts_from_call_to_its_result() {
    let recorder = Recorder::new();
    let (clock, time) = Clock::mock();
    let layer = ServiceMetricsLayer::new("job").recorder(recorder.shared()).clock(clock);
    let mut service = layer.layer(service_fn(async |(): ()| Ok::<_, ()>(())));
    let call = service.call(());
    time.advance(Duration::from_millis(1_118));
    call.now_or_never().unwrap().unwrap();
    assert_eq!(recorder.samples("job_duration_seconds", []), [1.118]);
}
