//! What nobody can do to the platform: make series, or make it panic.

use http::Method;

use super::{login, platform, with_token};
use crate::storm::{assert_caused_by_callers, assert_unharmed, storm};

const PATHS: [&str; 11] = [
    "/sessions",
    "/users/#",
    "/users/*",
    "/predict",
    "/feedback",
    "/actions",
    "/policy",
    "/policy/evaluate",
    "/fault/*",
    "/*/*?*=*",
    "/health",
];

const BODIES: [&str; 6] = [
    r#"{"user": "*", "password": "*"}"#,
    r#"{"user": "ada", "password": "*"}"#,
    r#"{"action": "*", "target": "*", "reason": "*"}"#,
    r#"{"features": [1e308, -1e308, 0, #]}"#,
    r#"{"id": #, "was_incident": true}"#,
    r#"{"id": #, "was_incident": true, "*": "#,
];

#[tokio::test]
async fn hostile_traffic_makes_a_few_hundred_series_and_then_no_more() {
    let platform = platform(&["--faults", "--requests-per-second", "100000"]);
    for name in ["backend", "engine", "executor"] {
        let mut series = Vec::new();
        for requests in [0..2_000, 2_000..4_000] {
            assert_caused_by_callers(&storm(&platform, name, requests, &PATHS, &BODIES).await);
            let page = platform.page(&format!("{name} metrics")).await;
            assert_unharmed(&page, &[], 1_500);
            series.push(page.samples.len());
        }
        assert_eq!(series[0], series[1], "{name}: what comes again makes none");
    }
}

#[tokio::test]
async fn wrong_input_is_answered_with_what_to_change() {
    let platform = platform(&[]);
    let wrong = [
        ("backend", "/sessions", r#"{"user": "ada"}"#, 422, "missing field `password`"),
        ("backend", "/sessions", "{", 400, "Failed to parse the request body as JSON"),
        ("backend", "/policy/evaluate", r#"{"action": "explode"}"#, 422, "expected one of `recover`"),
        ("engine", "/predict", r#"{"features": [0.1]}"#, 422, "expected an array of length 4"),
        ("engine", "/predict", r#"{"features": [0.1, 0.2, 0.3, 7]}"#, 422, "give 4 numbers between 0 and 1"),
        ("engine", "/feedback", r#"{"id": 99, "was_incident": true}"#, 404, "no prediction 99 waits"),
        ("engine", "/admin/retrain", "", 409, "feedback on 0 predictions, and 20 are needed"),
        (
            "executor",
            "/actions",
            r#"{"action": "clear_cache", "target": "engine", "reason": ""}"#,
            422,
            "clear_cache is for the backend",
        ),
    ];
    for (service, path, body, status, says) in wrong {
        let answer = platform.post(service, path, body).await;
        assert!(answer.status == status && answer.text().contains(says), "{path} {body}: {}", answer.text());
    }
    for (path, status, says) in [
        ("/users/0", 404, "there are users from 1 to 1000000"),
        ("/users/ada", 400, "to a `u64`"),
        ("/fault/failing", 404, ""),
    ] {
        let answer = platform.get("backend", path).await;
        assert!(answer.status == status && answer.text().contains(says), "{path}: {}", answer.text());
    }
    let denies = r#"{"denied": ["recover"]}"#;
    let stranger = with_token(&platform, "guess", Method::PUT, "/policy", denies).await;
    assert!(stranger.status == 401 && stranger.text().contains("log in"), "{}", stranger.text());
    let token = login(&platform).await;
    assert_eq!(with_token(&platform, &token, Method::PUT, "/policy", r#"{"allowed": []}"#).await.status, 422);
    assert_eq!(with_token(&platform, &token, Method::PUT, "/policy", denies).await.status, 200);
}
