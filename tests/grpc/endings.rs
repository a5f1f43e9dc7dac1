//! Every way in which a call can end without a status.

use std::{
    convert::Infallible,
    future::{pending, ready},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body::{Body, SizeHint};
use http_body_util::{BodyExt, Empty};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_metrics::{
    GrpcMessagesLayer, GrpcMetricsLayer, InFlightLayer, LatencyLayer, RequestCountLayer,
    grpc::{MessagesBody, unary},
    testing::{Clock, Recorder},
};

use crate::support::{Script, Step};

fn request() -> Request<Empty<Bytes>> {
    Request::post("/shop.Orders/Place").body(Empty::new()).unwrap()
}

/// Both sides, each with the code of a call that broke.
fn sides() -> [(Recorder, GrpcMetricsLayer, &'static str, &'static str); 2] {
    [(GrpcMetricsLayer::new(), "server", "Internal"), (GrpcMetricsLayer::client(), "client", "Unavailable")]
        .map(|(layer, side, broken)| {
            let recorder = Recorder::new();
            let layer = layer.methods([unary("shop.Orders", "Place")]).recorder(recorder.shared());
            (recorder, layer, side, broken)
        })
}

#[track_caller]
fn assert_ended_once(recorder: &Recorder, side: &str, code: &str) {
    let labels = [("grpc_type", "unary"), ("grpc_service", "shop.Orders"), ("grpc_method", "Place")];
    let name = |metric: &str| format!("grpc_{side}_{metric}");
    let with_code = [&labels[..], &[("grpc_code", code)]].concat();
    assert_eq!(recorder.counter(&name("handled_total"), &with_code), 1, "{recorder}");
    assert_eq!(recorder.counter(&name("handled_total"), []), 1, "{recorder}");
    assert_eq!(recorder.counter(&name("started_total"), labels), 1, "{recorder}");
    assert_eq!(recorder.samples(&name("handling_seconds"), labels).len(), 1, "{recorder}");
    assert_eq!(recorder.gauge(&name("in_flight"), labels), 0.0, "{recorder}");
}

fn answer(steps: impl IntoIterator<Item = Step>) -> Response<Script> {
    Response::new(Script::new(steps))
}

#[test]
fn dropped_before_the_head_a_call_is_canceled() {
    for (recorder, layer, side, _) in sides() {
        let mut service = layer.layer(service_fn(|_| pending::<Result<Response<Script>, Infallible>>()));
        let mut call = service.call(request());
        assert!(call.poll_unpin(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(recorder.gauge(&format!("grpc_{side}_in_flight"), []), 1.0);
        drop(call);
        assert_ended_once(&recorder, side, "Canceled");
    }
    for (recorder, layer, side, _) in sides() {
        let mut service = layer.layer(service_fn(|_| pending::<Result<Response<Script>, Infallible>>()));
        drop(service.call(request()));
        assert_ended_once(&recorder, side, "Canceled");
    }
}

#[test]
fn dropped_in_mid_stream_a_call_is_canceled() {
    for (recorder, layer, side, _) in sides() {
        let service =
            layer.layer(service_fn(|_| ready(Ok::<_, Infallible>(answer([Step::Data("a"), Step::Pending])))));
        let mut body = service.oneshot(request()).now_or_never().unwrap().unwrap().into_body();
        assert!(body.frame().now_or_never().is_some());
        drop(body);
        assert_ended_once(&recorder, side, "Canceled");
    }
}

#[test]
fn an_error_is_internal_to_a_server_and_unavailable_to_a_client() {
    for (recorder, layer, side, broken) in sides() {
        let failing = |_| ready(Err::<Response<Script>, _>(io::Error::other("as asked")));
        layer.layer(service_fn(failing)).oneshot(request()).now_or_never().unwrap().unwrap_err();
        assert_ended_once(&recorder, side, broken);
    }
    for (recorder, layer, side, broken) in sides() {
        let service =
            layer.layer(service_fn(|_| ready(Ok::<_, Infallible>(answer([Step::Data("a"), Step::Fail])))));
        let body = service.oneshot(request()).now_or_never().unwrap().unwrap().into_body();
        assert!(body.collect().now_or_never().unwrap().is_err());
        assert_ended_once(&recorder, side, broken);
    }
}

#[test]
fn a_panic_goes_on_and_is_counted() {
    for (recorder, layer, side, broken) in sides() {
        let service =
            layer.layer(service_fn(|_| async { panic!("as asked") as Result<Response<Script>, Infallible> }));
        catch_unwind(AssertUnwindSafe(|| service.oneshot(request()).now_or_never())).unwrap_err();
        assert_ended_once(&recorder, side, broken);
    }
    for (recorder, layer, side, broken) in sides() {
        let service = layer.layer(service_fn(|_| ready(Ok::<_, Infallible>(answer([Step::Panic])))));
        let body = service.oneshot(request()).now_or_never().unwrap().unwrap().into_body();
        catch_unwind(AssertUnwindSafe(|| body.collect().now_or_never())).unwrap_err();
        assert_ended_once(&recorder, side, broken);
    }
}

#[test]
fn a_status_of_the_head_stays_when_the_body_is_given_up() {
    for (recorder, layer, side, _) in sides() {
        let service = layer.layer(service_fn(|_| {
            let mut response = answer([Step::Pending]);
            response.headers_mut().insert("grpc-status", "8".parse().unwrap());
            ready(Ok::<_, Infallible>(response))
        }));
        drop(service.oneshot(request()).now_or_never().unwrap().unwrap());
        assert_ended_once(&recorder, side, "ResourceExhausted");
    }
}

#[test]
fn the_bodies_are_the_inner_body_frame_by_frame() {
    let script = || Script::new([Step::Data("ab"), Step::Trailers]).hint(SizeHint::with_exact(2)).tells_end();

    let [(recorder, layer, ..), _] = sides();
    let messages = GrpcMessagesLayer::from(layer.clone());
    let service = (layer, messages).layer(service_fn(move |_: Request<MessagesBody<Empty<Bytes>>>| {
        ready(Ok::<_, Infallible>(Response::new(script())))
    }));
    let mut body = service.oneshot(request()).now_or_never().unwrap().unwrap().into_body();
    let mut plain = script();
    loop {
        let mine = (body.is_end_stream(), body.size_hint().exact());
        let other = (plain.is_end_stream(), plain.size_hint().exact());
        assert_eq!(mine, other);
        let [mine, other] = [body.frame().now_or_never().unwrap(), plain.frame().now_or_never().unwrap()];
        let parts = |frame: Option<Result<http_body::Frame<Bytes>, io::Error>>| {
            frame.map(|frame| {
                frame.map(|frame| (frame.data_ref().cloned(), frame.trailers_ref().cloned())).unwrap()
            })
        };
        let (mine, other) = (parts(mine), parts(other));
        assert_eq!(mine, other);
        if mine.is_none() {
            break;
        }
    }
    assert_ended_once(&recorder, "server", "Unknown");
}

#[test]
fn a_body_that_tells_its_end_ends_its_call_there() {
    let [(recorder, layer, ..), _] = sides();
    let script = || Script::new([Step::Data("ab")]).tells_end();
    let service = layer.layer(service_fn(move |_| ready(Ok::<_, Infallible>(Response::new(script())))));
    let mut body = service.oneshot(request()).now_or_never().unwrap().unwrap().into_body();
    assert!(body.frame().now_or_never().is_some());
    assert_ended_once(&recorder, "server", "Unknown");
    drop(body);
    assert_ended_once(&recorder, "server", "Unknown");
}

#[test]
fn a_panic_in_call_itself_is_counted() {
    for (recorder, layer, side, broken) in sides() {
        let panicking =
            |_| -> std::future::Ready<Result<Response<Script>, Infallible>> { panic!("as asked") };
        let mut service = layer.layer(service_fn(panicking));
        catch_unwind(AssertUnwindSafe(|| drop(service.call(request())))).unwrap_err();
        assert_ended_once(&recorder, side, broken);
    }
}

#[test]
fn a_body_that_breaks_is_broken_whatever_its_head_said() {
    for (recorder, layer, side, broken) in sides() {
        let service = layer.layer(service_fn(|_| {
            let mut response = answer([Step::Fail]);
            response.headers_mut().insert("grpc-status", "0".parse().unwrap());
            ready(Ok::<_, Infallible>(response))
        }));
        let body = service.oneshot(request()).now_or_never().unwrap().unwrap().into_body();
        assert!(body.collect().now_or_never().unwrap().is_err());
        assert_ended_once(&recorder, side, broken);
    }
}

#[test]
fn an_answer_without_a_body_ends_with_its_head() {
    for (method, status, code) in
        [("HEAD", 200, "Unknown"), ("POST", 204, "Unknown"), ("POST", 304, "Unknown")]
    {
        let [(recorder, layer, ..), _] = sides();
        let service = layer.layer(service_fn(move |_| {
            let response = Response::builder().status(status).body(Script::new([Step::Pending])).unwrap();
            ready(Ok::<_, Infallible>(response))
        }));
        let request =
            Request::builder().method(method).uri("/shop.Orders/Place").body(Empty::<Bytes>::new()).unwrap();
        drop(service.oneshot(request).now_or_never().unwrap().unwrap());
        assert_ended_once(&recorder, "server", code);
    }
}

#[test]
fn unanswered_after_its_deadline_a_call_is_deadline_exceeded() {
    let cases: [(Option<&str>, Option<u64>, u64, &str); 9] = [
        (Some("50m"), None, 50, "DeadlineExceeded"),
        (Some("50m"), None, 48, "Canceled"),
        (Some("50000u"), None, 60, "DeadlineExceeded"),
        (Some("1S"), None, 900, "Canceled"),
        (Some("1M"), Some(1), 900, "Canceled"),
        (None, Some(50), 50, "DeadlineExceeded"),
        (None, None, 3_600_000, "Canceled"),
        (Some("123456789m"), None, 3_600_000, "Canceled"),
        (Some("x"), None, 3_600_000, "Canceled"),
    ];
    for (header, own, after, code) in cases {
        for counts_alone in [false, true] {
            let [(recorder, layer, ..), _] = sides();
            let (clock, mock) = Clock::mock();
            let layer = layer.clock(clock);
            let layer = own.into_iter().fold(layer, |layer, own| layer.timeout(Duration::from_millis(own)));
            let mut request = request();
            if let Some(header) = header {
                request.headers_mut().insert("grpc-timeout", header.parse().unwrap());
            }
            let hanging = service_fn(|_| pending::<Result<Response<Script>, Infallible>>());
            if counts_alone {
                let call = RequestCountLayer::from(layer).layer(hanging).call(request);
                mock.advance(Duration::from_millis(after));
                drop(call);
            } else {
                let call = layer.layer(hanging).call(request);
                mock.advance(Duration::from_millis(after));
                drop(call);
            }
            let labels = [("grpc_code", code)];
            assert_eq!(
                recorder.counter("grpc_server_handled_total", labels),
                1,
                "{header:?} {own:?}: {recorder}"
            );
        }
    }
}

#[test]
fn readiness_is_that_of_the_inner_service() {
    let [(recorder, layer, ..), _] = sides();
    let (mut mock, mut handle) =
        tower_test::mock::spawn_layer::<Request<Empty<Bytes>>, Response<Script>, _>(layer);
    handle.allow(0);
    assert!(matches!(mock.poll_ready(), Poll::Pending));
    handle.allow(1);
    assert!(matches!(mock.poll_ready(), Poll::Ready(Ok(()))));
    assert_eq!(recorder.to_string(), "", "nothing is counted before `call`");
}

#[test]
fn each_instrument_alone_is_a_layer() {
    let [(recorder, layer, ..), _] = sides();
    let stack = (
        RequestCountLayer::from(layer.clone()),
        LatencyLayer::from(layer.clone()),
        InFlightLayer::from(layer),
    );
    let service = stack.layer(service_fn(|_| ready(Ok::<_, Infallible>(answer([Step::Trailers])))));
    service
        .oneshot(request())
        .now_or_never()
        .unwrap()
        .unwrap()
        .into_body()
        .collect()
        .now_or_never()
        .unwrap()
        .unwrap();
    assert_ended_once(&recorder, "server", "Unknown");
    assert_eq!(recorder.counter("tower_metrics_applied_twice_total", []), 0);
    drop((RequestCountLayer::grpc(), LatencyLayer::grpc(), InFlightLayer::grpc()));
}

#[test]
fn a_layer_applied_twice_is_noticed() {
    let [(recorder, layer, ..), _] = sides();
    let service = (layer.clone(), layer).layer(service_fn(|_| ready(Ok::<_, Infallible>(answer([])))));
    drop(service.oneshot(request()).now_or_never().unwrap().unwrap());
    assert_eq!(recorder.counter("tower_metrics_applied_twice_total", []), 1);
}
