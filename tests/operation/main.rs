//! Operations: guards, closures and futures that are no tower service.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

mod zeros;

use std::{
    future::{pending, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use futures_util::FutureExt;
use tower_metrics::{
    Operation, Outcome,
    testing::{Clock, Recorder},
};

fn measured() -> (Recorder, Operation) {
    let recorder = Recorder::new();
    let operation = Operation::new("job").recorder(recorder.shared());
    (recorder, operation)
}

#[track_caller]
fn assert_ended_once(recorder: &Recorder, outcome: &str) {
    assert_eq!(recorder.counter("job_total", [("outcome", outcome)]), 1, "{recorder}");
    assert_eq!(recorder.counter("job_total", []), 1, "{recorder}");
    assert_eq!(recorder.samples("job_duration_seconds", []).len(), 1, "{recorder}");
    assert_eq!(recorder.gauge("job_in_flight", []), 0.0, "{recorder}");
}

#[test]
fn a_guard_ends_as_it_is_told() {
    for (end, outcome) in [
        ((|job| job.complete()) as fn(tower_metrics::operation::Started), "completed"),
        (|job| job.fail(), "error"),
        (|job| job.finish("partial"), "partial"),
        (|job| drop(job), "cancelled"),
    ] {
        let (recorder, operation) = measured();
        let job = operation.start();
        assert_eq!((recorder.counter("job_total", []), recorder.gauge("job_in_flight", [])), (0, 1.0));
        end(job);
        assert_ended_once(&recorder, outcome);
    }
}

#[test]
fn a_closure_is_completed_or_error_or_panicked() {
    let (recorder, operation) = measured();
    assert_eq!(operation.run(|| 7), 7);
    assert_ended_once(&recorder, "completed");

    let (recorder, operation) = measured();
    assert_eq!(operation.try_run(|| Ok::<_, ()>(7)), Ok(7));
    assert_ended_once(&recorder, "completed");

    let (recorder, operation) = measured();
    assert_eq!(operation.try_run(|| Err::<(), _>("refused")), Err("refused"));
    assert_ended_once(&recorder, "error");

    let (recorder, operation) = measured();
    assert!(catch_unwind(AssertUnwindSafe(|| operation.run(|| panic!("as asked")))).is_err());
    assert_ended_once(&recorder, "panicked");
}

#[test]
fn a_future_is_completed_or_cancelled_or_panicked() {
    let (recorder, operation) = measured();
    let job = operation.instrument(ready(7));
    assert_eq!(recorder.gauge("job_in_flight", []), 1.0, "it begins when it is made");
    assert_eq!(job.now_or_never(), Some(7));
    assert_ended_once(&recorder, "completed");

    let (recorder, operation) = measured();
    drop(operation.instrument(pending::<()>()));
    assert_ended_once(&recorder, "cancelled");

    let (recorder, operation) = measured();
    assert_eq!(operation.instrument(pending::<()>()).now_or_never(), None);
    assert_ended_once(&recorder, "cancelled");

    let (recorder, operation) = measured();
    assert_eq!(operation.try_instrument(ready(Err::<(), _>("refused"))).now_or_never(), Some(Err("refused")));
    assert_ended_once(&recorder, "error");

    let (recorder, operation) = measured();
    assert_eq!(operation.try_instrument(ready(Ok::<_, ()>(7))).now_or_never(), Some(Ok(7)));
    assert_ended_once(&recorder, "completed");

    let (recorder, operation) = measured();
    let job = operation.instrument(async { panic!("as asked") });
    assert!(catch_unwind(AssertUnwindSafe(|| job.now_or_never())).is_err());
    assert_ended_once(&recorder, "panicked");
}

#[test]
fn an_operation_lasts_from_start_to_end() {
    let recorder = Recorder::new();
    let (clock, time) = Clock::mock();
    let operation = Operation::new("job").recorder(recorder.shared()).clock(clock);
    let job = operation.start();
    time.advance(Duration::from_millis(250));
    job.complete();
    assert_eq!(recorder.samples("job_duration_seconds", []), [0.25]);
}

#[test]
fn labels_words_and_names_are_the_user_s() {
    let recorder = Recorder::new();
    let operation = Operation::new("function_calls")
        .labels(["function"])
        .max_values("function", 2)
        .outcome_label("status")
        .word(Outcome::Completed, "success")
        .started()
        .recorder(recorder.shared());
    for function in ["parse", "render", "mint", "forge"] {
        operation.run_with([function], || ());
    }
    assert!(operation.try_run_with(["parse"], || Err::<(), _>(())).is_err());
    operation.instrument_with(["parse"], ready(())).now_or_never().unwrap();
    operation.start_with(["render"]).finish("partial");

    let counted = |function, status| {
        recorder.counter("function_calls_total", [("function", function), ("status", status)])
    };
    assert_eq!(
        (counted("parse", "success"), counted("parse", "error"), counted("render", "partial")),
        (2, 1, 1)
    );
    assert_eq!(counted("_OVERFLOW", "success"), 2, "{recorder}");
    assert_eq!(recorder.counter("function_calls_started_total", []), 7);
}

#[test]
fn clones_count_together_and_across_threads() {
    let (recorder, operation) = measured();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let operation = operation.clone();
            scope.spawn(move || (0..1_000).for_each(|_| operation.run(|| ())));
        }
    });
    assert_eq!(recorder.counter("job_total", [("outcome", "completed")]), 4_000);
    assert_eq!(recorder.gauge("job_in_flight", []), 0.0);
}

#[test]
fn names_and_words_that_are_told_stand_at_zero_from_the_beginning() {
    let recorder = Recorder::new();
    let operation = Operation::new("aoss")
        .count_as("aoss_executions_completed_total")
        .time_as("aoss_execution_seconds")
        .gauge_as("aoss_active_executions")
        .expect_words(["success", "partial"])
        .recorder(recorder.shared());
    operation.initialize();
    let words = ["panicked", "partial", "success"].map(|word| format!("outcome=\"{word}\""));
    assert_eq!(recorder.series("aoss_executions_completed_total"), words);
    assert_eq!(recorder.series("aoss_execution_seconds"), words);
    assert_eq!(recorder.series("aoss_active_executions"), [""]);
}
