//! When the oldest call in flight began.

use std::{
    convert::Infallible,
    future::{pending, poll_fn, ready},
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_metrics::{
    GrpcMetricsLayer, HttpMetricsLayer, InFlightLayer, LatencyLayer, Operation, RequestCountLayer,
    ServiceMetricsLayer, grpc,
    testing::{Clock, MockClock, Recorder},
};

use super::{
    hang,
    support::{Script, Step, quiet_panics, refusal},
};

const OLDEST: &str = "http_requests_oldest_start_timestamp_seconds";

/// A recorder, a Layer that tells the oldest and records there, and what moves its clock, which stands at 1.
fn told() -> (Recorder, HttpMetricsLayer, MockClock) {
    let (recorder, (clock, time)) = (Recorder::new(), Clock::mock());
    advance(&time, 1);
    let layer = HttpMetricsLayer::new().recorder(recorder.shared()).clock(clock).oldest_start_timestamp();
    (recorder, layer, time)
}

fn advance(time: &MockClock, seconds: u64) {
    time.advance(Duration::from_secs(seconds));
}

/// The gauge of this name and these labels: nothing while it is no number.
#[track_caller]
fn gauge(recorder: &Recorder, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    assert!(!recorder.series(name).is_empty(), "there is no {name}: {recorder}");
    Some(recorder.gauge(name, labels)).filter(|value| !value.is_nan())
}

#[track_caller]
fn oldest(recorder: &Recorder) -> Option<f64> {
    gauge(recorder, OLDEST, &[("method", "GET"), ("endpoint", "unmatched")])
}

fn empty() -> Response<Full<Bytes>> {
    Response::new(Full::default())
}

#[test]
fn it_is_the_start_of_the_earliest_of_those_in_flight_which_end_in_any_order() {
    let (recorder, layer, time) = told();
    let mut service = layer.layer(service_fn(hang));
    let mut calls: Vec<_> = (0..4)
        .map(|_| {
            let call = service.call(Request::new(()));
            assert_eq!(oldest(&recorder), Some(1.0));
            advance(&time, 1);
            Some(call)
        })
        .collect();
    // They began at 1, 2, 3 and 4.
    for (ended, left) in [(2, Some(1.0)), (0, Some(2.0)), (1, Some(4.0)), (3, None)] {
        calls[ended] = None;
        assert_eq!(oldest(&recorder), left, "{recorder}");
    }
    advance(&time, 95);
    let call = service.call(Request::new(()));
    assert_eq!(oldest(&recorder), Some(100.0));
    drop(call);
}

#[test]
fn it_is_no_number_before_the_first_call_and_after_the_last() {
    let (recorder, layer, _time) = told();
    layer.initialize();
    assert_eq!(oldest(&recorder), None);
    let answer = service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(empty())));
    drop(layer.layer(answer).oneshot(Request::new(())).now_or_never().unwrap());
    assert_eq!(oldest(&recorder), None);
    let description = recorder.description(OLDEST).unwrap();
    assert!(description.help.contains("NaN while there is none"), "{description:?}");
}

