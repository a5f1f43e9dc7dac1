//! This crate's own Layers, tortured: each of them balances, under every scheme, and in every combination.

use std::{convert::Infallible, io, time::Duration};

use axum::{Router, body::Body, response::IntoResponse, routing::get};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{Empty, Full, StreamBody};
use tokio::task::yield_now;
use tower::{
    BoxError, Layer, Service, ServiceBuilder, ServiceExt, limit::ConcurrencyLimitLayer,
    load_shed::LoadShedLayer, service_fn, timeout::TimeoutLayer,
};
use tower_metrics::{
    GrpcMessagesLayer, GrpcMetricsLayer, HttpMetricsLayer, InFlightLayer, LatencyLayer, Operation,
    ReadinessLayer, RejectionLayer, RequestCountLayer, ServiceMetricsLayer,
    grpc::unary,
    names::Naming,
    testing::{
        Faults, Recorder, Torture,
        torture::{Report, Way},
    },
};

fn with_tasks(torture: Torture) -> Torture {
    torture.tasks(|task| {
        let task = tokio::spawn(task);
        move || task.abort()
    })
}

/// Two frames and trailers, each after a while.
fn frames() -> Body {
    let frames = futures_util::stream::unfold(0, async |n| {
        yield_now().await;
        let frame = match n {
            0 | 1 => Frame::data(Bytes::from("Ada")),
            2 => Frame::trailers(HeaderMap::from_iter([("grpc-status", "0")].map(|(name, value)| {
                (http::HeaderName::from_static(name), HeaderValue::from_static(value))
            }))),
            _ => return None,
        };
        Some((Ok::<_, io::Error>(frame), n + 1))
    });
    Body::new(StreamBody::new(Box::pin(frames)))
}

/// A router with the Layer inside, and faults inside of that; asked for one after the other of these paths.
async fn torture_router(recorder: &Recorder, layer: HttpMetricsLayer, paths: &'static [&str]) -> Report {
    let faults = Faults::new();
    let app: Router = Router::new()
        .route("/users/{id}", get(async || "Ada"))
        .route("/stream", get(async || frames()))
        .route("/fail", get(async || StatusCode::BAD_GATEWAY))
        .route(
            "/late",
            get(async || {
                tokio::time::sleep(Duration::from_millis(1)).await;
                StatusCode::NO_CONTENT
            }),
        )
        .route("/panic", get(async || -> Response<Body> { std::panic::resume_unwind(Box::new("as asked")) }))
        .layer(faults.http())
        .layer(layer.recorder(recorder.shared()));
    let mut paths = paths.iter().cycle();
    let request = || Request::get(*paths.next().unwrap()).body(Body::empty()).unwrap();
    with_tasks(Torture::new(recorder).faults(&faults)).run_http(|| app.clone(), request).await
}

const PATHS: &[&str] = &["/users/7", "/stream", "/fail", "/late", "/panic", "/nowhere", "/users/8"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_router_balances_and_every_end_is_in_its_counter() {
    let recorder = Recorder::new();
    let report = torture_router(&recorder, HttpMetricsLayer::axum(), PATHS).await;
    report.assert_balanced();
    assert_eq!(recorder.counter("http_requests_total", []), report.calls());
    for outcome in ["completed", "cancelled", "panicked", "body_error", "body_dropped"] {
        assert!(recorder.counter("http_requests_total", [("outcome", outcome)]) > 0, "{outcome}: {report}");
    }
}

#[tokio::test]
async fn a_router_balances_under_every_scheme() {
    let schemes = [
        Naming::new().prefix("shop_").label("status", "code").label("endpoint", "route"),
        Naming::new().metric("http_requests_total", "calls_total"),
        Naming::opentelemetry(),
        Naming::opentelemetry().prefix("shop."),
        Naming::axum_prometheus(),
        Naming::axum_prometheus().prefix("shop_"),
    ];
    for naming in schemes {
        let layers = [
            HttpMetricsLayer::axum().naming(&naming),
            HttpMetricsLayer::axum().naming(&naming).response_head_duration(),
        ];
        for layer in layers {
            let recorder = Recorder::new();
            torture_router(&recorder, layer, PATHS).await.assert_balanced();
        }
    }
}

#[tokio::test]
async fn own_labels_that_overflow_balance() {
    let recorder = Recorder::new();
    let layer = HttpMetricsLayer::axum()
        .constant_label("zone", "a")
        .label("path", |head| Some(head.uri().path().to_owned().into()))
        .response_label("length", |head| {
            Some(head.headers().get("content-length")?.to_str().ok()?.to_owned().into())
        })
        .max_label_sets(3)
        .exact_status();
    torture_router(&recorder, layer, PATHS).await.assert_balanced();
    assert!(recorder.counter("tower_metrics_overflow_total", []) > 0);
}

#[tokio::test]
async fn a_sampled_latency_balances_and_has_to_have_its_samples() {
    let recorder = Recorder::new();
    let report = torture_router(&recorder, HttpMetricsLayer::axum().sample_latency(10), &["/users/7"]).await;
    report.assert_balanced();
    assert!(recorder.histogram("http_request_duration_seconds", []).count() < report.calls());
}

#[tokio::test]
async fn instruments_that_are_nested_balance_as_one_does() {
    let recorder = Recorder::new();
    let faults = Faults::new();
    let layer = HttpMetricsLayer::new().recorder(recorder.shared());
    let service = ServiceBuilder::new()
        .layer(RequestCountLayer::from(layer.clone()))
        .layer(LatencyLayer::from(layer.clone()))
        .layer(InFlightLayer::from(layer))
        .layer(faults.http())
        .service(service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(frames()))));
    let torture = with_tasks(Torture::new(&recorder).faults(&faults));
    torture.run_http(|| service.clone(), || Request::new(())).await.assert_balanced();
}

