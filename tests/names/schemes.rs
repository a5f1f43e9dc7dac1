//! What each scheme calls metrics and labels, and with which values it says how a call ended.

use std::{collections::BTreeSet, convert::Infallible, future::ready, time::Duration};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_metrics::{
    GrpcMetricsLayer, HttpMetricsLayer, Operation, RequestCountLayer,
    exporter::Prometheus,
    metrics::{Unit, with_local_recorder},
    names::Naming,
    sla::Sla,
    testing::{Clock, Recorder},
};

use crate::{
    page::{labels_by_name, promise, rendered, series, told},
    traffic,
};

fn lines<const N: usize>(lines: [&str; N]) -> BTreeSet<String> {
    lines.map(str::to_owned).into()
}

fn names(page: &str) -> BTreeSet<String> {
    let names = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    names.filter(|name| !name.starts_with("tower_metrics_")).map(str::to_owned).collect()
}

type Answering =
    tower::util::ServiceFn<fn(Request<()>) -> std::future::Ready<Result<Response<Full<Bytes>>, Infallible>>>;

/// A call that is answered 200, with a body that is read.
fn answered<L, B>(layer: &L)
where
    L: Layer<Answering>,
    L::Service: Service<Request<()>, Response = Response<B>, Error = Infallible>,
    B: Body,
{
    let service = layer.layer(service_fn(|_| ready(Ok(Response::new("a".into())))));
    let answer = service.oneshot(Request::new(())).now_or_never().unwrap().unwrap();
    assert!(answer.into_body().collect().now_or_never().unwrap().is_ok());
}

#[test]
fn opentelemetry_says_status_and_error_type_of_http_servers() {
    let naming = Naming::opentelemetry().url_scheme("https");
    let layer = HttpMetricsLayer::new().naming(&naming);
    let page = rendered(&[naming], || traffic::http(&layer));
    let of = "http_request_method=GET";
    let (route, https) = ("http_route=/users/{id}", "url_scheme=https");
    let expected = [
        format!("{of},http_response_status_code=200,{route},{https} 3"),
        format!("{of},http_response_status_code=404,{route},{https} 1"),
        format!("{of},http_response_status_code=404,{https} 1"),
        format!("error_type=503,{of},http_response_status_code=503,{route},{https} 1"),
        format!("error_type=body_error,{of},http_response_status_code=200,{route},{https} 1"),
        format!("error_type=cancelled,{of},{route},{https} 1"),
        format!("error_type=error,{of},{route},{https} 1"),
        format!("error_type=panicked,{of},{route},{https} 1"),
    ];
    assert_eq!(told(&page, "http_server_request_duration_seconds_count"), BTreeSet::from(expected), "{page}");
    let in_flight = [
        format!("{of},{route},{https}"),
        format!("{of},{https}"),
        "http_request_method=_OTHER,url_scheme=https".into(),
    ];
    let found: BTreeSet<_> = series(&page, "http_server_active_requests").map(|(labels, _)| labels).collect();
    assert_eq!(found, BTreeSet::from(in_flight));
    assert_eq!(names(&page), lines(["http_server_active_requests", "http_server_request_duration_seconds"]));
}

#[test]
fn opentelemetry_says_which_server_a_client_called() {
    let naming = Naming::opentelemetry();
    let layer = HttpMetricsLayer::client().naming(&naming);
    let page = rendered(&[naming], || traffic::http_client(&layer));
    let expected = lines([
        "error_type=404,http_request_method=GET,http_response_status_code=404,server_address=payments.internal,\
         server_port=8443 1",
        "http_request_method=GET,http_response_status_code=200,server_address=search.internal 1",
        "error_type=error,http_request_method=GET,server_address=_OTHER 1",
    ]);
    assert_eq!(told(&page, "http_client_request_duration_seconds_count"), expected, "{page}");
    assert_eq!(names(&page), lines(["http_client_active_requests", "http_client_request_duration_seconds"]));
}

#[test]
fn opentelemetry_says_method_code_and_error_type_of_grpc() {
    let naming = Naming::opentelemetry();
    let layer = GrpcMetricsLayer::new().naming(&naming);
    let page = rendered(std::slice::from_ref(&naming), || traffic::grpc(&layer));
    let of = |error: &str, code: &str| {
        let error = if error.is_empty() { String::new() } else { format!("error_type={error},") };
        format!("{error}rpc_method=shop.Orders/Place,rpc_response_status_code={code},rpc_system_name=grpc 1")
    };
    let expected = [
        of("", "OK"),
        of("", "NOT_FOUND"),
        of("", "CANCELLED"),
        of("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"),
        of("panicked", "INTERNAL"),
        of("error", "INTERNAL"),
        "rpc_method=_OTHER,rpc_response_status_code=OK,rpc_system_name=grpc 1".to_owned(),
    ];
    assert_eq!(told(&page, "rpc_server_call_duration_seconds_count"), BTreeSet::from(expected), "{page}");
    assert_eq!(
        told(&page, "grpc_server_started_total"),
        lines([
            "grpc_type=unary,rpc_method=shop.Orders/Place,rpc_system_name=grpc 6",
            "grpc_type=unknown,rpc_method=_OTHER,rpc_system_name=grpc 1",
        ])
    );

    // To a client every code but OK is an error.
    let layer = GrpcMetricsLayer::client().naming(&naming);
    let page = rendered(&[naming], || traffic::grpc(&layer));
    let told = told(&page, "rpc_client_call_duration_seconds_count");
    assert!(
        told.contains(&of("NOT_FOUND", "NOT_FOUND")) && told.contains(&of("CANCELLED", "CANCELLED")),
        "{told:?}"
    );
}

