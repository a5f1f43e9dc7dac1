//! An exporter that forgets what does not change, and Layers that were told.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

use std::{
    convert::Infallible,
    future::{pending, ready},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::Empty;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use metrics_util::MetricKindMask;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_metrics::{
    HttpMetricsLayer, Operation, RejectionLayer,
    exporter::{Prometheus, metrics_exporter_prometheus},
    labels::Capped,
};

const TIMEOUT: Duration = Duration::from_millis(20);

/// The exporter of the crate, which forgets after `timeout`.
fn forgetful(timeout: Duration) -> (Arc<PrometheusRecorder>, PrometheusHandle) {
    let recorder = Prometheus::new().idle_timeout(timeout).into_builder().build_recorder();
    let handle = recorder.handle();
    (Arc::new(recorder), handle)
}

fn call(layer: &HttpMetricsLayer) {
    let answer =
        service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))));
    layer.layer(answer).oneshot(Request::new(())).now_or_never().unwrap().unwrap();
}

/// The sum of the lines of a page that begin so.
fn sum(page: &str, begin: &str) -> Option<f64> {
    let values = page.lines().filter(|line| line.starts_with(begin));
    let values: Vec<f64> = values.map(|line| line.rsplit_once(' ').unwrap().1.parse().unwrap()).collect();
    (!values.is_empty()).then(|| values.iter().sum())
}

/// Renders until nothing of this name is left.
fn until_forgotten(handle: &PrometheusHandle, name: &str, mut meanwhile: impl FnMut(&str)) {
    loop {
        let page = handle.render();
        meanwhile(&page);
        if sum(&page, name).is_none() {
            return;
        }
        std::thread::yield_now();
    }
}

const COUNTER: &str = "http_requests_total{method=\"GET\",endpoint=\"unmatched\",status=\"200\"";
const SAMPLES: &str =
    "http_request_duration_seconds_count{method=\"GET\",endpoint=\"unmatched\",status=\"2xx\"";
const GAUGE: &str = "http_requests_in_flight{";

/// Runs cycles of calls and silence, with three calls in flight all the time; tells in how many the counter, and in how
/// many the histogram, had lost a call.
fn cycles(layer: &HttpMetricsLayer, handle: &PrometheusHandle, cycles: usize) -> (usize, usize) {
    let hang = service_fn(|_: Request<()>| pending::<Result<Response<Empty<Bytes>>, Infallible>>());
    let mut hanging = layer.layer(hang);
    let held: Vec<_> = (0..3).map(|_| hanging.call(Request::new(()))).collect();
    let mut lost = (0, 0);
    for cycle in 0..cycles {
        let calls = 1 + cycle % 3;
        (0..calls).for_each(|_| call(layer));
        let page = handle.render();
        lost.0 += usize::from(sum(&page, COUNTER) != Some(calls as f64));
        lost.1 += usize::from(sum(&page, SAMPLES) != Some(calls as f64));
        assert_eq!(sum(&page, GAUGE), Some(3.0), "{page}");
        let is_true = |page: &str| assert_eq!(sum(page, GAUGE), Some(3.0), "in flight is never forgotten");
        until_forgotten(handle, COUNTER, is_true);
        until_forgotten(handle, SAMPLES, is_true);
    }
    drop(held);
    assert_eq!(sum(&handle.render(), GAUGE), Some(0.0));
    lost
}

#[test]
fn fifty_times_forgotten_and_used_again_nothing_is_lost() {
    let (recorder, handle) = forgetful(TIMEOUT);
    let layer = HttpMetricsLayer::new().recorder(recorder).idle_timeout(TIMEOUT);
    assert_eq!(cycles(&layer, &handle, 50), (0, 0));
}

/// What the line is for: without it the handles lead nowhere from the first silence on.
#[test]
fn a_layer_that_was_not_told_loses_every_call_after_the_first_silence() {
    let (recorder, handle) = forgetful(TIMEOUT);
    let layer = HttpMetricsLayer::new().recorder(recorder);
    assert_eq!(cycles(&layer, &handle, 5), (4, 4));
}

