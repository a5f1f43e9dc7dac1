//! The contract of `tower::Service`: readiness, clones, and what is counted when nobody called.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use tower::{Layer, Service, ServiceExt};
use tower_metrics::{InFlightLayer, LatencyLayer, RequestCountLayer, testing::Recorder};
use tower_test::{assert_request_eq, mock};

use crate::support::{ended, in_flight, measured};

/// Only the handle that was asked for readiness may be called.
struct Probe {
    is_ready: bool,
}

impl Clone for Probe {
    fn clone(&self) -> Self {
        Self { is_ready: false }
    }
}

impl<B> Service<Request<B>> for Probe {
    type Response = Response<Empty<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        assert!(std::mem::take(&mut self.is_ready), "called without readiness");
        ready(Ok(Response::default()))
    }
}

#[tokio::test]
async fn the_handle_that_was_ready_is_the_one_that_is_called() {
    let (recorder, layer) = measured();
    let mut service = layer.layer(Probe { is_ready: false });
    for _ in 0..3 {
        ServiceExt::<Request<()>>::ready(&mut service).await.unwrap().call(Request::new(())).await.unwrap();
    }
    let mut clone = service.clone();
    ServiceExt::<Request<()>>::ready(&mut clone).await.unwrap().call(Request::new(())).await.unwrap();
    assert_eq!(ended(&recorder), 4);
}

#[test]
fn a_clone_is_not_ready_because_its_original_is() {
    let (_, layer) = measured();
    let mut service = layer.layer(Probe { is_ready: false });
    assert!(
        Service::<Request<()>>::poll_ready(&mut service, &mut Context::from_waker(Waker::noop())).is_ready()
    );
    assert!(service.get_ref().is_ready && !service.clone().get_ref().is_ready);
}

#[tokio::test]
async fn readiness_is_that_of_the_inner_service_and_counts_nothing() {
    let (recorder, layer) = measured();
    let (service, mut handle) = mock::pair::<Request<()>, Response<Empty<Bytes>>>();
    let mut service = mock::Spawn::new(layer.layer(service));

    handle.allow(0);
    assert!(service.poll_ready::<Request<()>>().is_pending());
    handle.send_error("gone");
    let Poll::Ready(Err(error)) = service.poll_ready::<Request<()>>() else { panic!("the mock failed") };
    assert_eq!(error.to_string(), "gone");
    assert_eq!(recorder.registrations(), 0, "nothing is recorded before a call: {recorder}");
}

#[tokio::test]
async fn a_call_goes_through_when_the_inner_service_answers() {
    let (recorder, layer) = measured();
    let (service, mut handle) = mock::pair::<&'static str, &'static str>();
    // The mock compares requests, which `http::Request` does not.
    let service = service
        .map_request(|request: Request<&'static str>| request.into_body())
        .map_response(|_| Response::new(Empty::<Bytes>::new()));
    let mut service = mock::Spawn::new(layer.layer(service));
    assert!(service.poll_ready::<Request<&'static str>>().is_ready());
    let call = service.call(Request::new("ping"));
    assert_eq!((ended(&recorder), in_flight(&recorder)), (0, 1.0));
    assert_request_eq!(handle, "ping").send_response("pong");
    call.await.unwrap();
    assert_eq!((ended(&recorder), in_flight(&recorder)), (1, 0.0));
}

#[tokio::test]
async fn each_instrument_alone_records_its_metric_alone() {
    let metrics = ["http_requests_total", "http_request_duration_seconds", "http_requests_in_flight"];
    let recorded = |recorder: &Recorder| metrics.map(|name| !recorder.series(name).is_empty());
    let (recorder, layer) = measured();
    RequestCountLayer::from(layer).layer(Probe { is_ready: false }).oneshot(Request::new(())).await.unwrap();
    assert_eq!(recorded(&recorder), [true, false, false]);

    let (recorder, layer) = measured();
    LatencyLayer::from(layer).layer(Probe { is_ready: false }).oneshot(Request::new(())).await.unwrap();
    assert_eq!(recorded(&recorder), [false, true, false]);

    let (recorder, layer) = measured();
    InFlightLayer::from(layer).layer(Probe { is_ready: false }).oneshot(Request::new(())).await.unwrap();
    assert_eq!(recorded(&recorder), [false, false, true]);
}

#[tokio::test]
async fn nested_instruments_and_the_bundle_give_the_same_series() {
    let (bundled, layer) = measured();
    let bundle = layer.layer(Probe { is_ready: false });

    let (nested, layer) = measured();
    let nest = (
        RequestCountLayer::from(layer.clone()),
        LatencyLayer::from(layer.clone()),
        InFlightLayer::from(layer),
    );
    let nest = nest.layer(Probe { is_ready: false });

    for _ in 0..100 {
        bundle.clone().oneshot(Request::new(())).await.unwrap();
        nest.clone().oneshot(Request::new(())).await.unwrap();
    }
    for name in ["http_requests_total", "http_request_duration_seconds", "http_requests_in_flight"] {
        assert_eq!(bundled.series(name), nested.series(name));
    }
    assert_eq!(ended(&bundled), ended(&nested));
    assert_eq!(bundled.samples("http_request_duration_seconds", []).len(), 100);
    assert_eq!(nested.samples("http_request_duration_seconds", []).len(), 100);
    assert_eq!(nested.counter("tower_metrics_applied_twice_total", []), 0);
}

#[tokio::test]
async fn a_layer_applied_twice_is_noticed_once_per_label_set() {
    let (recorder, layer) = measured();
    let service = (layer.clone(), layer).layer(Probe { is_ready: false });
    for _ in 0..10 {
        service.clone().oneshot(Request::new(())).await.unwrap();
    }
    assert_eq!(ended(&recorder), 20);
    assert_eq!(recorder.counter("tower_metrics_applied_twice_total", []), 1);
}

#[tokio::test]
async fn a_layer_applied_twice_is_noticed_with_another_between() {
    let (recorder, layer) = measured();
    let count = || RequestCountLayer::from(layer.clone());
    let service = (count(), LatencyLayer::from(layer.clone()), count()).layer(Probe { is_ready: false });
    service.oneshot(Request::new(())).await.unwrap();
    assert_eq!(recorder.counter("tower_metrics_applied_twice_total", []), 1);
}

#[tokio::test]
async fn two_layers_of_two_recorders_are_not_one_applied_twice() {
    let ((one, outer), (other, inner)) = (measured(), measured());
    (outer, inner).layer(Probe { is_ready: false }).oneshot(Request::new(())).await.unwrap();
    for recorder in [one, other] {
        assert_eq!((ended(&recorder), recorder.counter("tower_metrics_applied_twice_total", [])), (1, 0));
    }
}

#[tokio::test]
async fn layers_and_bodies_can_be_printed() {
    let (_, layer) = measured();
    let printed = format!("{layer:?}");
    assert!(printed.contains("HttpMetricsLayer") && printed.contains("is_given: true"), "{printed}");
    let response = layer.layer(Probe { is_ready: false }).oneshot(Request::new(())).await.unwrap();
    let printed = format!("{:?}", response.body());
    assert!(printed.contains("ResponseBody") && printed.contains("is_open: false"), "{printed}");
}