#[test]
fn opentelemetry_is_recorded_with_its_dots_and_in_seconds() {
    let recorder = Recorder::new();
    let naming = Naming::opentelemetry();
    traffic::http(&HttpMetricsLayer::new().naming(&naming).recorder(recorder.shared()));
    let samples = recorder.samples(
        "http.server.request.duration",
        [("http.route", "/users/{id}"), ("http.response.status_code", "503"), ("error.type", "503")],
    );
    assert_eq!(samples.len(), 1, "{recorder}");
    assert_eq!(recorder.description("http.server.request.duration").unwrap().unit, Some(Unit::Seconds));
}

#[test]
fn failures_stand_at_zero_where_the_samples_count_calls() {
    let naming = Naming::opentelemetry();
    let layer = HttpMetricsLayer::new().naming(&naming).endpoints([("GET", "/users/{id}")]);
    let page = rendered(&[naming], || layer.initialize());
    let all: BTreeSet<_> = series(&page, "http_server_request_duration_seconds_count")
        .filter(|(labels, value)| labels.contains("http_route") && *value == "0")
        .map(|(labels, _)| labels)
        .collect();
    for failure in
        ["error_type=500,", "error_type=502,", "error_type=503,", "error_type=504,", "error_type=panicked,"]
    {
        assert!(all.iter().any(|labels| labels.starts_with(failure)), "{failure} {all:?}");
    }
    assert!(all.iter().any(|labels| labels.contains("http_response_status_code=200")), "{all:?}");
}

#[test]
fn a_counter_alone_has_the_attributes_and_the_outcome() {
    let naming = Naming::opentelemetry();
    let layer = RequestCountLayer::from(HttpMetricsLayer::new().naming(&naming));
    let page = rendered(&[naming], || answered(&layer));
    let expected =
        "http_request_method=GET,http_response_status_code=200,outcome=completed,url_scheme=http 1";
    assert_eq!(told(&page, "http_requests_total"), lines([expected]), "{page}");
}

#[test]
fn axum_prometheus_has_three_metrics_of_exact_status_and_no_outcome() {
    let naming = Naming::axum_prometheus();
    let layer = HttpMetricsLayer::new().naming(&naming);
    let page = rendered(&[naming], || traffic::http(&layer));
    let all =
        |endpoint: &str, status: &str, n: u8| format!("endpoint={endpoint},method=GET,status={status} {n}");
    let of = |status, n| all("/users/{id}", status, n);
    // What has no head has the status that it has in the catalogue too.
    let expected = BTreeSet::from([
        of("200", 4),
        of("404", 1),
        of("503", 1),
        of("none", 1),
        of("500", 2),
        all("unmatched", "404", 1),
    ]);
    assert_eq!(told(&page, "axum_http_requests_total"), expected, "{page}");
    assert_eq!(told(&page, "axum_http_requests_duration_seconds_count"), expected, "{page}");
    assert_eq!(
        names(&page),
        lines([
            "axum_http_requests_duration_seconds",
            "axum_http_requests_pending",
            "axum_http_requests_total"
        ])
    );
}

/// That crate has no clients and no gRPC.
#[test]
fn axum_prometheus_leaves_clients_and_grpc_as_in_the_catalogue() {
    let recorded = |naming: &Naming| {
        let page = rendered(std::slice::from_ref(naming), || {
            traffic::http_client(&HttpMetricsLayer::client().naming(naming));
            traffic::grpc(&GrpcMetricsLayer::new().naming(naming));
        });
        let is_of_time = |line: &&str| !line.contains("_sum{") && !line.contains("_bucket{");
        let lines: BTreeSet<_> = page.lines().filter(is_of_time).map(str::to_owned).collect();
        lines
    };
    let catalogue = recorded(&Naming::new());
    assert!(catalogue.len() > 50, "{catalogue:?}");
    assert_eq!(recorded(&Naming::axum_prometheus()), catalogue);
}

