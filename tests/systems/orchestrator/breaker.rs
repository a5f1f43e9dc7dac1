//! The circuit breaker in all its states, by real calls.

use futures_util::future::join_all;
use http::Method;
use tokio::time::{Duration, sleep, timeout};

use super::{APP, Orchestrator, until_state};
use crate::programs::Scratch;

const CALLS: &str = "orchestrator_circuit_breaker_calls_total";
const OPENINGS: &str = "orchestrator_circuit_breaker_openings_total";
const EXECUTIONS: &str = "orchestrator_agent_execution_total";

/// Asks again until somebody is let through.
async fn until_let_through(it: &Orchestrator, agent: &str) -> u16 {
    let asking = async {
        loop {
            match it.run(agent, 0.0).await {
                503 => sleep(Duration::from_millis(20)).await,
                status => return status,
            }
        }
    };
    timeout(Duration::from_secs(20), asking).await.expect("the pause ends")
}

#[tokio::test]
async fn five_failures_in_a_row_open_it_and_nobody_is_let_through() {
    let it = Orchestrator::start(&["--breaker-pause", "600"]);
    assert_eq!(it.state("coder").await, "closed");
    it.break_it("coder").await;
    for _ in 0..4 {
        assert_eq!(it.run("coder", 0.0).await, 502);
    }
    assert_eq!(it.state("coder").await, "closed");
    assert_eq!(it.run("coder", 0.0).await, 502);
    assert_eq!(it.state("coder").await, "open");
    for _ in 0..3 {
        assert_eq!(it.run("coder", 0.0).await, 503);
    }

    let page = it.page().await;
    let coder = ("agent", "coder");
    assert_eq!(page.sum(OPENINGS, &[coder]), 1.0);
    assert_eq!(page.sum(CALLS, &[coder, ("outcome", "failure")]), 5.0);
    assert_eq!(page.sum(CALLS, &[coder, ("outcome", "rejected")]), 3.0);
    // An agent that was not asked has executed nothing.
    assert_eq!(page.sum(EXECUTIONS, &[("agent_type", "coder")]), 5.0);
    let refused = [("limiter", "circuit_breaker"), ("reason", "open")];
    assert_eq!(page.sum("requests_rejected_total", &refused), 3.0);
    // The agents beside it go on.
    assert_eq!((it.run("tester", 0.0).await, &*it.state("tester").await), (200, "closed"));
}

#[tokio::test]
async fn one_success_begins_the_count_of_failures_anew() {
    let it = Orchestrator::start(&[]);
    for _ in 0..3 {
        it.break_it("coder").await;
        for _ in 0..4 {
            assert_eq!(it.run("coder", 0.0).await, 502);
        }
        it.mend_it("coder").await;
        assert_eq!(it.run("coder", 0.0).await, 200);
    }
    assert_eq!(it.state("coder").await, "closed");
    assert_eq!(it.sum(OPENINGS, &[]).await, 0.0);
}

#[tokio::test]
async fn after_the_pause_one_probe_decides() {
    let it = Orchestrator::start(&["--breaker-pause", "0.5"]);
    it.break_it("coder").await;
    for _ in 0..5 {
        it.run("coder", 0.0).await;
    }
    // A probe that fails opens it again.
    assert_eq!(until_let_through(&it, "coder").await, 502);
    assert_eq!(it.state("coder").await, "open");
    assert_eq!(it.sum(OPENINGS, &[("agent", "coder")]).await, 2.0);

    it.mend_it("coder").await;
    assert_eq!(until_let_through(&it, "coder").await, 200);
    assert_eq!(it.state("coder").await, "closed");
    assert_eq!(it.run("coder", 0.0).await, 200);
    assert_eq!(it.sum(OPENINGS, &[("agent", "coder")]).await, 2.0);
}

#[tokio::test]
async fn beside_a_probe_nobody_is_let_through_and_one_whose_caller_leaves_makes_the_next_call_one() {
    let it = Orchestrator::start(&["--breaker-pause", "0.2"]);
    it.break_it("coder").await;
    for _ in 0..5 {
        it.run("coder", 0.0).await;
    }
    it.mend_it("coder").await;
    let probe = async {
        while it.run("coder", 100.0).await == 503 {
            sleep(Duration::from_millis(20)).await;
        }
        panic!("nobody waits so long");
    };
    let beside = async {
        until_state(&it, "coder", "half_open").await;
        assert_eq!(it.run("coder", 0.0).await, 503);
        assert_eq!(it.state("coder").await, "half_open");
    };
    tokio::select! {
        () = probe => {}
        () = beside => {}
    }
    assert_eq!(until_let_through(&it, "coder").await, 200);
    assert_eq!(it.state("coder").await, "closed");
    let left = [("agent_type", "coder"), ("outcome", "cancelled")];
    assert_eq!(it.sum(EXECUTIONS, &left).await, 1.0);
}

#[tokio::test]
async fn what_was_let_through_before_a_reset_decides_nothing_after_it() {
    let scratch = Scratch::new("orchestrator-breaker");
    let it = Orchestrator::with_operator(&scratch, &["--breaker-pause", "600"]);
    it.break_it("coder").await;
    let slow = join_all((0..5).map(|_| it.run("coder", 3.0)));
    let reset = async {
        it.until("orchestrator_agent_execution_in_flight", &[("agent_type", "coder")], 5.0).await;
        for _ in 0..5 {
            assert_eq!(it.run("coder", 0.0).await, 502);
        }
        assert_eq!(it.state("coder").await, "open");
        let token = [("authorization", "Bearer sesame")];
        let path = "/breakers/coder/reset";
        assert_eq!(it.system.send_with(APP, Method::POST, path, &token, "").await.status, 200);
        assert_eq!(it.sum(EXECUTIONS, &[("outcome", "failure")]).await, 5.0, "the others go on");
    };
    assert_eq!(tokio::join!(slow, reset).0, [502; 5]);
    assert_eq!(it.state("coder").await, "closed");
    assert_eq!(it.sum(OPENINGS, &[("agent", "coder")]).await, 1.0);
}

#[tokio::test]
async fn panics_open_it_as_failures_do() {
    let it = Orchestrator::start(&["--breaker-pause", "600"]);
    it.break_it("panic").await;
    for _ in 0..5 {
        assert_eq!(it.run("coder", 0.0).await, 500);
    }
    assert_eq!((it.run("coder", 0.0).await, &*it.state("coder").await), (503, "open"));
    let page = it.page().await;
    assert_eq!(page.sum(EXECUTIONS, &[("agent_type", "coder"), ("outcome", "panicked")]), 5.0);
    assert_eq!(page.sum("http_requests_total", &[("outcome", "panicked")]), 5.0);
}

#[tokio::test]
async fn timeouts_open_it_as_failures_do() {
    let it = Orchestrator::start(&["--agent-timeout", "0.1", "--breaker-pause", "600"]);
    for _ in 0..5 {
        assert_eq!(it.run("planner", 5.0).await, 504);
    }
    assert_eq!(it.run("planner", 5.0).await, 503);
    assert_eq!(it.state("planner").await, "open");
    let page = it.page().await;
    let planner = ("agent", "planner");
    assert_eq!(page.sum(CALLS, &[planner, ("outcome", "timeout")]), 5.0);
    assert_eq!(page.sum(CALLS, &[planner, ("outcome", "failure")]), 0.0);
    assert_eq!(page.sum(EXECUTIONS, &[("agent_type", "planner"), ("outcome", "timeout")]), 5.0);
}
