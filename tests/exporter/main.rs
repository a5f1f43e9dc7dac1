//! The Prometheus exporter: bounds on every histogram, a listener that serves one page, clear errors.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

mod listener;
#[path = "../support/scrape.rs"]
mod scrape;

use std::{convert::Infallible, future::ready, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::Empty;
use metrics::with_local_recorder;
use tower::{Layer, ServiceExt, service_fn};
use tower_metrics::{HttpMetricsLayer, exporter::Prometheus, names::Naming, sla::Sla, testing::Clock};

/// The `le` values of one histogram in an exposition, in the order in which they stand.
fn bounds(exposition: &str, histogram: &str) -> Vec<String> {
    let begin = format!("{histogram}_bucket{{");
    let lines = exposition.lines().filter(|line| line.starts_with(&begin));
    lines.map(|line| line.split_once("le=\"").unwrap().1.split('"').next().unwrap().to_owned()).collect()
}

fn rendered(exporter: Prometheus, record: impl FnOnce()) -> String {
    let recorder = exporter.into_builder().build_recorder();
    with_local_recorder(&recorder, record);
    recorder.handle().render()
}

#[test]
fn no_histogram_becomes_a_summary() {
    let page = rendered(Prometheus::new(), || {
        HttpMetricsLayer::new().initialize();
        HttpMetricsLayer::client().initialize();
        metrics::histogram!("db_query_duration_seconds").record(0.2);
        metrics::histogram!("upload_size_bytes").record(2048.0);
        metrics::histogram!("connection_duration_seconds").record(30.0);
        metrics::histogram!("queue_depth").record(3.0);
    });
    assert!(!page.contains(" summary"), "{page}");
    let seconds = ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"];
    assert_eq!(bounds(&page, "db_query_duration_seconds"), seconds);
    assert_eq!(bounds(&page, "queue_depth"), seconds);
    assert_eq!(bounds(&page, "upload_size_bytes")[..3], ["256", "1024", "4096"]);
    assert_eq!(bounds(&page, "upload_size_bytes")[8..], ["16777216", "+Inf"]);
    assert_eq!(bounds(&page, "connection_duration_seconds")[8..], ["86400", "+Inf"]);
    assert_eq!(bounds(&page, "http_client_request_duration_seconds")[..12], seconds);
}

/// What the README says that a declared endpoint costs to store.
#[test]
fn a_declared_endpoint_that_answers_well_is_39_series_on_axum_and_40_elsewhere() {
    for (layer, expected) in [(HttpMetricsLayer::axum(), 39), (HttpMetricsLayer::new(), 40)] {
        let exporter = Prometheus::new().sla(&Sla::new("api").latency(0.99, Duration::from_millis(100)));
        let page = rendered(exporter, || {
            let layer = layer.endpoint(|_| Some("/users".into())).endpoints([("GET", "/users")]);
            layer.initialize();
            let service = layer.layer(service_fn(|_: Request<()>| {
                ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())))
            }));
            service.oneshot(Request::new(())).now_or_never().unwrap().unwrap();
        });
        assert_eq!(
            page.lines().filter(|line| line.contains("endpoint=\"/users\"")).count(),
            expected,
            "{page}"
        );
    }
}

#[test]
fn the_slas_bounds_are_those_of_the_latency_histogram_alone() {
    let slas = [
        Sla::new("api").latency(0.99, Duration::from_millis(100)),
        Sla::new("reports").latency(0.99, Duration::from_secs(2)),
    ];
    let exporter = slas.iter().fold(Prometheus::new(), Prometheus::sla);
    let page = rendered(exporter, || {
        HttpMetricsLayer::new().initialize();
        metrics::histogram!("db_query_duration_seconds").record(0.2);
    });
    let expected: Vec<_> = tower_metrics::sla::bounds(&slas).iter().map(ToString::to_string).collect();
    let of_one_series = expected.len() + 1;
    assert_eq!(bounds(&page, "http_request_duration_seconds")[..expected.len()], expected);
    assert_eq!(bounds(&page, "http_request_duration_seconds").len() % of_one_series, 0);
    assert_eq!(bounds(&page, "db_query_duration_seconds").len(), 12);
}

#[test]
fn bounds_follow_the_naming_and_the_users_own_are_merged() {
    let naming = Naming::new().prefix("shop_");
    let exporter = Prometheus::new()
        .sla(&Sla::new("shop").latency(0.99, Duration::from_millis(300)))
        .naming(&naming)
        .bounds("shop_http_request_duration_seconds", &[0.123, 60.0])
        .bounds("queue_length", &[1.0, 10.0]);
    let page = rendered(exporter, || {
        HttpMetricsLayer::new().naming(&naming).initialize();
        metrics::histogram!("queue_length").record(3.0);
    });
    let renamed = Naming::new()
        .metric("http_request_duration_seconds", "request_latency")
        .metric("http_client_request_duration_seconds", "client_latency");
    let exporter =
        Prometheus::new().sla(&Sla::new("a").latency(0.9, Duration::from_millis(70))).naming(&renamed);
    let with_own_names = rendered(exporter, || {
        HttpMetricsLayer::new().naming(&renamed).initialize();
        HttpMetricsLayer::client().naming(&renamed).initialize();
    });
    assert!(bounds(&with_own_names, "request_latency").contains(&"0.07".to_owned()));
    assert_eq!(bounds(&with_own_names, "client_latency")[..2], ["0.005", "0.01"]);

    let bounds_of = bounds(&page, "shop_http_request_duration_seconds");
    for bound in ["0.123", "0.3", "1.2", "60"] {
        assert!(bounds_of.contains(&bound.to_owned()), "{bound} is missing in {bounds_of:?}");
    }
    assert_eq!(bounds(&page, "queue_length"), ["1", "10", "+Inf"]);
}

/// `Duration::as_secs_f64` and `bound * 0.1` both miss by the last bit for some of these.
#[test]
fn a_call_of_exactly_the_threshold_is_within_it_and_one_nanosecond_more_is_not() {
    for threshold in [1, 3, 7, 75, 100, 250, 1_118, 1_999, 2_000, 30_001].map(Duration::from_millis) {
        let exporter = Prometheus::new().sla(&Sla::new("api").latency(0.99, threshold));
        let recorder = Arc::new(exporter.into_builder().build_recorder());
        let (clock, time) = Clock::mock();
        let layer = HttpMetricsLayer::new().recorder(Arc::clone(&recorder) as _).clock(clock);
        for takes in [threshold, threshold + Duration::from_nanos(1)] {
            let time = time.clone();
            let service = layer.layer(service_fn(move |_: Request<()>| {
                time.advance(takes);
                ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())))
            }));
            service.oneshot(Request::new(())).now_or_never().unwrap().unwrap();
        }
        let bound = threshold.as_millis() as f64 / 1e3;
        let within = format!(
            "http_request_duration_seconds_bucket{{method=\"GET\",endpoint=\"unmatched\",status=\"2xx\",le=\"{bound}\"}} 1\n"
        );
        let page = recorder.handle().render();
        assert!(page.contains(&within), "{within} is missing in {page}");
    }
}

#[test]
fn without_a_runtime_serving_is_an_error_and_no_panic() {
    let error = Prometheus::new().serve("127.0.0.1:0").now_or_never().unwrap().unwrap_err();
    assert!(error.to_string().contains("tokio runtime"), "{error}");
}
