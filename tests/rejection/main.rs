//! Who refused, and why: counted for the limiter that did, and for no other.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

use std::{
    convert::Infallible,
    error::Error,
    fmt,
    future::{Ready, pending, ready},
    io,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response, StatusCode};
use http_body_util::{Empty, Full};
use tower::{
    BoxError, Layer, Service, ServiceBuilder, ServiceExt,
    buffer::BufferLayer,
    layer::layer_fn,
    limit::ConcurrencyLimitLayer,
    load_shed::{LoadShedLayer, error::Overloaded},
    service_fn,
    timeout::{TimeoutLayer, error::Elapsed},
    util::ServiceFn,
};
use tower_governor::{GovernorLayer, governor::GovernorConfigBuilder, key_extractor::GlobalKeyExtractor};
use tower_metrics::{
    RejectionLayer,
    rejection::{Errors, Inner, LimiterError, Opened, Passed, Refusal},
    testing::Recorder,
};

fn measured(limiter: &str) -> (Recorder, RejectionLayer) {
    let recorder = Recorder::new();
    let layer = RejectionLayer::new(limiter).recorder(recorder.shared());
    (recorder, layer)
}

/// Asserts that `calls` reached the limiter, of which all of `refused` and no others were refused.
#[track_caller]
fn assert_refused(recorder: &Recorder, limiter: &str, calls: u64, refused: &[(&str, u64)]) {
    let limiter = ("limiter", limiter);
    assert_eq!(recorder.counter("limiter_calls_total", [limiter]), calls, "{recorder}");
    for (reason, count) in refused {
        assert_eq!(
            recorder.counter("requests_rejected_total", [limiter, ("reason", reason)]),
            *count,
            "{recorder}"
        );
    }
    let all: u64 = refused.iter().map(|(_, count)| count).sum();
    assert_eq!(recorder.counter("requests_rejected_total", [limiter]), all, "{recorder}");
    let limited =
        refused.iter().filter(|(reason, _)| *reason == "rate_limited").map(|(_, count)| count).sum::<u64>();
    assert_eq!(recorder.counter("rate_limit_exceeded_total", [limiter]), limited, "{recorder}");
}

#[tokio::test]
async fn a_thousand_calls_that_were_shed_are_overloaded() {
    let (recorder, layer) = measured("edge");
    let service = ServiceBuilder::new()
        .layer(layer.around(LoadShedLayer::new()))
        .layer(ConcurrencyLimitLayer::new(1))
        .service(service_fn(|(): ()| pending::<Result<(), BoxError>>()));
    let mut holder = service.clone();
    let held = holder.ready().await.unwrap().call(());
    for _ in 0..1_000 {
        let error = service.clone().oneshot(()).await.unwrap_err();
        assert!(error.is::<Overloaded>(), "the error is that of LoadShed: {error}");
    }
    drop(held);
    assert_refused(&recorder, "edge", 1_001, &[("overloaded", 1_000)]);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_calls_that_took_too_long_are_timed_out() {
    let (recorder, layer) = measured("edge");
    let service = ServiceBuilder::new()
        .layer(layer.around(TimeoutLayer::new(Duration::from_millis(5))))
        .service(service_fn(|(): ()| pending::<Result<(), BoxError>>()));
    for _ in 0..1_000 {
        assert!(service.clone().oneshot(()).await.unwrap_err().is::<Elapsed>());
    }
    assert_refused(&recorder, "edge", 1_000, &[("timed_out", 1_000)]);
}

#[tokio::test]
async fn a_thousand_calls_to_a_buffer_whose_service_failed_are_closed() {
    let (recorder, layer) = measured("queue");
    let broken = tower::util::MapErr::new(Broken, |error: io::Error| BoxError::from(error));
    let service = ServiceBuilder::new().layer(layer.around(BufferLayer::new(2_000))).service(broken);
    let mut calls = Vec::new();
    for _ in 0..1_000 {
        let mut service = service.clone();
        // The worker runs when this test waits for an answer, not before.
        let ready =
            tokio::task::unconstrained(service.ready()).now_or_never().expect("there is room").unwrap();
        calls.push(ready.call(()));
    }
    for call in calls {
        call.await.unwrap_err();
    }
    assert_refused(&recorder, "queue", 1_000, &[("closed", 1_000)]);
}

/// Never becomes ready.
#[derive(Clone)]
struct Broken;

impl Service<()> for Broken {
    type Response = ();
    type Error = io::Error;
    type Future = Ready<Result<(), io::Error>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), io::Error>> {
        std::task::Poll::Ready(Err(io::Error::other("broken")))
    }

    fn call(&mut self, (): ()) -> Self::Future {
        ready(Ok(()))
    }
}