#[test]
fn it_is_there_where_it_was_asked_for_and_nowhere_else() {
    let recorder = Recorder::new();
    let layer = |asked: bool| {
        let layer = HttpMetricsLayer::new().recorder(recorder.shared());
        if asked { layer.oldest_start_timestamp() } else { layer }
    };
    let call = |service: &mut dyn Service<
        Request<()>,
        Response = Response<_>,
        Error = Infallible,
        Future = tower_metrics::http::ResponseFuture<_>,
    >| {
        drop(service.call(Request::new(())));
    };
    call(&mut layer(false).layer(service_fn(hang)));
    call(&mut RequestCountLayer::from(layer(true)).layer(service_fn(hang)));
    call(&mut LatencyLayer::from(layer(true)).layer(service_fn(hang)));
    assert_eq!(recorder.series(OLDEST), [""; 0], "{recorder}");
    call(&mut InFlightLayer::from(layer(true)).layer(service_fn(hang)));
    assert_eq!(recorder.series(OLDEST), [r#"method="GET",endpoint="unmatched""#]);
}

/// It reads the clock for nothing else.
#[test]
fn the_instrument_alone_tells_it_too() {
    let (recorder, layer, time) = told();
    let mut service = InFlightLayer::from(layer).layer(service_fn(hang));
    let first = service.call(Request::new(()));
    advance(&time, 6);
    let second = service.call(Request::new(()));
    assert_eq!(oldest(&recorder), Some(1.0));
    drop(first);
    assert_eq!(oldest(&recorder), Some(7.0));
    drop(second);
    assert_eq!(oldest(&recorder), None);
}

#[test]
fn layers_of_one_gauge_share_it() {
    let (recorder, layer, time) = told();
    let mut one = layer.clone().layer(service_fn(hang));
    let mut other = InFlightLayer::from(layer.clone().methods(["PURGE"])).layer(service_fn(hang));
    let first = one.call(Request::new(()));
    advance(&time, 1);
    let second = other.call(Request::new(()));
    assert_eq!(oldest(&recorder), Some(1.0));
    drop(first);
    assert_eq!(oldest(&recorder), Some(2.0), "that of the other Layer");
    // One that comes later shows what there is.
    layer.skip_endpoints(["/health"]).initialize();
    assert_eq!(oldest(&recorder), Some(2.0));
    drop((one, other));
    assert_eq!(oldest(&recorder), Some(2.0), "the call is in flight when its service is gone");
    drop(second);
    assert_eq!(oldest(&recorder), None);
}

#[test]
fn a_call_leaves_it_however_it_ends() {
    quiet_panics();
    let (recorder, layer, time) = told();
    let mut stuck = layer.layer(service_fn(hang));
    let then = |what: &str, end: &mut dyn FnMut()| {
        end();
        assert_eq!(oldest(&recorder), None, "{what}: {recorder}");
        advance(&time, 1);
    };
    then("dropped before it was polled", &mut || drop(stuck.call(Request::new(()))));
    let mut cancelled = layer.layer(service_fn(hang));
    then("dropped pending", &mut || {
        let mut call = Box::pin(cancelled.call(Request::new(())));
        assert!(call.as_mut().now_or_never().is_none());
        assert!(oldest(&recorder).is_some());
    });
    then("an answer without a body", &mut || {
        let answer = service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(empty())));
        drop(layer.layer(answer).oneshot(Request::new(())).now_or_never().unwrap());
    });
    then("an error", &mut || {
        let answer = service_fn(|_: Request<()>| ready(Err::<Response<Full<Bytes>>, _>("refused")));
        assert!(layer.layer(answer).oneshot(Request::new(())).now_or_never().unwrap().is_err());
    });
    then("a panic", &mut || {
        let answer = service_fn(async |_: Request<()>| -> Result<Response<Full<Bytes>>, Infallible> {
            panic!("as asked")
        });
        let call = layer.layer(answer).oneshot(Request::new(()));
        assert!(std::panic::AssertUnwindSafe(call).catch_unwind().now_or_never().unwrap().is_err());
    });
    then("a body that was read to its end, and one that was dropped", &mut || {
        for is_read in [true, false] {
            let answer = service_fn(|_: Request<()>| {
                ready(Ok::<_, Infallible>(Response::new(Script::new([Step::Data("a"), Step::Data("b")]))))
            });
            let call = layer.layer(answer).oneshot(Request::new(())).now_or_never().unwrap();
            let body = call.unwrap().into_body();
            assert!(oldest(&recorder).is_some(), "while the body is open");
            if is_read {
                http_body_util::BodyExt::collect(body).now_or_never().unwrap().unwrap();
            }
        }
    });
    then("an upgrade", &mut || {
        let answer = service_fn(|_: Request<()>| {
            let mut response = empty();
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            ready(Ok::<_, Infallible>(response))
        });
        let response = layer.layer(answer).oneshot(Request::new(())).now_or_never().unwrap();
        assert_eq!(oldest(&recorder), None, "the connection is no call");
        drop(response);
    });
}