#[tokio::test]
async fn grpc_and_http_around_one_call_balance() {
    for naming in [Naming::new(), Naming::opentelemetry()] {
        let recorder = Recorder::new();
        let faults = Faults::<io::Error>::failing(|| io::Error::other("as asked"));
        let grpc = GrpcMetricsLayer::new()
            .methods([unary("shop.Orders", "Place")])
            .naming(&naming)
            .recorder(recorder.shared());
        let service = ServiceBuilder::new()
            .layer(HttpMetricsLayer::new().naming(&naming).recorder(recorder.shared()))
            .layer(GrpcMessagesLayer::from(grpc.clone()))
            .layer(grpc)
            .layer(faults.http())
            .service(service_fn(async |_: Request<_>| Ok::<_, io::Error>(Response::new(frames()))));
        let request = || {
            let request =
                Request::post("http://shop/shop.Orders/Place").header("content-type", "application/grpc");
            request.body(Full::<Bytes>::default()).unwrap()
        };
        let report =
            with_tasks(Torture::new(&recorder).faults(&faults)).run_http(|| service.clone(), request).await;
        report.assert_balanced();
        assert!(report.ended(Way::Fails) > 0, "{report}");
    }
}

#[tokio::test]
async fn a_client_balances() {
    let recorder = Recorder::new();
    let faults = Faults::<io::Error>::failing(|| io::Error::other("as asked"));
    let service = ServiceBuilder::new()
        .layer(HttpMetricsLayer::client().recorder(recorder.shared()))
        .layer(HttpMetricsLayer::client().attempts().recorder(recorder.shared()))
        .layer(faults.http())
        .service(service_fn(async |_: Request<Empty<Bytes>>| Ok::<_, io::Error>(Response::new(frames()))));
    let torture = Torture::new(&recorder).faults(&faults);
    torture.run_http(|| service.clone(), || Request::new(Empty::new())).await.assert_balanced();
    assert!(recorder.counter("http_client_request_attempts_total", []) > 0);
}

async fn late(request: u32) -> io::Result<u32> {
    yield_now().await;
    if request % 7 == 0 { Err(io::Error::other("as asked")) } else { Ok(request) }
}

#[tokio::test]
async fn any_service_balances_under_names_of_its_own() {
    let layers = [
        ServiceMetricsLayer::new("db_query"),
        ServiceMetricsLayer::new("db_query").started(),
        ServiceMetricsLayer::new("db_query").attempts(),
        ServiceMetricsLayer::new("db_query")
            .count_as("queries_total")
            .time_as("query_seconds")
            .gauge_as("busy"),
        ServiceMetricsLayer::new("db_query").outcome_label("status").sample_latency(3),
    ];
    for layer in layers {
        let recorder = Recorder::new();
        let faults = Faults::<io::Error>::failing(|| io::Error::other("as asked"));
        let mut n = 0;
        let request = || {
            n += 1;
            n
        };
        let layer = layer.recorder(recorder.shared());
        // Made anew for each call, by a factory.
        let make = || layer.layer(faults.layer(service_fn(late)));
        let torture = with_tasks(Torture::new(&recorder).faults(&faults)).rounds(20).seed(7);
        let report = torture.run(make, request).await;
        report.assert_balanced();
        for way in [Way::NotCalled, Way::Answered, Way::Dropped, Way::Aborted, Way::CallPanics, Way::Fails] {
            assert!(report.ended(way) > 0, "{way}: {report}");
        }
        assert_eq!(report.ended(Way::BodyUnread), 0, "{report}");
    }
}