#[tokio::test]
async fn a_thousand_errors_from_further_in_are_nobodys_refusal_and_stay_what_they_are() {
    let (recorder, layer) = measured("edge");
    let service = ServiceBuilder::new()
        .layer(layer.clone().around(TimeoutLayer::new(Duration::from_secs(60))))
        .service(service_fn(|(): ()| {
            ready(Err::<(), _>(io::Error::new(io::ErrorKind::NotFound, "from further in")))
        }));
    for _ in 0..1_000 {
        let error = service.clone().oneshot(()).await.unwrap_err();
        let error = error.downcast::<io::Error>().expect("a box holds the error itself");
        assert_eq!((error.kind(), error.to_string()), (io::ErrorKind::NotFound, "from further in".into()));
    }
    assert_refused(&recorder, "edge", 1_000, &[]);

    // A limiter that hands errors on gives the very type.
    let service = layer
        .around(ConcurrencyLimitLayer::new(1))
        .layer(service_fn(|(): ()| ready(Err::<(), _>(io::Error::other("typed")))));
    let error: io::Error = service.oneshot(()).await.unwrap_err();
    assert_eq!(error.to_string(), "typed");
}

#[tokio::test]
async fn of_two_limiters_the_one_that_refused_is_told() {
    let recorder = Recorder::new();
    let limiter = |name: &str| RejectionLayer::new(name).recorder(recorder.shared());
    let service = ServiceBuilder::new()
        .layer(limiter("outer").around(LoadShedLayer::new()))
        .layer(limiter("inner").around(LoadShedLayer::new()))
        .layer(ConcurrencyLimitLayer::new(1))
        .service(service_fn(|(): ()| pending::<Result<(), BoxError>>()));
    let mut holder = service.clone();
    let held = holder.ready().await.unwrap().call(());
    for _ in 0..1_000 {
        assert!(service.clone().oneshot(()).await.unwrap_err().is::<Overloaded>());
    }
    drop(held);
    assert_refused(&recorder, "outer", 1_001, &[]);
    assert_refused(&recorder, "inner", 1_001, &[("overloaded", 1_000)]);
}

/// Makes an answer.
type Head = fn() -> Response<Empty<Bytes>>;

fn status(status: u16) -> Response<Empty<Bytes>> {
    Response::builder().status(status).body(Empty::new()).unwrap()
}

#[tokio::test]
async fn a_thousand_answers_of_the_limiter_are_refusals_by_their_status() {
    let answers: [(Head, &str); 4] = [
        (|| status(429), "rate_limited"),
        (|| status(503), "overloaded"),
        (|| status(408), "timed_out"),
        (|| status(504), "timed_out"),
    ];
    for (own, reason) in answers {
        let (recorder, layer) = measured("edge");
        let limiter = layer_fn(move |_: Inner<(), _>| {
            service_fn(move |_: Request<()>| ready(Ok::<_, Passed<Infallible>>(own())))
        });
        let service = layer.http().around(limiter).layer(());
        for _ in 0..1_000 {
            let response = service.clone().oneshot(Request::new(())).await.unwrap();
            assert_eq!(response.status(), own().status());
        }
        assert_refused(&recorder, "edge", 1_000, &[(reason, 1_000)]);
    }
}

#[tokio::test]
async fn a_thousand_answers_from_further_in_are_nobodys_refusal() {
    for code in [429, 503, 408, 504] {
        let (recorder, layer) = measured("edge");
        let service = ServiceBuilder::new()
            .layer(layer.http().around(ConcurrencyLimitLayer::new(10)))
            .service(service_fn(move |_: Request<()>| ready(Ok::<_, Infallible>(status(code)))));
        for _ in 0..1_000 {
            assert_eq!(service.clone().oneshot(Request::new(())).await.unwrap().status().as_u16(), code);
        }
        assert_refused(&recorder, "edge", 1_000, &[]);
    }
}

