//! The check at startup, on what a real exporter renders.

use std::time::Duration;

use metrics_exporter_prometheus::PrometheusBuilder;
use tower_metrics::{
    GrpcMetricsLayer, Operation,
    exporter::Prometheus,
    metrics::with_local_recorder,
    sla::{CheckError, Checked, Sla},
};

use crate::promises::millis;

/// Renders what an operation leaves in an exporter, and checks the promise against it.
fn checked(sla: &Sla, builder: PrometheusBuilder) -> Result<Checked, CheckError> {
    let recorder = builder.build_recorder();
    with_local_recorder(&recorder, || drop(Operation::new("db_query").start()));
    recorder.handle().run_upkeep();
    sla.check(&recorder.handle().render())
}

fn promise() -> Sla {
    Sla::new("shop").operation("db_query", |it| it.latency(0.99, millis(30)))
}

#[test]
fn bounds_of_the_promise_are_found() {
    let checked = checked(&promise(), Prometheus::new().sla(&promise()).into_builder()).unwrap();
    assert_eq!(checked.not_exported_yet(), [""; 0]);
    checked.complete().unwrap();
}

#[test]
fn a_threshold_that_is_no_bound_is_named_with_what_to_change() {
    let error = checked(&promise(), Prometheus::new().into_builder()).unwrap_err().to_string();
    assert_eq!(
        error,
        "db_query_duration_seconds has no bound 0.03 (it has 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, \
         10, +Inf), so the share of calls within it cannot be told: give the exporter this SLA, by \
         exporter::Prometheus::new().sla(&sla) or the bounds of sla::histogram_bounds"
    );
}

#[test]
fn a_summary_is_named() {
    let error = checked(&promise(), PrometheusBuilder::new()).unwrap_err().to_string();
    assert!(
        error.starts_with("db_query_duration_seconds is exported as a summary, of which no share"),
        "{error}"
    );
}

#[test]
fn what_is_not_exported_yet_is_listed_and_not_wrong() {
    let sla = promise().latency(0.99, millis(100)).head_latency(0.99, millis(50));
    let checked = checked(&sla, Prometheus::new().sla(&sla).into_builder()).unwrap();
    assert_eq!(
        checked.not_exported_yet(),
        ["http_requests_total", "http_request_duration_seconds", "http_response_head_duration_seconds"]
    );
    let error = checked.complete().unwrap_err().to_string();
    assert!(error.starts_with("nothing is exported of http_requests_total, http_request_dur"), "{error}");
}

#[test]
fn bounds_are_found_in_either_spelling_whatever_other_labels_hold() {
    let sla = Sla::new("shop").operation("job", |it| it.latency(0.99, Duration::from_secs(2)));
    let page = |bound: &str| {
        format!(
            "# TYPE job_duration_seconds histogram\n\
             job_duration_seconds_bucket{{outcome=\",le=\\\"9\\\"\",le=\"{bound}\"}} 1\n\
             job_duration_seconds_bucket{{le=\"{bound}\",outcome=\"x\"}} 1\n"
        )
    };
    assert!(sla.check(&page("2")).is_ok());
    assert!(sla.check(&page("2.0")).is_ok());
    assert!(sla.check(&page("3")).is_err());
}

#[test]
fn every_series_has_to_have_the_bound() {
    let sla = Sla::new("shop").operation("job", |it| it.latency(0.99, Duration::from_secs(2)));
    let bucket = |outcome: &str, bound: &str| {
        format!("job_duration_seconds_bucket{{outcome=\"{outcome}\",le=\"{bound}\"}} 1\n")
    };
    assert!(sla.check(&(bucket("a", "2") + &bucket("b", "2"))).is_ok());
    assert!(sla.check(&(bucket("a", "2") + &bucket("b", "1"))).is_err());
}

#[test]
fn what_is_exported_under_other_names_is_named() {
    let page = "# TYPE house_http_requests_total counter\nhouse_http_requests_total{method=\"GET\"} 1\n";
    let error = Sla::new("shop").check(page).unwrap().complete().unwrap_err().to_string();
    assert!(
        error.ends_with("there is house_http_requests_total: give the SLA the same .naming() as the Layers"),
        "{error}"
    );
}

#[test]
fn a_histogram_that_takes_one_call_in_so_many_is_named() {
    let sla = Sla::new("shop").grpc(|it| it.latency(0.99, millis(100)));
    let recorder = Prometheus::new().sla(&sla).into_builder().build_recorder();
    let initialized = |layer: GrpcMetricsLayer| {
        with_local_recorder(&recorder, || layer.initialize());
        sla.check(&recorder.handle().render())
    };
    initialized(GrpcMetricsLayer::new()).unwrap().complete().unwrap();
    let error = initialized(GrpcMetricsLayer::new().sample_latency(10)).unwrap_err().to_string();
    assert_eq!(
        error,
        "grpc_server_handling_seconds takes one call in 10, of which no share of all calls can be told: leave \
         .sample_latency() out of its Layer"
    );
}
