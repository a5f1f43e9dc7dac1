//! What stands at zero before an operation began for the first time.

use tower_metrics::{Operation, Outcome, metrics::with_local_recorder, testing::Recorder};

/// The labels, and the outcomes behind them, as a recorder tells them.
fn of<const N: usize>(labels: &str, outcomes: [&str; N]) -> Vec<String> {
    outcomes.map(|outcome| format!("{labels},outcome=\"{outcome}\"")).into()
}

#[test]
fn a_label_set_that_is_initialized_has_what_its_first_call_would_have_to_make() {
    let recorder = Recorder::new();
    let operation = Operation::new("job").labels(["source", "kind"]).started().recorder(recorder.shared());
    operation.initialize_with(["mail", "full"]);

    let labels = r#"source="mail",kind="full""#;
    assert_eq!(recorder.series("job_total"), of(labels, ["error", "panicked"]));
    assert_eq!(recorder.series("job_duration_seconds"), of(labels, ["completed", "error"]));
    assert_eq!(recorder.series("job_in_flight"), [labels]);
    assert_eq!(recorder.series("job_started_total"), [labels]);
    let counted = recorder.counter("job_total", []) + recorder.counter("job_started_total", []);
    assert_eq!((counted, recorder.gauge("job_in_flight", [])), (0, 0.0), "{recorder}");
    assert!(recorder.samples("job_duration_seconds", []).is_empty());

    let started = operation.start_with(["mail", "full"]);
    assert_eq!(recorder.gauge("job_in_flight", [("source", "mail")]), 1.0, "{recorder}");
    started.fail();
    assert_eq!(recorder.counter("job_total", [("kind", "full"), ("outcome", "error")]), 1);
    assert_eq!(recorder.series("job_total").len(), 2, "the call made none of its own: {recorder}");
}

#[test]
fn words_that_are_expected_stand_at_zero_for_each_label_set() {
    let recorder = Recorder::new();
    let operation = Operation::new("batch")
        .labels(["operation"])
        .word(Outcome::Cancelled, "closed")
        .expect_words(["success", "partial", "closed"])
        .recorder(recorder.shared());
    for name in ["store", "index"] {
        operation.initialize_with([name]);
    }
    let words = ["closed", "panicked", "partial", "success"];
    let all = [of(r#"operation="index""#, words), of(r#"operation="store""#, words)].concat();
    assert_eq!(recorder.series("batch_total"), all);
    assert_eq!(recorder.series("batch_duration_seconds"), all);
}

#[test]
fn without_labels_it_is_initialize() {
    let [by_name, by_values] = [(); 2].map(|()| Recorder::new());
    Operation::new("job").recorder(by_name.shared()).initialize();
    Operation::new("job").recorder(by_values.shared()).initialize_with([]);
    assert!(!by_name.series("job_total").is_empty());
    assert_eq!(by_values.to_string(), by_name.to_string());
}

#[test]
fn twice_is_once_and_a_call_in_flight_stays_so() {
    let recorder = Recorder::new();
    let operation = Operation::new("job").labels(["source"]).max_label_sets(2).recorder(recorder.shared());
    operation.initialize_with(["mail"]);
    let once = recorder.to_string();
    operation.initialize_with(["mail"]);
    assert_eq!(recorder.to_string(), once);

    operation.run_with(["mail"], || ());
    let running = operation.start_with(["mail"]);
    let before = recorder.to_string();
    operation.initialize_with(["mail"]);
    assert_eq!(recorder.to_string(), before);
    assert_eq!(recorder.gauge("job_in_flight", []), 1.0, "{recorder}");
    running.complete();
    assert_eq!(recorder.counter("job_total", [("outcome", "completed")]), 2);
    assert_eq!(recorder.gauge("job_in_flight", []), 0.0);
    assert_eq!(recorder.gauge("tower_metrics_label_sets", [("metric", "job_total")]), 1.0, "{recorder}");
}

#[test]
fn values_are_made_clean_as_those_of_a_call_are() {
    let recorder = Recorder::new();
    let operation = Operation::new("job").labels(["source"]).recorder(recorder.shared());
    let (odd, long) = ("a\"b\n", "x".repeat(200));
    operation.initialize_with([odd]);
    operation.initialize_with([&long]);
    let cut = format!("source=\"{}\"", "x".repeat(128));
    assert_eq!(recorder.series("job_in_flight"), [r#"source="a_b_""#, &cut]);

    operation.run_with([odd], || ());
    operation.run_with([&long], || ());
    assert_eq!(recorder.series("job_in_flight").len(), 2, "the calls are of the same two: {recorder}");
}

#[test]
fn it_takes_the_place_of_a_label_set_and_is_folded_where_there_is_none() {
    let recorder = Recorder::new();
    let operation =
        Operation::new("job").labels(["source", "kind"]).max_label_sets(2).recorder(recorder.shared());
    operation.initialize_with(["mail", "full"]);
    operation.initialize_with(["disk", "full"]);
    let about = [("metric", "job_total")];
    let told = || {
        (
            recorder.gauge("tower_metrics_label_sets", about),
            recorder.counter("tower_metrics_overflow_total", about),
        )
    };
    assert_eq!(told(), (2.0, 0), "{recorder}");
    operation.initialize_with(["tape", "full"]);
    assert_eq!(told(), (2.0, 1), "{recorder}");
    let folded = r#"source="_OVERFLOW",kind="_OVERFLOW""#;
    assert_eq!(
        recorder.series("job_in_flight"),
        [folded, r#"source="disk",kind="full""#, r#"source="mail",kind="full""#]
    );

    // What has its place keeps it, and what has none is counted beside it.
    for source in ["mail", "disk", "tape"] {
        operation.run_with([source, "full"], || ());
    }
    assert_eq!(told(), (2.0, 2), "{recorder}");
    let counted = |source| recorder.counter("job_total", [("source", source), ("outcome", "completed")]);
    assert_eq!(["mail", "disk", "_OVERFLOW"].map(counted), [1, 1, 1], "{recorder}");
}

#[test]
fn a_value_beyond_those_of_its_label_is_folded_alone() {
    let recorder = Recorder::new();
    let operation =
        Operation::new("job").labels(["source", "kind"]).max_values("source", 1).recorder(recorder.shared());
    operation.initialize_with(["mail", "full"]);
    operation.initialize_with(["disk", "full"]);
    assert_eq!(
        recorder.series("job_in_flight"),
        [r#"source="_OVERFLOW",kind="full""#, r#"source="mail",kind="full""#]
    );
}

#[test]
fn before_a_recorder_is_there_it_does_nothing_and_after_that_all() {
    let recorder = Recorder::new();
    let (operation, plain) = (Operation::new("job").labels(["source"]), Operation::new("plain"));
    operation.initialize_with(["mail"]);
    plain.initialize();
    with_local_recorder(&recorder, || {
        assert_eq!(recorder.to_string(), "", "neither left anything for a recorder that came later");
        operation.initialize_with(["mail"]);
        plain.initialize();
        assert_eq!(recorder.series("job_in_flight"), [r#"source="mail""#]);
        assert_eq!(recorder.series("plain_in_flight"), [""]);
    });
}