/// A server of `/a`, of which no answer has told yet that it has it: its calls are in flight under the fallback.
fn unproven(layer: HttpMetricsLayer) -> HttpMetricsLayer {
    layer.endpoint(|head| Some(head.uri().path().into()))
}

fn get() -> Request<()> {
    Request::get("/a").body(()).unwrap()
}

const FALLBACK: [(&str, &str); 2] = [("method", "_OTHER"), ("endpoint", "unmatched")];
const HOME: [(&str, &str); 2] = [("method", "GET"), ("endpoint", "/a")];

#[test]
fn a_call_that_began_before_its_label_set_was_proven_ends_where_it_began() {
    let (recorder, layer, time) = told();
    let layer = unproven(layer);
    let first = layer.layer(service_fn(hang)).call(get());
    advance(&time, 1);
    let answer = service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(empty())));
    drop(layer.layer(answer).oneshot(get()).now_or_never().unwrap());
    advance(&time, 1);
    let last = layer.layer(service_fn(hang)).call(get());
    assert_eq!(gauge(&recorder, OLDEST, &FALLBACK), Some(1.0));
    assert_eq!(gauge(&recorder, OLDEST, &HOME), Some(3.0));
    drop(first);
    assert_eq!(gauge(&recorder, OLDEST, &FALLBACK), None);
    assert_eq!(gauge(&recorder, OLDEST, &HOME), Some(3.0));
    drop(last);
    assert_eq!(gauge(&recorder, OLDEST, &HOME), None);
}

/// So a hang of it is told also where all that is `unmatched` is left out.
#[test]
fn a_route_that_was_declared_and_initialized_is_told_from_its_first_call_on() {
    let (recorder, layer, _time) = told();
    let layer = unproven(layer).endpoints([("GET", "/a")]);
    layer.initialize();
    let first = layer.layer(service_fn(hang)).call(get());
    assert_eq!(gauge(&recorder, OLDEST, &HOME), Some(1.0), "{recorder}");
    assert_eq!(oldest(&recorder), None, "{recorder}");
    assert!(!recorder.series(OLDEST).iter().any(|series| series.contains("_OTHER")), "{recorder}");
    drop(first);
}

#[test]
fn a_call_that_goes_on_under_another_label_set_takes_its_start_along() {
    for idle_timeout in [None, Some(Duration::from_secs(4))] {
        let (recorder, layer, time) = told();
        let layer = unproven(layer).response_label("tier", |_| Some("edge".into()));
        let layer = idle_timeout.iter().fold(layer, |layer, timeout| layer.idle_timeout(*timeout));
        let is_answered = AtomicBool::new(false);
        let mut service = layer.layer(service_fn(|_: Request<()>| {
            poll_fn(|_| match is_answered.load(Ordering::SeqCst) {
                true => Poll::Ready(Ok::<_, Infallible>(Response::new(Script::new([Step::Data("a")])))),
                false => Poll::Pending,
            })
        }));
        let mut call = Box::pin(service.call(get()));
        assert!(call.as_mut().now_or_never().is_none());
        assert_eq!(gauge(&recorder, OLDEST, &FALLBACK), Some(1.0));
        advance(&time, 40);
        is_answered.store(true, Ordering::SeqCst);
        let response = call.as_mut().now_or_never().unwrap().unwrap();
        assert_eq!(gauge(&recorder, OLDEST, &FALLBACK), None, "{recorder}");
        assert_eq!(gauge(&recorder, OLDEST, &HOME), Some(1.0), "{recorder}");
        advance(&time, 40);
        drop(response);
        assert_eq!(gauge(&recorder, OLDEST, &HOME), None, "{recorder}");
    }
}

#[test]
fn handles_that_are_asked_for_again_lead_to_the_same_calls() {
    let (recorder, layer, time) = told();
    let mut service = layer.idle_timeout(Duration::from_secs(4)).layer(service_fn(hang));
    let first = service.call(Request::new(()));
    let asked = recorder.registrations();
    advance(&time, 9);
    let second = service.call(Request::new(()));
    assert!(recorder.registrations() > asked, "they were too old");
    assert_eq!(oldest(&recorder), Some(1.0));
    advance(&time, 9);
    drop(first);
    assert_eq!(oldest(&recorder), Some(10.0));
    advance(&time, 9);
    drop(second);
    assert_eq!(oldest(&recorder), None);
}

