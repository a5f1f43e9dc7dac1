//! What a retry policy decides, and what comes of it.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

use std::future::{Ready, pending, ready};

use futures_util::FutureExt;
use tower::{
    ServiceBuilder, ServiceExt,
    retry::{Policy, RetryLayer},
    service_fn,
};
use tower_metrics::{ServiceMetricsLayer, retry::MeteredPolicy, testing::Recorder};

/// Retries what failed, this many times; `Ok(503)` is a failure to it.
#[derive(Clone)]
struct Attempts {
    left: usize,
    clones: usize,
}

impl Policy<&'static str, u16, &'static str> for Attempts {
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut &'static str, result: &mut Result<u16, &'static str>) -> Option<Ready<()>> {
        (!matches!(result, Ok(200)) && self.left > 0).then(|| {
            self.left -= 1;
            ready(())
        })
    }

    fn clone_request(&mut self, request: &&'static str) -> Option<&'static str> {
        self.clones = self.clones.checked_sub(1)?;
        Some(request)
    }
}

fn policy(recorder: &Recorder) -> MeteredPolicy<Attempts> {
    MeteredPolicy::new("payment", Attempts { left: 2, clones: 9 }).recorder(recorder.shared())
}

#[track_caller]
fn assert_counted(recorder: &Recorder, expected: [u64; 4]) {
    let counted = ["retried", "recovered", "gave_up", "unfinished"]
        .map(|result| recorder.counter("retry_attempts_total", [("policy", "payment"), ("result", result)]));
    assert_eq!(counted, expected, "{recorder}");
}

