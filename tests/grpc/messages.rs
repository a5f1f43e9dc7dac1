//! Messages of both directions, and the frames that carry them.

use std::{convert::Infallible, future::ready};

use bytes::Bytes;
use futures_util::{FutureExt, stream};
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Empty, StreamBody};
use proptest::prelude::*;
use tower::{Layer, ServiceExt, service_fn};
use tower_metrics::{GrpcMessagesLayer, GrpcMetricsLayer, grpc::bidi_stream, testing::Recorder};

fn messages(recorder: &Recorder, layer: GrpcMetricsLayer) -> GrpcMessagesLayer {
    GrpcMessagesLayer::from(layer.methods([bidi_stream("shop.Orders", "Watch")]).recorder(recorder.shared()))
}

fn message(length: usize) -> Vec<u8> {
    let mut message = vec![0];
    message.extend(u32::try_from(length).unwrap().to_be_bytes());
    message.resize(5 + length, 7);
    message
}

/// The bytes cut into frames, with trailers behind.
fn frames(bytes: &[u8], cuts: &[usize]) -> Vec<Result<Frame<Bytes>, Infallible>> {
    let mut frames = Vec::new();
    let mut rest = bytes;
    for cut in cuts.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (frame, after) = rest.split_at(rest.len().min(*cut));
        frames.push(Ok(Frame::data(Bytes::copy_from_slice(frame))));
        rest = after;
    }
    let trailers = HeaderMap::from_iter([("grpc-status".parse().unwrap(), "0".parse().unwrap())]);
    frames.push(Ok(Frame::trailers(trailers)));
    frames
}

/// What came through, frame by frame.
fn passed(
    body: impl http_body::Body<Data = Bytes, Error = Infallible>,
) -> Vec<(Option<Bytes>, Option<HeaderMap>)> {
    let mut body = Box::pin(body);
    let mut passed = Vec::new();
    while let Some(frame) = body.frame().now_or_never().unwrap() {
        let frame = frame.unwrap();
        passed.push((frame.data_ref().cloned(), frame.trailers_ref().cloned()));
    }
    passed
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn frames_are_the_same_one_by_one_and_messages_are_counted_however_they_are_cut(
        received in proptest::collection::vec(0_usize..50, 0..10),
        sent in proptest::collection::vec(0_usize..50, 0..10),
        cuts in proptest::collection::vec(1_usize..40, 1..20),
    ) {
        let recorder = Recorder::new();
        let bytes = |lengths: &[usize]| lengths.iter().flat_map(|length| message(*length)).collect::<Vec<_>>();
        let (asked, answered) = (bytes(&received), bytes(&sent));
        let body = |bytes: &[u8]| StreamBody::new(stream::iter(frames(bytes, &cuts)));

        let answer = body(&answered);
        let expected = passed(body(&asked));
        let mut answer = Some(answer);
        let service = messages(&recorder, GrpcMetricsLayer::new()).layer(service_fn(|request: Request<_>| {
            assert_eq!(passed(request.into_body()), expected);
            ready(Ok::<_, Infallible>(Response::new(answer.take().unwrap())))
        }));
        let request = Request::post("/shop.Orders/Watch").body(body(&asked)).unwrap();
        let response = service.oneshot(request).now_or_never().unwrap().unwrap();
        prop_assert_eq!(passed(response.into_body()), passed(body(&answered)));

        let labels = [("grpc_type", "bidi_stream"), ("grpc_method", "Watch")];
        prop_assert_eq!(recorder.counter("grpc_server_msg_received_total", labels), received.len() as u64);
        prop_assert_eq!(recorder.counter("grpc_server_msg_sent_total", labels), sent.len() as u64);
    }
}

#[test]
fn a_client_sends_what_a_server_receives() {
    let recorder = Recorder::new();
    let body = |count: usize| StreamBody::new(stream::iter(frames(&message(3).repeat(count), &[4])));
    let mut answer = Some(body(2));
    let service = messages(&recorder, GrpcMetricsLayer::client()).layer(service_fn(|request: Request<_>| {
        passed(request.into_body());
        ready(Ok::<_, Infallible>(Response::new(answer.take().unwrap())))
    }));
    let request = Request::post("/shop.Orders/Watch").body(body(5)).unwrap();
    passed(service.oneshot(request).now_or_never().unwrap().unwrap().into_body());
    assert_eq!(recorder.counter("grpc_client_msg_sent_total", []), 5);
    assert_eq!(recorder.counter("grpc_client_msg_received_total", []), 2);
}

#[test]
fn a_hundred_thousand_messages_cost_no_allocation() {
    let exporter = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let handle = exporter.handle();
    let layer = GrpcMetricsLayer::new().methods([bidi_stream("shop.Orders", "Watch")]);
    let layer = layer.recorder(std::sync::Arc::new(exporter));
    let one = Bytes::from(message(100));
    let frames =
        stream::iter(std::iter::repeat_n(one, 100_001).map(|bytes| Ok::<_, Infallible>(Frame::data(bytes))));
    let mut answer = Some(StreamBody::new(frames));
    let stack = (layer.clone(), GrpcMessagesLayer::from(layer));
    let service = stack
        .layer(service_fn(|_: Request<_>| ready(Ok::<_, Infallible>(Response::new(answer.take().unwrap())))));
    let request = Request::post("/shop.Orders/Watch").body(Empty::<Bytes>::new()).unwrap();
    let mut body = Box::pin(service.oneshot(request).now_or_never().unwrap().unwrap().into_body());
    // The first message finds its counter.
    assert!(body.frame().now_or_never().is_some());
    let mut count = 1;
    let info = allocation_counter::measure(|| {
        while count < 100_001 && body.frame().now_or_never().is_some() {
            count += 1;
        }
    });
    assert_eq!((count, info.count_total), (100_001, 0));
    let labels = "grpc_type=\"bidi_stream\",grpc_service=\"shop.Orders\",grpc_method=\"Watch\"";
    let line = format!("grpc_server_msg_sent_total{{{labels}}} 100001");
    assert!(handle.render().contains(&line), "{}", handle.render());
}

#[test]
fn names_of_a_house_and_services_left_out_are_those_of_the_layer() {
    let recorder = Recorder::new();
    let naming = tower_metrics::names::Naming::new().prefix("house_");
    let layer = GrpcMetricsLayer::new().naming(&naming).skip_services(["shop.Orders"]);
    for (path, count) in [("/shop.Orders/Watch", 0), ("/shop.Other/Watch", 1)] {
        let mut answer = Some(StreamBody::new(stream::iter(frames(&message(3), &[4]))));
        let service = messages(&recorder, layer.clone()).layer(service_fn(|_: Request<_>| {
            ready(Ok::<_, Infallible>(Response::new(answer.take().unwrap())))
        }));
        let request = Request::post(path).body(Empty::<Bytes>::new()).unwrap();
        passed(service.oneshot(request).now_or_never().unwrap().unwrap().into_body());
        assert_eq!(recorder.counter("house_grpc_server_msg_sent_total", []), count, "{recorder}");
    }
}