#[tokio::test]
async fn grpc_refusals_are_told_by_a_head_without_messages() {
    fn grpc(code: &'static str) -> Response<Empty<Bytes>> {
        Response::builder()
            .header("content-type", "application/grpc")
            .header("grpc-status", code)
            .body(Empty::new())
            .unwrap()
    }
    let answers: [(Head, &[(&str, u64)]); 3] = [
        (|| grpc("8"), &[("rate_limited", 1_000)]),
        (|| grpc("4"), &[("timed_out", 1_000)]),
        (|| grpc("0"), &[]),
    ];
    for (own, refused) in answers {
        let (recorder, layer) = measured("edge");
        let limiter = layer_fn(move |_: Inner<(), _>| {
            service_fn(move |_: Request<()>| ready(Ok::<_, Passed<Infallible>>(own())))
        });
        let service = layer.clone().http().around(limiter).layer(());
        for _ in 0..1_000 {
            service.clone().oneshot(Request::new(())).await.unwrap();
        }
        assert_refused(&recorder, "edge", 1_000, refused);

        // The same from further in.
        let (recorder, layer) = measured("edge");
        let service = ServiceBuilder::new()
            .layer(layer.http().around(ConcurrencyLimitLayer::new(10)))
            .service(service_fn(move |_: Request<()>| ready(Ok::<_, Infallible>(own()))));
        service.oneshot(Request::new(())).await.unwrap();
        assert_refused(&recorder, "edge", 1, &[]);
    }
}

#[tokio::test]
async fn the_governor_s_429s_are_its_own_and_the_application_s_are_not() {
    let governor = |burst| {
        let mut config = GovernorConfigBuilder::default();
        let config =
            config.per_second(3_600).burst_size(burst).key_extractor(GlobalKeyExtractor).finish().unwrap();
        GovernorLayer::new(Arc::new(config))
    };
    let app = |code: u16| {
        axum::Router::new().route("/", axum::routing::get(async move || StatusCode::from_u16(code).unwrap()))
    };
    let ask = async |app: axum::Router| {
        let mut app = app.into_service::<axum::body::Body>();
        let mut refused = 0;
        for _ in 0..1_001 {
            let response =
                app.ready().await.unwrap().call(Request::new(axum::body::Body::empty())).await.unwrap();
            refused += u32::from(response.status() == StatusCode::TOO_MANY_REQUESTS);
        }
        refused
    };

    let (recorder, layer) = measured("governor");
    assert_eq!(ask(app(200).layer(layer.http().around(governor(1)))).await, 1_000);
    assert_refused(&recorder, "governor", 1_001, &[("rate_limited", 1_000)]);

    let (recorder, layer) = measured("governor");
    assert_eq!(ask(app(429).layer(layer.http().around(governor(2_000)))).await, 1_001);
    assert_refused(&recorder, "governor", 1_001, &[]);
}

#[tokio::test]
async fn pending_is_no_refusal() {
    let (recorder, layer) = measured("edge");
    let mut service = layer
        .around(ConcurrencyLimitLayer::new(1))
        .layer(service_fn(|(): ()| pending::<Result<(), io::Error>>()));
    let held = service.ready().await.unwrap().call(());
    assert!(service.clone().ready().now_or_never().is_none());
    drop(held);
    assert_refused(&recorder, "edge", 1, &[]);
}

#[tokio::test]
async fn a_refusal_that_nobody_knows_is_told_by_a_closure_or_is_other() {
    let own = layer_fn(|_: Inner<(), _>| {
        service_fn(|request: Request<()>| {
            ready(match request.uri().path() {
                "/quota" => Err(BoxError::from("quota used up")),
                "/auth" => Ok(status(403)),
                "/odd" => Err(BoxError::from("odd")),
                _ => Ok(status(402)),
            })
        })
    });
    let (recorder, layer) = measured("edge");
    let service = layer
        .http()
        .reason(|refusal| match refusal {
            Refusal::Error(error) if error.to_string().contains("quota") => Some("quota"),
            Refusal::Answer { status, .. } if status == StatusCode::FORBIDDEN => Some("auth"),
            _ => None,
        })
        .around(own)
        .layer(());
    for path in ["/quota", "/auth", "/odd", "/else"] {
        drop(service.clone().oneshot(Request::builder().uri(path).body(()).unwrap()).await);
    }
    assert_refused(&recorder, "edge", 4, &[("quota", 1), ("auth", 1), ("other", 1)]);
}

