//! What the systems know at their start stands at zero then, so that `increase()` sees the first failure of each.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::{exposition::Page, programs::Scratch, system::System};

/// The counters of this name that have this label, each of which has to be at 0, by the values of another.
pub(crate) fn at_zero(page: &Page, name: &str, (label, value): (&str, &str), by: &str) -> Vec<String> {
    let samples: Vec<_> = page.of(name).filter(|sample| sample.labels[label] == value).collect();
    assert!(samples.iter().all(|sample| sample.value == 0.0), "{samples:?}");
    let mut values: Vec<_> = samples.iter().map(|sample| sample.labels[by].clone()).collect();
    values.sort_unstable();
    values.dedup();
    values
}

fn start(name: &str, more: &[&str]) -> System {
    System::start(name, &[&["--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0"], more].concat())
}

#[tokio::test]
async fn every_agent_of_the_orchestrator_can_fail_for_the_first_time() {
    let system = start("orchestrator", &[]);
    let page = system.page("metrics").await;
    let agents = ["coder", "planner", "researcher", "reviewer", "tester"];
    for (outcomes, name, label) in [
        (4, "orchestrator_circuit_breaker_calls_total", "agent"),
        (3, "orchestrator_agent_execution_total", "agent_type"),
    ] {
        for outcome in ["success", "failure", "timeout", "rejected"].into_iter().take(outcomes) {
            assert_eq!(at_zero(&page, name, ("outcome", outcome), label), agents, "{name} {outcome}");
        }
    }
    assert_eq!(page.of("orchestrator_circuit_breaker_calls_in_flight").count(), 0, "calls are counted alone");
}

#[tokio::test]
async fn every_execution_and_step_and_query_of_the_backend_can_fail_for_the_first_time() {
    let system = start("execution", &["--server-tags", "local,edge=127.0.0.1:1"]);
    let page = system.page("metrics").await;
    let agents = ["database", "general", "network", "security"];
    let failed = ("status", "failed");
    assert_eq!(at_zero(&page, "execution_total", failed, "agent_type"), agents);
    assert_eq!(at_zero(&page, "execution_total", failed, "server_tag"), ["edge", "local"]);
    assert_eq!(page.of("execution_started_total").count(), 8);
    assert_eq!(at_zero(&page, "execution_steps_total", failed, "agent_type"), agents);
    let error = ("outcome", "error");
    assert_eq!(at_zero(&page, "db_query_total", error, "query_type"), ["insert", "list", "select"]);
}

#[tokio::test]
async fn every_query_and_function_and_batch_of_a_new_service_can_fail_for_the_first_time() {
    let scratch = Scratch::new("zeros");
    let system = start("new_service", &["--data", &scratch.path("data").display().to_string()]);
    // Batches are made by the task that stores.
    let begun = async {
        loop {
            let page = system.page("metrics").await;
            if page.of("batch_operations_total").count() > 0 {
                return page;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    let page = timeout(Duration::from_secs(20), begun).await.expect("the task begins");
    let error = ("outcome", "error");
    assert_eq!(at_zero(&page, "db_query_total", error, "query_type"), ["insert", "select"]);
    assert_eq!(at_zero(&page, "operations_total", ("status", "error"), "operation_type"), ["check"]);
    assert_eq!(at_zero(&page, "batch_operations_total", ("status", "partial"), "operation"), ["store"]);
}
