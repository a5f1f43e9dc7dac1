//! The end of a service: what it has begun it answers, and then it ends well.

use crate::{programs::Scratch, system::System};

const ADDRESSES: [&str; 4] = ["--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0"];

/// Has it answer this, which takes a second, and tells it to end meanwhile. Returns the answer.
async fn answered_to_the_end(system: System, name: &str, path: &str, body: &str) -> String {
    let call = system.post(name, path, body);
    let end = async {
        let in_flight = "http_requests_in_flight";
        system.until("metrics", "it has begun", |page| page.sum(in_flight, &[]) == 1.0).await;
        system.terminate();
    };
    let (answer, ()) = tokio::join!(call, end);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(system.ended().await.success());
    answer.text().to_owned()
}

#[tokio::test]
async fn an_execution_that_goes_on_is_told_to_its_end() {
    let system = System::start("execution", &ADDRESSES);
    let plan =
        r#"{"agent_type": "general", "server_tag": "local", "steps": [{"command": "sleep", "args": ["1"]}]}"#;
    let told = answered_to_the_end(system, "execution", "/executions", plan).await;
    assert!(told.lines().last().unwrap().contains("success"), "{told}");
}

#[tokio::test]
async fn an_agent_at_work_reports() {
    let system = System::start("orchestrator", &ADDRESSES);
    let task = r#"{"repository": "website", "user": "ada", "seconds": 1}"#;
    let report = answered_to_the_end(system, "orchestrator", "/agents/coder/run", task).await;
    assert!(report.contains("microdollars"), "{report}");
}

#[tokio::test]
async fn the_template_ends_well() {
    let scratch = Scratch::new("end");
    let data = scratch.path("data").display().to_string();
    let system = System::start("new_service", &[&ADDRESSES[..], &["--data", &data]].concat());
    assert_eq!(system.get("new-service", "/health").await.status, 200);
    system.terminate();
    assert!(system.ended().await.success());
}