#[tokio::test]
async fn what_waits_and_what_is_refused_balances() {
    let recorder = Recorder::new();
    let faults = Faults::<BoxError>::failing(|| "as asked".into());
    let service = ServiceBuilder::new()
        .layer(ServiceMetricsLayer::new("call").recorder(recorder.shared()))
        .layer(RejectionLayer::new("edge").recorder(recorder.shared()).around(LoadShedLayer::new()))
        .layer(ReadinessLayer::new("slots").recorder(recorder.shared()))
        .layer(ConcurrencyLimitLayer::new(4))
        .layer(
            RejectionLayer::new("deadline")
                .recorder(recorder.shared())
                .around(TimeoutLayer::new(Duration::from_secs(60))),
        )
        .layer(ServiceMetricsLayer::new("inner").recorder(recorder.shared()))
        .layer(faults.clone())
        .service(service_fn(async |n: u32| late(n).await.map_err(BoxError::from)));
    let torture = Torture::new(&recorder).faults(&faults).counted_by("call_total");
    torture.run(|| service.clone(), || 1).await.assert_balanced();
    assert!(recorder.counter("requests_rejected_total", [("reason", "overloaded")]) > 0);

    // Who waits for a slot is called when there is one.
    let waiting = ServiceBuilder::new()
        .layer(ServiceMetricsLayer::new("waiting").recorder(recorder.shared()))
        .layer(ConcurrencyLimitLayer::new(2))
        .service(service_fn(late));
    let report = Torture::new(&recorder).counted_by("waiting_total").run(|| waiting.clone(), || 1).await;
    report.assert_balanced();
    assert!(report.ended(Way::Dropped) > 0, "{report}");
}

#[tokio::test]
async fn an_operation_of_several_has_to_be_named() {
    let recorder = Recorder::new();
    let (outer, inner) = (Operation::new("outer"), Operation::new("inner"));
    let (outer, inner) = (outer.recorder(recorder.shared()), inner.recorder(recorder.shared()));
    let service = || {
        let (outer, inner) = (outer.clone(), inner.clone());
        service_fn(move |n: u32| {
            let inner = inner.clone();
            outer.try_instrument(async move { if n % 2 == 0 { inner.run(|| Ok(n)) } else { Err(n) } })
        })
    };
    let mut n = 0;
    let request = || {
        n += 1;
        n
    };
    let report = Torture::new(&recorder).run(service, request).await;
    assert!(report.to_string().contains("Torture::counted_by"), "{report}");
    let report = Torture::new(&recorder).counted_by("outer_total").run(service, || 2).await;
    report.assert_balanced();
}

#[tokio::test]
async fn what_hangs_is_given_up_and_said() {
    let recorder = Recorder::new();
    let layer = ServiceMetricsLayer::new("stuck").recorder(recorder.shared());
    let service = layer.layer(service_fn(|_: ()| std::future::pending::<Result<(), Infallible>>()));
    let torture = Torture::new(&recorder).rounds(1).patience(Duration::from_millis(20));
    let report = torture.run(|| service.clone(), || ()).await;
    assert_eq!(
        report.off(),
        ["given up: nothing came of a call to be \"answered, and read to the end\""],
        "{report}"
    );
    assert!(
        report.to_string().contains("answered, and read to the end         0; 2 were given up"),
        "{report}"
    );
}

#[tokio::test]
async fn an_endless_body_is_read_for_a_while() {
    let recorder = Recorder::new();
    let endless = || futures_util::stream::repeat_with(|| Ok::<_, io::Error>(Frame::data(Bytes::from("."))));
    let service =
        HttpMetricsLayer::new().recorder(recorder.shared()).layer(service_fn(move |_: Request<()>| {
            std::future::ready(Ok::<_, Infallible>(Response::new(StreamBody::new(endless()))))
        }));
    let report = Torture::new(&recorder).rounds(1).run_http(|| service.clone(), || Request::new(())).await;
    report.assert_balanced();
    assert_eq!(
        recorder.counter("http_requests_total", [("outcome", "body_dropped")]),
        report.calls() - 1 - report.ended(Way::AtOnce) / 2,
        "all but those that were never polled: {report}"
    );
}

#[tokio::test]
async fn a_recorder_that_no_layer_was_given_is_said() {
    let recorder = Recorder::new();
    let service = HttpMetricsLayer::new()
        .layer(service_fn(async |_: Request<()>| Ok::<_, Infallible>("Ada".into_response())));
    let report = Torture::new(&recorder).run_http(|| service.clone(), || Request::new(())).await;
    assert_eq!(report.off().len(), 1, "{report}");
    assert!(report.off()[0].ends_with("give the recorder to the Layer"), "{report}");
}

#[tokio::test]
async fn a_service_that_is_never_called_is_not_counted() {
    let recorder = Recorder::new();
    let layer = ServiceMetricsLayer::new("job").recorder(recorder.shared());
    let mut service = layer.layer(service_fn(late));
    service.ready().await.unwrap();
    layer.initialize();
    recorder.assert_balanced();
    recorder.assert_counter("job_total", [], 0);
    service.call(1).await.unwrap();
    recorder.assert_counter("job_total", [], 1);
}