#[tokio::test]
async fn axum_prometheus_times_calls_to_the_head() {
    let (recorder, (clock, time)) = (Recorder::new(), Clock::mock());
    let naming = Naming::axum_prometheus();
    let layer = HttpMetricsLayer::new().naming(&naming).recorder(recorder.shared()).clock(clock);
    let service = layer.layer(service_fn(async |_: Request<()>| {
        time.advance(Duration::from_millis(20));
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("a")))
    }));
    let answer = service.oneshot(Request::new(())).await.unwrap();
    time.advance(Duration::from_secs(5));
    drop(answer);
    assert_eq!(recorder.samples("axum_http_requests_duration_seconds", []), [0.02]);
    assert_eq!(recorder.counter("axum_http_requests_total", []), 1);
}

#[test]
fn three_schemes_live_in_one_process_around_the_same_calls() {
    let [catalogue, otel, axum] = [Naming::new(), Naming::opentelemetry(), Naming::axum_prometheus()];
    let [one, two, three] = [&catalogue, &otel, &axum].map(|naming| HttpMetricsLayer::new().naming(naming));
    let page = rendered(&[catalogue, otel, axum], || {
        for _ in 0..7 {
            answered(&(&one, &two, &three));
        }
    });
    for (name, labels) in [
        ("http_requests_total", "endpoint=unmatched,method=GET,outcome=completed,status=200"),
        ("http_request_duration_seconds_count", "endpoint=unmatched,method=GET,status=2xx"),
        (
            "http_server_request_duration_seconds_count",
            "http_request_method=GET,http_response_status_code=200,url_scheme=http",
        ),
        ("axum_http_requests_total", "endpoint=unmatched,method=GET,status=200"),
        ("axum_http_requests_duration_seconds_count", "endpoint=unmatched,method=GET,status=200"),
    ] {
        assert_eq!(told(&page, name), BTreeSet::from([format!("{labels} 7")]), "{page}");
    }
    assert!(page.contains("tower_metrics_applied_twice_total 0"), "they share no metric: {page}");
}

#[test]
fn bounds_of_a_promise_reach_each_scheme_s_histograms() {
    for naming in [Naming::new(), Naming::opentelemetry(), Naming::axum_prometheus()] {
        let page = rendered(std::slice::from_ref(&naming), || {
            traffic::http(&HttpMetricsLayer::new().naming(&naming));
            traffic::grpc(&GrpcMetricsLayer::new().naming(&naming));
        });
        promise(&naming).check(&page).unwrap().complete().unwrap();
    }
}

#[test]
fn an_exporter_that_was_not_told_of_the_scheme_is_found_at_startup() {
    let naming = Naming::opentelemetry();
    let recorder = Prometheus::new().into_builder().build_recorder();
    with_local_recorder(&recorder, || traffic::http(&HttpMetricsLayer::new().naming(&naming)));
    let sla = Sla::new("shop").naming(&naming).availability(0.99);
    let error = sla.check(&recorder.handle().render()).unwrap().complete().unwrap_err().to_string();
    let told = "there is http_server_request_duration, without its unit: give the exporter the same .naming() as the Layers";
    assert!(error.ends_with(told), "{error}");
}

#[test]
fn bounds_are_given_by_the_name_that_prometheus_has() {
    let naming = Naming::opentelemetry();
    let exporter = Prometheus::new().bounds("http_server_request_duration_seconds", &[0.07, 7.0]);
    let recorder = exporter.naming(&naming).into_builder().build_recorder();
    with_local_recorder(&recorder, || traffic::http(&HttpMetricsLayer::new().naming(&naming)));
    let page = recorder.handle().render();
    let bounds: BTreeSet<_> = series(&page, "http_server_request_duration_seconds_bucket")
        .map(|(labels, _)| labels.split(',').find_map(|pair| pair.strip_prefix("le=")).unwrap().to_owned())
        .collect();
    assert_eq!(bounds, lines(["+Inf", "0.07", "7"]));
}

/// Names that have their unit, names of one's own, and names that have none, all beside the scheme that appends them.
#[test]
fn no_name_but_those_of_opentelemetry_gets_its_unit_appended() {
    let naming = Naming::opentelemetry();
    let own = Naming::new().metric("http_request_duration_seconds", "latency");
    let (otel, own_layer) = (HttpMetricsLayer::new().naming(&naming), HttpMetricsLayer::new().naming(&own));
    let page = rendered(&[naming, own], || {
        traffic::http(&otel);
        traffic::http(&own_layer);
        traffic::grpc(&GrpcMetricsLayer::new());
        drop(Operation::new("job").start());
    });
    let names = labels_by_name(&page);
    for name in ["latency_count", "grpc_server_handling_seconds_count", "job_duration_seconds_count"] {
        assert!(names.contains_key(name), "{name} {:?}", names.keys());
    }
    assert!(names.keys().all(|name| name.matches("seconds").count() < 2), "{:?}", names.keys());
}