#[tokio::test]
async fn refusals_are_counted_by_endpoint_on_request() {
    let recorder = Recorder::new();
    let own = layer_fn(|_: Inner<(), _>| {
        service_fn(|_: Request<()>| ready(Ok::<_, Passed<Infallible>>(status(429))))
    });
    let layer = RejectionLayer::new("edge")
        .recorder(recorder.shared())
        .http()
        .by_endpoint(|head| head.uri().path().starts_with("/users/").then(|| "/users/{id}".into()));
    let service = layer.around(own).layer(());
    for path in ["/users/7", "/users/9", "/elsewhere"] {
        service.clone().oneshot(Request::builder().uri(path).body(()).unwrap()).await.unwrap();
    }
    let refused = |endpoint| {
        recorder.counter("requests_rejected_total", [("reason", "rate_limited"), ("endpoint", endpoint)])
    };
    assert_eq!((refused("/users/{id}"), refused("unmatched")), (2, 1), "{recorder}");
    assert_eq!(recorder.counter("limiter_calls_total", [("endpoint", "/users/{id}")]), 2);
}

#[test]
fn the_counters_stand_at_zero_when_the_layer_is_made() {
    let (recorder, layer) = measured("edge");
    drop(layer.around(LoadShedLayer::new()));
    assert_eq!(recorder.series("limiter_calls_total"), [r#"limiter="edge""#]);
    assert_eq!(recorder.series("rate_limit_exceeded_total"), [r#"limiter="edge""#]);
    let reasons = ["closed", "overloaded", "rate_limited", "timed_out"];
    assert_eq!(
        recorder.series("requests_rejected_total"),
        reasons.map(|reason| format!(r#"limiter="edge",reason="{reason}""#))
    );
}

/// A limiter with an error type of its own.
#[derive(Debug, PartialEq)]
enum Quota<E> {
    UsedUp,
    Inner(E),
}

#[derive(Debug)]
struct UsedUp;

impl fmt::Display for UsedUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("used up")
    }
}

impl Error for UsedUp {}

impl<E> LimiterError for Quota<Passed<E>> {
    type Outside = Quota<E>;

    fn open(self) -> Opened<Quota<E>> {
        match self {
            Self::UsedUp => Opened::Refused(Quota::UsedUp),
            Self::Inner(passed) => Opened::Passed(Quota::Inner(passed.into_inner())),
        }
    }

    fn refusal(refused: &Quota<E>) -> Option<&(dyn Error + 'static)> {
        matches!(refused, Quota::UsedUp).then_some(&UsedUp)
    }
}

type Failing = Ready<Result<(), &'static str>>;
type FailingService = ServiceFn<fn(u32) -> Failing>;

#[tokio::test]
async fn a_limiter_with_an_error_type_of_its_own_takes_part() {
    let (recorder, layer) = measured("quota");
    let quota = layer_fn(|inner: Inner<FailingService, Errors>| {
        service_fn(move |n: u32| {
            let inner = inner.clone();
            async move {
                match n {
                    0 => Err(Quota::UsedUp),
                    _ => inner.oneshot(n).await.map_err(Quota::Inner),
                }
            }
        })
    });
    let service = layer
        .reason(|refusal| matches!(refusal, Refusal::Error(error) if error.is::<UsedUp>()).then_some("quota"))
        .around(quota)
        .layer(service_fn((|_| ready(Err("inner"))) as fn(u32) -> Failing));
    assert_eq!(service.clone().oneshot(0).await, Err(Quota::UsedUp));
    assert_eq!(service.oneshot(1).await, Err(Quota::Inner("inner")));
    assert_refused(&recorder, "quota", 2, &[("quota", 1)]);
}

#[tokio::test]
async fn a_good_answer_allocates_nothing() {
    let recorder = Recorder::new();
    let mut service = RejectionLayer::new("edge")
        .recorder(recorder.shared())
        .http()
        .around(tower::layer::util::Identity::new())
        .layer(service_fn(|_: Request<()>| {
            ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())))
        }));
    let mut call = || drop(service.call(Request::new(())).now_or_never().unwrap().unwrap());
    call();
    assert_eq!(allocation_counter::measure(call).count_total, 0);
}

#[tokio::test]
async fn a_call_that_is_dropped_or_panics_was_not_refused() {
    let (recorder, layer) = measured("edge");
    let mut service = layer
        .clone()
        .around(LoadShedLayer::new())
        .layer(service_fn(|(): ()| pending::<Result<(), BoxError>>()));
    drop(service.ready().await.unwrap().call(()));
    assert!(service.ready().await.unwrap().call(()).now_or_never().is_none());
    assert_refused(&recorder, "edge", 2, &[]);

    let panics = layer
        .around(LoadShedLayer::new())
        .layer(service_fn(async |(): ()| -> Result<(), BoxError> { panic!("as asked") }));
    assert!(tokio::spawn(panics.oneshot(())).await.unwrap_err().is_panic());
    assert_refused(&recorder, "edge", 3, &[]);
}

#[tokio::test]
async fn what_is_not_ready_was_not_called_and_fails_as_it_does() {
    let (recorder, layer) = measured("edge");
    let mut service = layer.around(ConcurrencyLimitLayer::new(1)).layer(Broken);
    let error: io::Error = service.ready().await.map(drop).unwrap_err();
    assert_eq!(error.to_string(), "broken");
    assert_refused(&recorder, "edge", 0, &[]);
}

#[tokio::test]
async fn a_good_answer_from_further_in_is_no_refusal_whatever_the_closure_says() {
    let (recorder, layer) = measured("edge");
    let service = layer
        .http()
        .reason(|refusal| matches!(refusal, Refusal::Answer { .. }).then_some("any"))
        .around(ConcurrencyLimitLayer::new(1))
        .layer(service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(status(200)))));
    service.oneshot(Request::new(())).await.unwrap();
    assert_refused(&recorder, "edge", 1, &[]);
}