/// One call through the policy, to a service that answers these one after the other.
async fn call<F>(
    policy: MeteredPolicy<Attempts, F>,
    answers: &[Result<u16, &'static str>],
) -> Result<u16, &'static str>
where
    MeteredPolicy<Attempts, F>: Policy<&'static str, u16, &'static str> + Clone,
{
    let mut answers = Vec::from(answers).into_iter();
    let answers = std::sync::Arc::new(std::sync::Mutex::new(move || answers.next().unwrap()));
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new(policy))
        .service(service_fn(move |_: &'static str| ready((answers.lock().unwrap())())));
    service.oneshot("pay").await
}

#[tokio::test]
async fn an_answer_at_the_first_attempt_counts_nothing() {
    let recorder = Recorder::new();
    assert_eq!(call(policy(&recorder), &[Ok(200)]).await, Ok(200));
    assert_counted(&recorder, [0, 0, 0, 0]);
}

#[tokio::test]
async fn a_retry_that_helps_is_recovered() {
    let recorder = Recorder::new();
    assert_eq!(call(policy(&recorder), &[Err("a"), Err("b"), Ok(200)]).await, Ok(200));
    assert_counted(&recorder, [2, 1, 0, 0]);
}

#[tokio::test]
async fn retries_that_do_not_help_are_given_up_once() {
    let recorder = Recorder::new();
    assert_eq!(call(policy(&recorder), &[Err("a"), Err("b"), Err("c")]).await, Err("c"));
    assert_counted(&recorder, [2, 0, 1, 0]);
}

#[tokio::test]
async fn what_an_ok_is_worth_is_judged_by_the_user() {
    let recorder = Recorder::new();
    let judged = policy(&recorder).success(|result: Result<&u16, &&'static str>| matches!(result, Ok(200)));
    assert_eq!(call(judged, &[Ok(503), Ok(503), Ok(503)]).await, Ok(503));
    assert_counted(&recorder, [2, 0, 1, 0]);
}

#[tokio::test]
async fn a_request_that_cannot_be_cloned_again_leaves_the_call_unfinished() {
    let recorder = Recorder::new();
    let policy = MeteredPolicy::new("payment", Attempts { left: 9, clones: 1 }).recorder(recorder.shared());
    assert_eq!(call(policy, &[Err("a"), Err("b")]).await, Err("b"));
    assert_counted(&recorder, [1, 0, 0, 1]);
}

#[tokio::test]
async fn a_call_that_is_dropped_while_it_retries_is_unfinished() {
    let recorder = Recorder::new();
    let attempts = std::sync::atomic::AtomicUsize::new(0);
    let attempts = std::sync::Arc::new(attempts);
    let service = ServiceBuilder::new().layer(RetryLayer::new(policy(&recorder))).service(service_fn(
        move |_: &'static str| match attempts.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 => ready(Err("a")).left_future(),
            _ => pending().right_future(),
        },
    ));
    let mut call = Box::pin(service.oneshot("pay"));
    assert!(call.as_mut().now_or_never().is_none());
    drop(call);
    assert_counted(&recorder, [1, 0, 0, 1]);
}

#[tokio::test]
async fn a_clone_is_the_session_of_another_call() {
    let recorder = Recorder::new();
    let mut session = policy(&recorder);
    assert!(session.retry(&mut "pay", &mut Err("a")).is_some());
    drop(session.clone());
    assert_counted(&recorder, [1, 0, 0, 0]);
    drop(session);
    assert_counted(&recorder, [1, 0, 0, 1]);
}

#[tokio::test]
async fn one_call_and_three_attempts_have_two_names() {
    let recorder = Recorder::new();
    let metrics = ServiceMetricsLayer::new("payment").recorder(recorder.shared());
    let mut answers = [Err("a"), Err("b"), Ok(200)].into_iter();
    let answers = std::sync::Arc::new(std::sync::Mutex::new(move || answers.next().unwrap()));
    let service = ServiceBuilder::new()
        .layer(metrics.clone())
        .layer(RetryLayer::new(policy(&recorder)))
        .layer(metrics.attempts())
        .service(service_fn(move |_: &'static str| ready((answers.lock().unwrap())())));
    service.oneshot("pay").await.unwrap();
    assert_eq!(recorder.counter("payment_total", []), 1);
    assert_eq!(recorder.counter("payment_attempts_total", []), 3);
    assert_eq!(recorder.counter("payment_attempts_total", [("outcome", "error")]), 2);
    assert_eq!(recorder.samples("payment_attempt_duration_seconds", []).len(), 3);
    assert_eq!(recorder.samples("payment_duration_seconds", []).len(), 1);
    assert_counted(&recorder, [2, 1, 0, 0]);
}

#[test]
fn every_result_stands_at_zero_when_the_policy_is_made() {
    let recorder = Recorder::new();
    drop(policy(&recorder));
    assert_eq!(recorder.series("retry_attempts_total").len(), 4);
    assert_counted(&recorder, [0; 4]);
}

#[tokio::test]
async fn attempts_take_no_name_of_the_calls() {
    let recorder = Recorder::new();
    let metrics =
        ServiceMetricsLayer::new("pay").started().count_as("payments_total").recorder(recorder.shared());
    let service = ServiceBuilder::new()
        .layer(metrics.clone())
        .layer(metrics.attempts())
        .service(service_fn(|_: &'static str| ready(Ok::<_, &str>(200_u16))));
    service.oneshot("pay").await.unwrap();
    let counted = |name| recorder.counter(name, []);
    assert_eq!((counted("pay_started_total"), counted("payments_total")), (1, 1), "{recorder}");
    assert_eq!((counted("pay_attempts_started_total"), counted("pay_attempts_total")), (1, 1), "{recorder}");
}

#[tokio::test]
async fn a_panic_of_the_judge_leaves_an_ok_a_success() {
    let recorder = Recorder::new();
    let judged = policy(&recorder).success(|_: Result<&u16, &&'static str>| panic!("in the judge"));
    assert_eq!(call(judged, &[Err("a"), Ok(200)]).await, Ok(200));
    assert_counted(&recorder, [1, 1, 0, 0]);
}
