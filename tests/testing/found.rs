//! What a torture finds: each bug of a middleware written by hand, and nothing in one without.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{ServiceBuilder, service_fn};
use tower_metrics::testing::{
    Faults, Recorder, Torture,
    torture::{Report, Way},
};

use crate::broken::{Bug, ByHand};

async fn torture(bug: Bug) -> Report {
    torture_by(bug, 0).await
}

async fn torture_by(bug: Bug, seed: u64) -> Report {
    let recorder = Recorder::new();
    let faults = Faults::new();
    let answer = async |_: Request<()>| Ok::<_, Infallible>(Response::new(Full::new(Bytes::from("Ada"))));
    let service = ServiceBuilder::new()
        .layer(ByHand::new(&recorder, bug))
        .layer(faults.http())
        .service(service_fn(answer));
    let torture = Torture::new(&recorder).faults(&faults).seed(seed).tasks(|task| {
        let task = tokio::spawn(task);
        move || task.abort()
    });
    torture.run_http(|| service.clone(), || Request::new(())).await
}

/// What is said of the first moment at which something was off, and of the end.
async fn found(bug: Bug) -> (String, String) {
    let report = torture(bug).await;
    assert!(!report.is_balanced(), "{report}");
    let off = report.off();
    let first = off.iter().find(|it| it.starts_with("after a call")).cloned().unwrap_or_default();
    (first, report.to_string())
}

#[tokio::test]
async fn a_middleware_without_a_bug_is_balanced() {
    let report = torture(Bug::None).await;
    report.assert_balanced();
    for way in [Way::NeverPolled, Way::Dropped, Way::CallPanics, Way::BodyPanics, Way::BodyUnread] {
        assert!(report.ended(way) > 0, "{way}: {report}");
    }
    assert_eq!(report.counted(), [("http_requests_total".to_owned(), report.calls())]);
}

#[tokio::test]
async fn a_gauge_that_leaks_is_found_at_the_first_drop() {
    let (first, report) = found(Bug::LeaksItsGauge).await;
    assert!(first.contains("http_requests_in_flight was at "), "{report}");
    assert!(report.contains("http_requests_in_flight stands at "), "{report}");
}

#[tokio::test]
async fn a_counter_of_answers_alone_is_found() {
    let (first, report) = found(Bug::CountsAnswersAlone).await;
    assert!(first.contains("dropped") || first.contains("panic"), "{report}");
    assert!(report.contains("calls were made, and http_requests_total counted "), "{report}");
}

#[tokio::test]
async fn bodies_that_are_not_timed_are_found() {
    let (_, report) = found(Bug::ForgetsTheBody).await;
    assert!(
        report.contains("http_requests_total counted 672, and http_request_duration_seconds has"),
        "{report}"
    );
}

#[tokio::test]
async fn a_call_that_counts_twice_is_found() {
    let (first, report) = found(Bug::CountsTwice).await;
    assert!(first.contains("read to the end") || first.contains("half read"), "{report}");
}

#[tokio::test]
async fn panics_that_are_lost_are_found() {
    let (first, report) = found(Bug::LosesPanics).await;
    assert!(first.contains("panics"), "{report}");
}

#[tokio::test]
async fn readiness_that_counts_is_found() {
    let (first, report) = found(Bug::CountsReadiness).await;
    assert!(!first.is_empty(), "{report}");
}

#[tokio::test]
async fn ends_on_other_threads_that_are_lost_are_found() {
    let (_, report) = found(Bug::LosesOtherThreads).await;
    assert!(report.contains("calls were made, and http_requests_total counted "), "{report}");
}

#[tokio::test]
async fn the_same_seed_finds_the_same_at_the_same_moment() {
    let mut first = Vec::new();
    for seed in 0..4 {
        let reports =
            [torture_by(Bug::LeaksItsGauge, seed).await, torture_by(Bug::LeaksItsGauge, seed).await];
        assert_eq!(reports[0].off()[0], reports[1].off()[0]);
        first.push(reports[0].off()[0].clone());
    }
    first.dedup();
    assert!(first.len() > 1, "another seed is another order: {first:?}");
}

#[tokio::test]
async fn one_word_for_every_end_is_found() {
    let (_, report) = found(Bug::CountsAllAs("completed")).await;
    for outcome in ["panicked", "cancelled", "body_error", "body_dropped"] {
        let said = format!("calls ended as outcome=\"{outcome}\", and http_requests_total counted 0 so");
        assert!(report.contains(&said), "{outcome}: {report}");
    }
    // Words of the user's own are nobody else's to judge.
    torture(Bug::CountsAllAs("fine")).await.assert_balanced();
}

#[tokio::test]
async fn a_gauge_that_is_not_atomic_is_found() {
    // Of one round, without faults, there is nothing but one body that another thread drops, and what is dropped at once.
    let recorder = Recorder::new();
    let answer = async |_: Request<()>| Ok::<_, Infallible>(Response::new(Full::new(Bytes::from("Ada"))));
    let service = ServiceBuilder::new()
        .layer(ByHand::new(&recorder, Bug::LoadsAndStores))
        .layer(Faults::new().http())
        .service(service_fn(answer));
    let torture = Torture::new(&recorder).rounds(1);
    let report = torture.run_http(|| service.clone(), || Request::new(())).await;
    assert!(report.off()[0].starts_with("after a call (dropped by several threads at once)"), "{report}");
}
