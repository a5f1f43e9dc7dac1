//! What stands at zero before the first call of a label set.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
};

use tower::{Layer, ServiceExt, service_fn};
use tower_metrics::{
    InFlightLayer, LatencyLayer, Operation, RequestCountLayer, ServiceMetricsLayer, testing::Recorder,
};

struct Job {
    source: &'static str,
    kind: &'static str,
}

async fn work(_: Job) -> Result<(), io::Error> {
    Err(io::Error::other("as asked"))
}

/// Layers whose label sets have a source and a kind.
macro_rules! labelled {
    ($recorder:ident) => {
        ServiceMetricsLayer::new("job")
            .label("source", |job: &Job| job.source.into())
            .label("kind", |job: &Job| job.kind.into())
            .recorder($recorder.shared())
    };
}

#[tokio::test]
async fn a_label_set_that_is_initialized_is_that_of_its_first_call() {
    let recorder = Recorder::new();
    let layer = labelled!(recorder).started().max_label_sets(1);
    layer.initialize_with(["mail", "full"]);
    let of_operation = Recorder::new();
    let operation = Operation::new("job").labels(["source", "kind"]).max_label_sets(1).started();
    operation.recorder(of_operation.shared()).initialize_with(["mail", "full"]);
    assert_eq!(recorder.to_string(), of_operation.to_string());

    assert!(layer.layer(service_fn(work)).oneshot(Job { source: "mail", kind: "full" }).await.is_err());
    let labels = [("source", "mail"), ("kind", "full"), ("outcome", "error")];
    assert_eq!(recorder.counter("job_total", labels), 1, "{recorder}");
    assert_eq!(recorder.series("job_total").len(), 2, "the call made none of its own: {recorder}");

    layer.initialize_with(["disk", "full"]);
    assert_eq!(recorder.series("job_in_flight")[0], r#"source="_OVERFLOW",kind="_OVERFLOW""#);
}

#[test]
fn without_values_a_layer_with_labels_is_described_and_no_more() {
    let recorder = Recorder::new();
    labelled!(recorder).initialize();
    assert!(recorder.description("job_total").is_some());
    assert!(recorder.series("job_total").is_empty() && recorder.series("job_in_flight").is_empty());
}

#[test]
fn an_instrument_alone_begins_at_zero_too() {
    let made = |initialize: &dyn Fn(&Recorder)| {
        let recorder = Recorder::new();
        initialize(&recorder);
        ["job_total", "job_duration_seconds", "job_in_flight"].map(|name| recorder.series(name).len())
    };
    assert_eq!(
        made(&|it| RequestCountLayer::from(labelled!(it)).initialize_with(["mail", "full"])),
        [2, 0, 0]
    );
    assert_eq!(made(&|it| LatencyLayer::from(labelled!(it)).initialize_with(["mail", "full"])), [0, 2, 0]);
    assert_eq!(made(&|it| InFlightLayer::from(labelled!(it)).initialize_with(["mail", "full"])), [0, 0, 1]);
    let plain = |it: &Recorder| ServiceMetricsLayer::new("job").recorder(it.shared());
    assert_eq!(made(&|it| RequestCountLayer::from(plain(it)).initialize()), [2, 0, 0]);
}

#[test]
fn as_many_values_are_asked_for_as_there_are_labels() {
    let recorder = Recorder::new();
    let layer = labelled!(recorder);
    let panic = catch_unwind(AssertUnwindSafe(|| layer.initialize_with(["mail"]))).unwrap_err();
    assert_eq!(
        panic.downcast_ref::<String>().unwrap(),
        "1 values were given for the labels [\"source\", \"kind\"]: give each label one, in the order of .label()"
    );
    assert!(recorder.series("job_in_flight").is_empty());
}