#[tokio::test]
async fn a_limiter_that_answers_with_what_another_one_refused_has_refused() {
    let (_, quota) = measured("quota");
    let quota = quota
        .http()
        .around(ConcurrencyLimitLayer::new(9))
        .layer(service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(status(429)))));
    let (recorder, layer) = measured("edge");
    let limiter = layer_fn(move |_: Inner<(), _>| {
        let quota = quota.clone();
        service_fn(move |request: Request<()>| {
            quota.clone().oneshot(request).map(|answer| Ok::<_, Passed<Infallible>>(answer.unwrap()))
        })
    });
    layer.http().around(limiter).layer(()).oneshot(Request::new(())).await.unwrap();
    assert_refused(&recorder, "edge", 1, &[("rate_limited", 1)]);
}

#[tokio::test]
async fn a_limiter_may_turn_its_errors_into_answers_and_have_none() {
    let (recorder, layer) = measured("edge");
    let limiter = layer_fn(|inner: Inner<FailingService, Errors>| {
        service_fn(move |n: u32| inner.clone().oneshot(n).map(|answer| Ok::<_, Infallible>(answer.is_ok())))
    });
    let failing = service_fn((|_| ready(Err("inner"))) as fn(u32) -> Failing);
    assert_eq!(layer.around(limiter).layer(failing).oneshot(1).await, Ok(false));
    assert_refused(&recorder, "edge", 1, &[]);
}

#[tokio::test]
async fn a_boxed_error_keeps_its_chain_of_sources() {
    let (_, layer) = measured("queue");
    let broken = tower::util::MapErr::new(Broken, |error: io::Error| BoxError::from(error));
    let service = ServiceBuilder::new().layer(layer.around(BufferLayer::new(4))).service(broken);
    let error = service.oneshot(()).await.unwrap_err();
    let mut link: &(dyn Error + 'static) = &*error;
    while !link.is::<io::Error>() {
        link = link.source().expect("the error of the service is in the chain");
    }
    assert_eq!(link.to_string(), "broken");
}

#[tokio::test]
async fn zeros_come_with_the_first_call_after_the_recorder() {
    let layer = RejectionLayer::new("edge").around(ConcurrencyLimitLayer::new(1));
    let service = layer.layer(service_fn(|(): ()| ready(Ok::<_, io::Error>(()))));
    service.clone().oneshot(()).await.unwrap();
    let recorder = Recorder::new();
    let _scope = metrics::set_default_local_recorder(&recorder);
    service.oneshot(()).await.unwrap();
    assert_eq!(recorder.series("requests_rejected_total").len(), 4, "{recorder}");
    assert_refused(&recorder, "edge", 1, &[]);
}

#[tokio::test]
async fn a_buffer_that_is_dead_refuses_nothing_before_a_call() {
    let (recorder, layer) = measured("queue");
    let broken = tower::util::MapErr::new(Broken, |error: io::Error| BoxError::from(error));
    let mut service = ServiceBuilder::new().layer(layer.around(BufferLayer::new(4))).service(broken);
    service.ready().await.unwrap().call(()).await.unwrap_err();
    assert_refused(&recorder, "queue", 1, &[("closed", 1)]);
    assert!(service.ready().await.is_err());
    assert_refused(&recorder, "queue", 1, &[("closed", 1)]);
}
