//! What assertions say when they fail.

use http::Request;
use tower::ServiceExt;
use tower_metrics::{Operation, RequestCountLayer, metrics::with_local_recorder, testing::Recorder};

use crate::support::refusal;

/// Two queries of users, one of orders that failed.
fn recorded() -> Recorder {
    let recorder = Recorder::new();
    let query = Operation::new("db_query").labels(["table"]).recorder(recorder.shared());
    query.run_with(["users"], || {});
    query.run_with(["users"], || {});
    query.try_run_with(["orders"], || Err::<(), _>(())).unwrap_err();
    recorder
}

#[test]
fn what_is_as_expected_passes() {
    let recorder = recorded();
    recorder.assert_counter("db_query_total", [("table", "users"), ("outcome", "completed")], 2);
    recorder.assert_counter("db_query_total", [("table", "users"), ("outcome", "error")], 0);
    recorder.assert_counter("db_query_total", [], 3);
    recorder.assert_gauge("db_query_in_flight", [("table", "users")], 0.0);
    recorder.assert_sample_count("db_query_duration_seconds", [("table", "orders")], 1);
}

#[test]
fn a_difference_is_told_beside_every_series_of_the_metric() {
    let recorder = recorded();
    let said = refusal(|| recorder.assert_counter("db_query_total", [("outcome", "error")], 2));
    assert_eq!(
        said,
        r#"db_query_total{outcome="error"}: expected 2, found 1
  > db_query_total{table="orders",outcome="error"} 1
    db_query_total{table="orders",outcome="panicked"} 0
    db_query_total{table="users",outcome="completed"} 2
  > db_query_total{table="users",outcome="error"} 0
    db_query_total{table="users",outcome="panicked"} 0"#
    );
    let said = refusal(|| recorder.assert_gauge("db_query_in_flight", [], 1.5));
    assert!(
        said.starts_with("db_query_in_flight: expected 1.5, found 0\n  > db_query_in_flight{table="),
        "{said}"
    );
}

#[test]
fn samples_are_told() {
    let recorder = Recorder::new();
    with_local_recorder(&recorder, || {
        let size = tower_metrics::metrics::histogram!("size_bytes", "of" => "body");
        (0..12).for_each(|n| size.record(n));
    });
    let said = refusal(|| recorder.assert_sample_count("size_bytes", [], 1));
    let samples = "12 samples: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …]";
    assert_eq!(
        said,
        format!("size_bytes: expected 1 sample, found {samples}\n  > size_bytes{{of=\"body\"}} {samples}")
    );
}

#[test]
fn a_value_that_never_occurred_is_told_beside_those_that_did() {
    let recorder = recorded();
    let said = refusal(|| recorder.assert_counter("db_query_total", [("table", "user")], 2));
    assert!(said.ends_with("\nno series has table=\"user\": it is \"orders\", \"users\""), "{said}");
}

#[test]
fn a_label_that_never_occurred_is_refused_even_for_a_zero() {
    let recorder = recorded();
    let said = refusal(|| recorder.assert_counter("db_query_total", [("tabel", "users")], 0));
    assert_eq!(said, "no series of db_query_total has a label \"tabel\"; their labels: outcome, table");
}

#[test]
fn a_name_that_never_occurred_is_refused_even_for_a_zero() {
    let recorder = recorded();
    let said = refusal(|| recorder.assert_counter("db_querys_total", [], 0));
    let expected = "no counter \"db_querys_total\" was recorded or described; near it: db_query_total, ";
    assert!(said.starts_with(expected), "{said}");
    let said = refusal(|| recorder.assert_gauge("db_query_total", [], 0.0));
    assert_eq!(said, "db_query_total is a counter, and was asked for as a gauge");
    let said = refusal(|| Recorder::new().assert_counter("db_query_total", [], 0));
    assert!(said.contains(".recorder(recorder.shared())"), "{said}");
}

#[test]
fn what_was_described_and_has_no_series_yet_is_zero() {
    let recorder = Recorder::new();
    Operation::new("job").labels(["kind"]).recorder(recorder.shared()).start_with(["mail"]).complete();
    let layer = tower_metrics::ServiceMetricsLayer::new("query").label("table", |_: &u32| "users".into());
    let layer = RequestCountLayer::from(layer.recorder(recorder.shared()));
    layer.initialize();
    recorder.assert_counter("query_total", [("table", "users")], 0);
    let said = refusal(|| recorder.assert_counter("query_total", [("table", "users")], 1));
    assert!(said.ends_with("found 0\nit was described, and has no series yet"), "{said}");
}

#[test]
fn an_assertion_fails_at_the_line_of_the_test() {
    let line = std::sync::Arc::new(std::sync::Mutex::new(None));
    let seen = std::sync::Arc::clone(&line);
    let thread = std::thread::Builder::new().name("fails".into());
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().name() == Some("fails") {
            *seen.lock().unwrap() = info.location().map(|it| (it.file().to_owned(), it.line()));
        } else {
            hook(info);
        }
    }));
    let failing = || {
        let here = line!() + 1;
        let run = || recorded().assert_counter("db_query_total", [], 9);
        (std::panic::catch_unwind(run).is_err(), here)
    };
    let (has_failed, here) = thread.spawn(failing).unwrap().join().unwrap();
    assert!(has_failed);
    assert_eq!(line.lock().unwrap().take(), Some((file!().to_owned(), here)));
}

#[tokio::test]
async fn the_readme_shows_what_is_said() {
    let recorder = Recorder::new();
    let app: axum::Router = axum::Router::new()
        .route("/users/{id}", axum::routing::get(async || "Ada"))
        .layer(tower_metrics::HttpMetricsLayer::axum().recorder(recorder.shared()));
    let request = Request::get("/users/7").body(axum::body::Body::empty()).unwrap();
    let response = app.oneshot(request).await.unwrap();
    axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let labels = [("endpoint", "/users/{id}"), ("status", "201")];
    let said = refusal(|| recorder.assert_counter("http_requests_total", labels, 1));
    let readme = include_str!("../../README.md");
    let shown = readme.split("```text\n").find(|it| it.starts_with("http_requests_total{endpoint=")).unwrap();
    assert_eq!(shown.split("\n```").next().unwrap(), said);
}

#[test]
fn a_word_that_is_no_outcome_is_refused_unless_there_are_words_of_ones_own() {
    let recorder = recorded();
    let said = refusal(|| recorder.assert_counter("db_query_total", [("outcome", "canceled")], 0));
    assert!(said.starts_with("no outcome is called \"canceled\", and db_query_total has no words"), "{said}");
    let job =
        Operation::new("job").word(tower_metrics::Outcome::Completed, "fine").recorder(recorder.shared());
    job.run(|| ());
    recorder.assert_counter("job_total", [("outcome", "late")], 0);
}
