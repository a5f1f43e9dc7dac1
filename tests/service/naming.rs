//! Labels of the user's own, words, and names as a house has them.

use std::io;

use tower::{Layer, ServiceExt, service_fn};
use tower_metrics::{
    InFlightLayer, LatencyLayer, Outcome, RequestCountLayer, ServiceMetricsLayer, testing::Recorder,
};

use crate::support::refusal;

struct Query {
    kind: String,
}

struct Row {
    cached: bool,
}

async fn query(query: Query) -> Result<Row, io::Error> {
    match &*query.kind {
        "fail" => Err(io::Error::other("as asked")),
        kind => Ok(Row { cached: kind == "hot" }),
    }
}

fn ask(kind: impl Into<String>) -> Query {
    Query { kind: kind.into() }
}

#[tokio::test]
async fn labels_of_the_request_stand_on_every_metric_and_words_of_the_result_on_two() {
    let recorder = Recorder::new();
    let layer = ServiceMetricsLayer::new("db_query")
        .label("query_type", |query: &Query| query.kind.as_str().into())
        .label("database", |_: &Query| "main".into())
        .classify(|result: Result<&Row, &io::Error>| match result {
            Ok(row) if row.cached => "hit",
            Ok(_) => "miss",
            Err(_) => "failed",
        })
        .recorder(recorder.shared());
    let service = layer.layer(service_fn(query));
    for kind in ["hot", "hot", "cold"] {
        service.clone().oneshot(ask(kind)).await.unwrap();
    }
    assert!(service.oneshot(ask("fail")).await.is_err());
    let counted = |kind, outcome| {
        let labels = [("query_type", kind), ("database", "main"), ("outcome", outcome)];
        let samples = recorder.samples("db_query_duration_seconds", labels).len() as u64;
        assert_eq!(recorder.counter("db_query_total", labels), samples);
        samples
    };
    assert_eq!(
        (counted("hot", "hit"), counted("cold", "miss"), counted("fail", "failed")),
        (2, 1, 1),
        "{recorder}"
    );
    assert_eq!(recorder.series("db_query_in_flight")[0], r#"query_type="cold",database="main""#);
}

#[tokio::test]
async fn a_house_has_its_own_names_and_words() {
    let recorder = Recorder::new();
    let layer = ServiceMetricsLayer::new("aoss_execution")
        .label("agent_type", |_: &Query| "network".into())
        .started_as("aoss_executions_total")
        .count_as("aoss_executions_completed_total")
        .gauge_as("aoss_active_executions")
        .outcome_label("status")
        .word(Outcome::Completed, "Success")
        .word(Outcome::Error, "Failed")
        .recorder(recorder.shared());
    let service = layer.layer(service_fn(query));
    service.clone().oneshot(ask("hot")).await.unwrap();
    assert!(service.clone().oneshot(ask("fail")).await.is_err());
    drop(tower::Service::call(&mut service.clone(), ask("hot")));

    let agent = ("agent_type", "network");
    assert_eq!(recorder.counter("aoss_executions_total", [agent]), 3);
    let ended = |status| recorder.counter("aoss_executions_completed_total", [agent, ("status", status)]);
    assert_eq!((ended("Success"), ended("Failed"), ended("cancelled")), (1, 1, 1), "{recorder}");
    assert_eq!(recorder.series("aoss_active_executions"), [r#"agent_type="network""#]);
    assert_eq!(recorder.samples("aoss_execution_duration_seconds", [("status", "Success")]).len(), 1);

    let inference =
        ServiceMetricsLayer::new("ai_inference").count_as("ai_predictions_total").recorder(recorder.shared());
    inference.layer(service_fn(query)).oneshot(ask("hot")).await.unwrap();
    assert_eq!(recorder.counter("ai_predictions_total", []), 1);
    assert_eq!(recorder.samples("ai_inference_duration_seconds", []).len(), 1);
}

#[tokio::test]
async fn words_that_are_expected_stand_at_zero_with_the_first_call() {
    let recorder = Recorder::new();
    let layer = ServiceMetricsLayer::new("cache")
        .classify(|_: Result<&Row, &io::Error>| "hit")
        .expect_words(["hit", "miss"])
        .recorder(recorder.shared());
    layer.initialize();
    assert_eq!(
        recorder.series("cache_total"),
        [r#"outcome="hit""#, r#"outcome="miss""#, r#"outcome="panicked""#]
    );
    layer.layer(service_fn(query)).oneshot(ask("hot")).await.unwrap();
    assert_eq!(recorder.counter("cache_total", [("outcome", "hit")]), 1);
}

#[tokio::test]
async fn one_label_has_as_many_values_as_it_may_and_the_sum_stays_exact() {
    let recorder = Recorder::new();
    let layer = ServiceMetricsLayer::new("job")
        .label("kind", |query: &Query| query.kind.as_str().into())
        .max_values(10)
        .recorder(recorder.shared());
    let service = layer.layer(service_fn(query));
    for n in 0..1_000 {
        service.clone().oneshot(ask(n.to_string())).await.unwrap();
    }
    service.oneshot(ask("3")).await.unwrap();
    assert_eq!(recorder.counter("job_total", []), 1_001);
    assert_eq!(recorder.counter("job_total", [("kind", "3")]), 2);
    assert_eq!(recorder.counter("job_total", [("kind", "_OVERFLOW"), ("outcome", "completed")]), 990);
    assert_eq!(recorder.series("job_in_flight").len(), 11);
    assert_eq!(recorder.counter("tower_metrics_overflow_total", [("metric", "job_total")]), 990);
}

#[tokio::test]
async fn label_sets_as_a_whole_are_capped() {
    let recorder = Recorder::new();
    let layer = ServiceMetricsLayer::new("job")
        .label("kind", |query: &Query| query.kind.as_str().into())
        .label("first", |query: &Query| query.kind[..1].into())
        .max_values(5)
        .max_label_sets(20)
        .recorder(recorder.shared());
    let service = layer.layer(service_fn(query));
    for n in 0..2_000 {
        service.clone().oneshot(ask(n.to_string())).await.unwrap();
    }
    assert_eq!(recorder.counter("job_total", []), 2_000);
    assert_eq!(
        recorder.counter("tower_metrics_overflow_total", []),
        1_985,
        "5 of the 20 are folded in one label"
    );
    assert_eq!(recorder.gauge("tower_metrics_label_sets", [("metric", "job_total")]), 20.0);
    assert_eq!(recorder.gauge("tower_metrics_label_sets_limit", []), 20.0);
    assert_eq!(recorder.series("job_in_flight").len(), 21, "{recorder}");
}

#[tokio::test]
async fn a_panic_in_a_closure_is_a_value_and_the_call_goes_on() {
    let recorder = Recorder::new();
    let layer = ServiceMetricsLayer::new("job")
        .label("kind", |_: &Query| panic!("in the label"))
        .classify(|_: Result<&Row, &io::Error>| panic!("in the word"))
        .recorder(recorder.shared());
    layer.layer(service_fn(query)).oneshot(ask("hot")).await.unwrap();
    assert_eq!(recorder.counter("job_total", [("kind", "_PANIC"), ("outcome", "_PANIC")]), 1, "{recorder}");
    assert_eq!(recorder.gauge("job_in_flight", []), 0.0);
}

#[tokio::test]
async fn nested_instruments_and_the_bundle_give_the_same_series_for_ten_thousand_calls() {
    let (bundled, nested) = (Recorder::new(), Recorder::new());
    let layer = |recorder: &Recorder| {
        ServiceMetricsLayer::new("job")
            .label("kind", |query: &Query| query.kind.as_str().into())
            .recorder(recorder.shared())
    };
    let bundle = layer(&bundled).layer(service_fn(query));
    let instruments = layer(&nested);
    let nest = (
        RequestCountLayer::from(instruments.clone()),
        LatencyLayer::from(instruments.clone()),
        InFlightLayer::from(instruments),
    );
    let nest = nest.layer(service_fn(query));
    for n in 0..10_000 {
        let kind = ["hot", "cold", "fail"][n % 3];
        let (one, other) = (bundle.clone().oneshot(ask(kind)).await, nest.clone().oneshot(ask(kind)).await);
        assert_eq!(one.is_ok(), other.is_ok());
    }
    for name in ["job_total", "job_duration_seconds", "job_in_flight"] {
        assert_eq!(bundled.series(name), nested.series(name));
    }
    for kind in ["hot", "cold", "fail"] {
        let kind = [("kind", kind)];
        assert_eq!(bundled.counter("job_total", kind), nested.counter("job_total", kind));
        assert_eq!(
            bundled.samples("job_duration_seconds", kind).len(),
            nested.samples("job_duration_seconds", kind).len()
        );
    }
    assert_eq!(nested.counter("job_total", []), 10_000);
}

#[tokio::test]
async fn a_limit_that_was_told_stands_beside_the_gauge() {
    let recorder = Recorder::new();
    let layer = ServiceMetricsLayer::new("job").in_flight_limit(64).recorder(recorder.shared());
    layer.layer(service_fn(query)).oneshot(ask("hot")).await.unwrap();
    assert_eq!(recorder.gauge("job_in_flight_limit", []), 64.0);
}

#[tokio::test]
async fn a_single_instrument_is_made_by_name() {
    let recorder = Recorder::new();
    tower_metrics::metrics::with_local_recorder(&recorder, || {
        use futures_util::FutureExt;
        let service = RequestCountLayer::service("job").layer(service_fn(query));
        assert!(service.oneshot(ask("hot")).now_or_never().unwrap().is_ok());
    });
    assert_eq!(recorder.counter("job_total", []), 1);
    assert!(recorder.series("job_in_flight").is_empty());
}

#[test]
fn bad_names_and_words_are_refused_with_what_to_change() {
    let layer = || ServiceMetricsLayer::new("job");
    let label =
        |name: &'static str| move |layer: ServiceMetricsLayer| layer.label(name, |_: &Query| "".into());
    for (message, words) in [
        (refusal(|| ServiceMetricsLayer::new("a-b")), ["\"a-b\"", "use letters"]),
        (refusal(|| layer().count_as("9_total")), ["\"9_total\"", "use letters"]),
        (refusal(|| layer().gauge_as("job_total")), ["\"job_total\"", "new name"]),
        (refusal(|| layer().started_as("job_total")), ["\"job_total\"", "new name"]),
        (
            refusal(|| layer().gauge_as("job_duration_seconds_count")),
            ["job_duration_seconds_count", "new name"],
        ),
        (refusal(|| ServiceMetricsLayer::new("http_requests")), ["\"http_requests_total\"", "another Layer"]),
        (refusal(|| layer().count_as("jobs")), ["\"jobs\"", "_total"]),
        (refusal(|| layer().started_as("jobs")), ["\"jobs\"", "_total"]),
        (refusal(|| layer().outcome_label("le")), ["\"le\"", "use letters"]),
        (refusal(|| layer().word(Outcome::Error, "")), ["error", "empty"]),
        (refusal(|| label("outcome")(layer())), ["\"outcome\"", "another name"]),
        (refusal(|| label("a")(layer()).label("a", |_: &Query| "".into())), ["\"a\"", "another name"]),
        (refusal(|| label("a")(layer()).outcome_label("a")), ["\"a\"", "another name"]),
        (refusal(|| layer().max_values(3)), [".max_values()", ".label()"]),
    ] {
        assert!(words.iter().all(|word| message.contains(word)), "{words:?} in {message}");
    }
}