/// A user's own exporter that forgets gauges too: absent it may be, but never wrong.
#[test]
fn a_gauge_that_was_forgotten_comes_back_as_the_truth() {
    let builder = PrometheusBuilder::new().idle_timeout(MetricKindMask::ALL, Some(TIMEOUT));
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    let layer = HttpMetricsLayer::new().recorder(Arc::new(recorder)).idle_timeout(TIMEOUT);
    let hang = service_fn(|_: Request<()>| pending::<Result<Response<Empty<Bytes>>, Infallible>>());
    let mut hanging = layer.layer(hang);
    let mut held: Vec<_> = (0..20).map(|_| hanging.call(Request::new(()))).collect();
    while held.pop().is_some() {
        let truth = held.len() as f64;
        assert_eq!(sum(&handle.render(), GAUGE), Some(truth));
        until_forgotten(&handle, GAUGE, |page| {
            assert!(sum(page, GAUGE).is_none_or(|shown| shown == truth), "{page}");
        });
    }
}

/// While a label set is used, its counters stand at zero, so that its first failure is an increase. A histogram that
/// stands at zero cannot be touched: it is forgotten, and is there again at once.
#[test]
fn the_zeros_of_a_label_set_in_use_are_not_forgotten() {
    // Longer than this thread may be kept from running.
    const TIMEOUT: Duration = Duration::from_millis(400);
    let (recorder, handle) = forgetful(TIMEOUT);
    let layer = HttpMetricsLayer::new().recorder(Arc::clone(&recorder) as _).idle_timeout(TIMEOUT);
    layer.initialize();
    let edge = RejectionLayer::new("edge")
        .recorder(recorder)
        .idle_timeout(TIMEOUT)
        .around(tower::layer::util::Identity::new());
    let limited = edge.layer(service_fn(|(): ()| ready(Ok::<_, Infallible>(()))));
    let is_shown = || {
        call(&layer);
        limited.clone().oneshot(()).now_or_never().unwrap().unwrap();
        let page = handle.render();
        for zero in [
            "http_requests_total{method=\"GET\",endpoint=\"unmatched\",status=\"503\"",
            "requests_rejected_total{limiter=\"edge\",reason=\"rate_limited\"",
        ] {
            assert_eq!(sum(&page, zero), Some(0.0), "{zero} in {page}");
        }
        page.contains(
            "http_request_duration_seconds_count{method=\"GET\",endpoint=\"unmatched\",status=\"5xx\"} 0",
        )
    };
    for _ in 0..5 {
        while is_shown() {}
        while !is_shown() {}
    }
}

#[test]
fn what_tells_of_the_cap_is_not_lost_either() {
    let (recorder, handle) = forgetful(TIMEOUT);
    let cost =
        Capped::new("cost_total", ["user"], "What was spent.").recorder(recorder).idle_timeout(TIMEOUT);
    let cost = cost.max_label_sets(1);
    cost.increment(["ada"], 1);
    for _ in 0..3 {
        cost.increment(["bob"], 1);
        let page = handle.render();
        assert_eq!(sum(&page, "tower_metrics_overflow_total{"), Some(1.0), "{page}");
        until_forgotten(&handle, "tower_metrics_overflow_total{", |_| {});
    }
}

#[test]
fn what_is_no_layer_is_told_too() {
    let (recorder, handle) = forgetful(TIMEOUT);
    let job = Operation::new("job").recorder(Arc::clone(&recorder) as _).idle_timeout(TIMEOUT);
    let cost =
        Capped::new("cost_total", ["user"], "What was spent.").recorder(recorder).idle_timeout(TIMEOUT);
    for _ in 0..5 {
        job.run(|| cost.increment(["ada"], 7));
        let page = handle.render();
        assert_eq!(sum(&page, "job_total{outcome=\"completed\"}"), Some(1.0), "{page}");
        assert_eq!(sum(&page, "job_duration_seconds_count{outcome=\"completed\"}"), Some(1.0), "{page}");
        assert_eq!(sum(&page, "cost_total{user=\"ada\"}"), Some(7.0), "{page}");
        for name in ["job_total{outcome=\"completed\"}", "job_duration_seconds_count", "cost_total{"] {
            until_forgotten(&handle, name, |_| {});
        }
    }
}
