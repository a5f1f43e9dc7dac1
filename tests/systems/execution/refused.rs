//! What the backend refuses, and what strangers cannot do to it.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{Told, plan, ran, start};
use crate::{
    programs::{example, run},
    storm::{assert_caused_by_callers, assert_unharmed, storm},
    system::System,
};

#[tokio::test]
async fn who_comes_when_all_slots_are_taken_is_refused_and_a_slot_comes_back_with_its_body() {
    let system = start();
    let sleeper = plan("general", "local", "sleep", &["3600"]);
    let mut taken = join_all((0..16).map(|_| Told::begin(&system, &sleeper))).await;
    let refused = system.post("execution", "/executions", &sleeper.to_string()).await;
    assert_eq!((refused.status, refused.text()), (503, "16 executions go on: try again later\n"));
    let page = system.page("metrics").await;
    let labels = [("limiter", "executions"), ("reason", "overloaded")];
    assert_eq!(page.sum("requests_rejected_total", &labels), 1.0);
    assert_eq!(page.sum("execution_in_flight", &[]), page.sum("execution_in_flight_limit", &[]));
    assert_eq!(page.sum("execution_started_total", &[]), 16.0, "what was refused never began");
    taken.pop();
    system.until("metrics", "a slot is free", |page| page.sum("execution_in_flight", &[]) == 15.0).await;
    assert_eq!(ran(&system, &plan("general", "local", "true", &[])).await["status"], "success");
}

#[tokio::test]
async fn what_is_wrong_is_refused_with_what_to_change() {
    let system = start();
    let too_many: Vec<_> = (0..21).map(|_| json!({ "command": "true" })).collect();
    let steps = |steps: Value| json!({ "agent_type": "general", "server_tag": "local", "steps": steps });
    for (asked, status, says) in [
        (plan("general", "nowhere", "true", &[]), 400, "use one of edge, local"),
        (
            plan("wizard", "local", "true", &[]),
            422,
            "expected one of `general`, `network`, `database`, `security`",
        ),
        (steps(json!([])), 400, "give 1 to 20"),
        (steps(too_many.into()), 400, "give 1 to 20"),
        (steps(json!([{ "command": "true", "timeout_seconds": 61 }])), 400, "timeout_seconds are 1 to 60"),
        (steps(json!([{ "command": "true", "shell": true }])), 422, "unknown field `shell`"),
        (
            plan("general", "local", "sh", &["-c", "true"]),
            403,
            "use one of true, false, date, echo, seq, sleep",
        ),
        (plan("general", "local", "/bin/true", &[]), 403, "use one of"),
        (plan("general", "local", "echo", &["-e", "x"]), 403, "none of which begins with -"),
        (plan("general", "local", "sleep", &["infinity"]), 403, "seconds up to 3600"),
        (plan("general", "local", "seq", &["1", "2"]), 403, "a number up to 100000"),
        (plan("general", "local", "date", &["-s", "now"]), 403, "date takes nothing"),
    ] {
        let answer = system.post("execution", "/executions", &asked.to_string()).await;
        assert_eq!(answer.status, status, "{asked}: {}", answer.text());
        assert!(answer.text().contains(says), "{asked}: {}", answer.text());
    }
    let large = format!("{{\"agent_type\": \"{}\"}}", "x".repeat(100_000));
    assert_eq!(system.post("execution", "/executions", &large).await.status, 413);
    assert_eq!(system.get("execution", "/executions/0").await.status, 404);
    assert_eq!(system.page("metrics").await.sum("execution_started_total", &[]), 0.0, "nothing of it began");
}

#[test]
fn flags_that_are_wrong_are_errors_that_say_what_to_change() {
    let program = example("execution");
    // Nowhere to listen, so that a flag that is taken after all ends it too.
    let said = |args: &[&str]| {
        run(program.to_str().unwrap(), &[&["--metrics-addr", "nowhere"], args].concat()).unwrap_err()
    };
    assert!(said(&["--port", "1"]).contains("--port is no flag: use --addr"));
    assert!(said(&["--addr"]).contains("--addr wants a value"));
    assert!(said(&["--server-tags", "a,a"]).contains("given twice"));
    assert!(said(&["--server-tags", "a b"]).contains("use up to 64 letters"));
    assert!(said(&["--server-tags", "a=b"]).contains("has no port"));
    let many: Vec<_> = (0..31).map(|tag| tag.to_string()).collect();
    assert!(said(&["--server-tags", &many.join(",")]).contains("give 30 at most"));
}

#[tokio::test]
async fn hostile_traffic_makes_few_series() {
    let system = start();
    let paths =
        ["/executions", "/executions", "/executions/*", "/executions/7", "/*", "/health", "/executions/*/*"];
    let own = |text: Value| text.to_string();
    let bodies = [
        "*".to_owned(),
        own(plan("*", "local", "true", &[])),
        own(plan("general", "*", "true", &[])),
        own(plan("network", "local", "*", &[])),
        own(plan("database", "local", "echo", &["*"])),
        own(plan("security", "edge", "echo", &["*"])),
        own(json!({ "*": [] })),
    ];
    let bodies: Vec<_> = bodies.iter().map(String::as_str).collect();
    let answers = storm(&system, "execution", 0..3_000, &paths, &bodies).await;
    assert_caused_by_callers(&answers);
    assert!([200, 403, 422].iter().all(|status| answers.iter().any(|it| it.status == *status)));
    let page = system.page("metrics").await;
    assert_eq!(page.sum("http_requests_total", &[]), 3_000.0);
    assert_eq!(page.sum("execution_started_total", &[]), page.sum("execution_total", &[]));
    assert_unharmed(&page, &[], 1_500);
}

#[tokio::test]
async fn with_as_many_servers_as_it_takes_and_every_outcome_it_has_fewer_series_than_a_service_may() {
    let tags: Vec<_> = (0..30).map(|tag| format!("server-{tag}")).collect();
    let args = ["--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0", "--server-tags", &tags.join(",")];
    let system = System::start("execution", &args);
    let agents = ["general", "network", "database", "security"];
    for four in tags.chunks(4) {
        let of_all = four.iter().flat_map(|tag| agents.map(|agent| (agent, tag)));
        let given_up = join_all(of_all.map(|(agent, tag)| {
            let system = &system;
            async move {
                ran(system, &plan(agent, tag, "true", &[])).await;
                ran(system, &plan(agent, tag, "false", &[])).await;
                Told::begin(system, &plan(agent, tag, "sleep", &["60"])).await
            }
        }));
        drop(given_up.await);
        // Each has to leave its slot for the next ones.
        system.until("metrics", "none goes on", |page| page.sum("execution_in_flight", &[]) == 0.0).await;
    }
    let page = system.page("metrics").await;
    assert_eq!(page.of("execution_duration_seconds_count").count(), 30 * 4 * 3);
    assert_unharmed(&page, &[], 6_000);
}
