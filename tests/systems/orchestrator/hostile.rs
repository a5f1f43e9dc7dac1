//! Hostile traffic: nobody makes series, nothing panics, and who asks wrongly is told what to change.

use super::{APP, Orchestrator, websocket::Client};
use crate::storm::{assert_caused_by_callers, assert_unharmed, storm};

/// Most of them where there is something to do, which anybody may name.
const PATHS: [&str; 12] = [
    "/agents/coder/run",
    "/agents/coder/run",
    "/agents/coder/run",
    "/agents/coder/run",
    "/agents/*/run",
    "/breakers/*/reset",
    "/breakers/coder/reset",
    "/fault/*",
    "/ws",
    "/metrics/*",
    "/metrics/summary?*=*",
    "/*/*",
];

/// What pays is a label that anybody names, in every way that a page of metrics could be broken by.
const BODIES: [&str; 12] = [
    r#"{"repository": "*", "user": "*"}"#,
    r#"{"repository": "\"*\\", "user": "\n*"}"#,
    r#"{"repository": " 1\n# TYPE x counter\nx 2 *", "user": "{*}"}"#,
    r#"{"repository": "_OVERFLOW", "user": "_OVERFLOW"}"#,
    r#"{"repository": "é*", "user": "\u0000*"}"#,
    r#"{"repository": "*", "user": "*", "tokens": 1}"#,
    r#"{"repository": "*"}"#,
    r#"{"repository": "", "user": "*"}"#,
    r#"{"repository": "*", "user": "*", "seconds": -1}"#,
    r#"{"repository": "*", "user": "*", "tokens": 18446744073709551615}"#,
    r#"{"repository": "*", "user": "*", "*": 1}"#,
    "*",
];

#[tokio::test]
async fn under_hostile_traffic_series_stay_few_and_nothing_panics() {
    let it = Orchestrator::start(&[]);
    let answers = storm(&it.system, APP, 0..8_000, &PATHS, &BODIES).await;
    assert_caused_by_callers(&answers);
    let of = |status: u16| answers.iter().filter(move |it| it.status == status);
    // What is wrong with a task is said in words.
    assert!(of(422).all(|it| it.text().len() > 20));
    let statuses = [200, 400, 403, 404, 405, 415, 422].map(|status| (status, of(status).count()));
    assert!(statuses[0].1 > 200 && statuses.iter().all(|(_, count)| *count > 20), "{statuses:?}");

    // Clients that say anything, and leave at any moment.
    for body in BODIES.repeat(4) {
        let mut client = Client::connect(&it).await;
        client.say(body).await;
        it.run("planner", 0.0).await;
    }
    it.until("connections_open", &[("listener", "websocket")], 0.0).await;

    assert_unharmed(&it.page().await, &["repository", "user"], 5_000);
    assert_eq!(it.system.get(APP, "/metrics/summary").await.status, 200);
    assert_eq!(it.system.get(APP, "/metrics/categories").await.status, 200);
}