#[test]
fn what_began_without_a_recorder_is_never_the_oldest() {
    let (clock, time) = Clock::mock();
    let layer = HttpMetricsLayer::new().clock(clock).oldest_start_timestamp();
    let mut service = layer.layer(service_fn(hang));
    let before = service.call(Request::new(()));
    let recorder = Recorder::new();
    metrics::with_local_recorder(&recorder, || {
        advance(&time, 5);
        let call = service.call(Request::new(()));
        assert_eq!(oldest(&recorder), Some(5.0));
        drop(before);
        assert_eq!(oldest(&recorder), Some(5.0));
        drop(call);
        assert_eq!(oldest(&recorder), None);
    });
}

#[test]
fn every_protocol_has_it_under_its_own_name() {
    let (recorder, (clock, time)) = (Recorder::new(), Clock::mock());
    advance(&time, 3);
    let http = |layer: HttpMetricsLayer| {
        let layer = layer.recorder(recorder.shared()).clock(clock.clone()).oldest_start_timestamp();
        layer.layer(service_fn(hang)).call(Request::new(()))
    };
    let grpc = |layer: GrpcMetricsLayer| {
        let layer = layer.methods([grpc::unary("shop.Orders", "Place")]);
        let layer = layer.recorder(recorder.shared()).clock(clock.clone()).oldest_start_timestamp();
        let place = Request::builder().method(Method::POST).uri("/shop.Orders/Place").body(()).unwrap();
        layer.layer(service_fn(hang)).call(place)
    };
    let any = |layer: ServiceMetricsLayer| {
        let layer = layer.recorder(recorder.shared()).clock(clock.clone()).oldest_start_timestamp();
        layer.layer(service_fn(|(): ()| pending::<Result<(), Infallible>>())).call(())
    };
    let operation = Operation::new("import").labels(["source"]).oldest_start_timestamp();
    let held = (
        [HttpMetricsLayer::new(), HttpMetricsLayer::client()].map(http),
        [HttpMetricsLayer::new().attempts(), HttpMetricsLayer::client().attempts()].map(http),
        [GrpcMetricsLayer::new(), GrpcMetricsLayer::client()].map(grpc),
        [ServiceMetricsLayer::new("query"), ServiceMetricsLayer::new("query").attempts()].map(any),
        operation.recorder(recorder.shared()).clock(clock.clone()).start_with(["rates"]),
    );
    let place = [("grpc_type", "unary"), ("grpc_service", "shop.Orders"), ("grpc_method", "Place")];
    let all: [(&str, &[(&str, &str)]); 9] = [
        ("http_requests", &[("method", "GET"), ("endpoint", "unmatched")]),
        ("http_client_requests", &[("method", "GET"), ("server", "_OTHER")]),
        ("http_request_attempts", &[("method", "GET"), ("endpoint", "unmatched")]),
        ("http_client_request_attempts", &[("method", "GET"), ("server", "_OTHER")]),
        ("grpc_server", &place),
        ("grpc_client", &place),
        ("query", &[]),
        ("query_attempts", &[]),
        ("import", &[("source", "rates")]),
    ];
    let values = || {
        all.map(|(name, labels)| {
            let name = format!("{name}_oldest_start_timestamp_seconds");
            gauge(&recorder, &name, labels)
        })
    };
    assert_eq!(values(), [Some(3.0); 9], "{recorder}");
    drop(held);
    assert_eq!(values(), [None; 9], "{recorder}");
}

#[test]
fn a_name_that_is_taken_is_refused() {
    let taken = "jobs_oldest_start_timestamp_seconds";
    for message in [
        refusal(|| Operation::new("jobs").gauge_as(taken).oldest_start_timestamp()),
        refusal(|| Operation::new("jobs").oldest_start_timestamp().gauge_as(taken)),
        refusal(|| ServiceMetricsLayer::new("jobs").time_as(taken).oldest_start_timestamp()),
    ] {
        assert!(message.contains("would both be exported as"), "{message}");
    }
    for taken in [OLDEST, "grpc_server_oldest_start_timestamp_seconds"] {
        let message = refusal(|| Operation::new("jobs").gauge_as(taken));
        assert!(message.contains("is recorded by another Layer of this crate"), "{message}");
    }
}

/// By the clocks of the process and of the wall.
#[test]
fn it_is_told_in_seconds_since_1970() {
    let recorder = Recorder::new();
    let layer = HttpMetricsLayer::new().recorder(recorder.shared()).oldest_start_timestamp();
    #[expect(clippy::disallowed_methods, reason = "it is compared with what the crate reads")]
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let before = now();
    let first = layer.layer(service_fn(hang)).call(Request::new(()));
    let after = now();
    // It is worked out anew, and comes out the same.
    let second = layer.clone().skip_endpoints(["/health"]).layer(service_fn(hang)).call(Request::new(()));
    let told = oldest(&recorder).unwrap();
    assert!((before - 0.01..=after + 0.01).contains(&told), "{told} of {before} to {after}");
    drop((first, second));
}

/// What two threads saw at each quiet point: the earliest start of what each of them held, and what was told. They begin and
/// drop calls as fast as they can, in rounds of one second of the clock, and stand still in between.
fn run_two_threads(
    recorder: &Recorder,
    layer: &HttpMetricsLayer,
    time: &MockClock,
) -> [Vec<(Option<u64>, Option<f64>)>; 2] {
    const ROUNDS: u64 = 1_500;
    let quiet = Barrier::new(2);
    thread::scope(|scope| {
        let run = |seed: u64| {
            let quiet = &quiet;
            scope.spawn(move || {
                let mut service = layer.layer(service_fn(hang));
                let (mut held, mut seen) = (Vec::new(), Vec::new());
                for round in 1..=ROUNDS {
                    for step in 0..20 {
                        if (round * 31 + step * 7 + seed) % 5 < 2 {
                            held.push((round, service.call(Request::new(()))));
                        } else if !held.is_empty() {
                            held.swap_remove((round * 13 + step) as usize % held.len());
                        }
                    }
                    quiet.wait();
                    seen.push((held.iter().map(|(start, _)| *start).min(), oldest(recorder)));
                    if quiet.wait().is_leader() {
                        advance(time, 1);
                    }
                    quiet.wait();
                }
                seen
            })
        };
        [run(0), run(3)].map(|thread| thread.join().unwrap())
    })
}

#[test]
fn at_every_quiet_point_of_two_threads_it_is_the_earliest_that_they_hold() {
    let (recorder, layer, time) = told();
    layer.initialize();
    let [one, other] = run_two_threads(&recorder, &layer, &time);
    assert!(one.iter().any(|(held, _)| held.is_none()) && one.iter().any(|(held, _)| held.is_some()));
    for (one, other) in one.iter().zip(&other) {
        let truth = [one.0, other.0].into_iter().flatten().min().map(|start| start as f64);
        assert_eq!([one.1, other.1], [truth; 2]);
    }
    assert_eq!(oldest(&recorder), None);
}

#[test]
fn while_a_call_is_stuck_nobody_ever_sees_a_later_start() {
    let (recorder, layer, time) = told();
    let stuck = layer.layer(service_fn(hang)).call(Request::new(()));
    advance(&time, 1);
    let is_over = AtomicBool::new(false);
    let looks = thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut looks = 0_u64;
            while !is_over.load(Ordering::SeqCst) {
                assert_eq!(oldest(&recorder), Some(1.0), "at look {looks}");
                looks += 1;
            }
            looks
        });
        run_two_threads(&recorder, &layer, &time);
        is_over.store(true, Ordering::SeqCst);
        watch.join().unwrap()
    });
    assert!(looks > 0);
    assert_eq!(oldest(&recorder), Some(1.0));
    drop(stuck);
    assert_eq!(oldest(&recorder), None);
}
