//! What nobody can do to the platform: make series, or make it panic.

use http::Method;

use super::{login, platform, with_token};
use crate::system::System;

/// Numbers that nobody chose, and the same at each run.
struct Dice(u64);

// ===== impl Dice =====

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn word(&mut self) -> String {
        format!("{:x}{:x}", self.roll(), self.roll())
    }
}

/// Random methods, paths, headers, ids, tokens, names and bodies; every answer is one that the caller caused.
async fn attack(platform: &System, dice: &mut Dice, times: usize) {
    for _ in 0..times {
        let service = ["backend", "engine", "executor"][dice.roll() as usize % 3];
        let word = dice.word();
        let path = match dice.roll() % 9 {
            0 => "/sessions".into(),
            1 => format!("/users/{}", dice.roll()),
            2 => format!("/users/{word}"),
            3 => "/predict".into(),
            4 => "/feedback".into(),
            5 => "/actions".into(),
            6 => "/policy/evaluate".into(),
            7 => format!("/fault/{word}"),
            _ => format!("/{word}/{word}?{word}={word}"),
        };
        let method = match dice.roll() % 4 {
            0 => Method::GET,
            1 => Method::PUT,
            2 => Method::POST,
            _ => Method::from_bytes(format!("X{word}").as_bytes()).unwrap(),
        };
        let body = match dice.roll() % 4 {
            0 => format!(r#"{{"user": "{word}", "password": "{word}"}}"#),
            1 => format!(r#"{{"action": "{word}", "target": "{word}", "reason": "{word}"}}"#),
            2 => format!(r#"{{"features": [1e308, -1e308, 0, {}]}}"#, dice.roll()),
            _ => format!(r#"{{"id": {}, "was_incident": true, "{word}": "#, dice.roll()),
        };
        let headers = [
            ("content-type", "application/json"),
            ("authorization", &*format!("Bearer {word}")),
            ("x-forwarded-for", &word),
            ("user-agent", &word),
            ("x-request-id", &word),
        ];
        let answer = platform.send_with(service, method.clone(), &path, &headers, &body).await;
        let is_good = answer.status == 200 && path.starts_with("/users/");
        assert!(is_good || (400..500).contains(&answer.status), "{method} {path} {body}: {answer:?}");
    }
}

#[tokio::test]
async fn hostile_traffic_makes_a_few_hundred_series_and_then_no_more() {
    let platform = platform(&["--faults", "--requests-per-second", "100000"]);
    let names = ["backend metrics", "engine metrics", "executor metrics"];
    let mut dice = Dice(42);
    attack(&platform, &mut dice, 3_000).await;
    let mut before = Vec::new();
    for name in names {
        before.push(platform.page(name).await.samples.len());
    }
    attack(&platform, &mut dice, 3_000).await;
    for (name, before) in names.into_iter().zip(before) {
        let page = platform.page(name).await;
        let series = page.samples.len();
        println!("{name}: {series} series");
        assert!(series < 1_500, "{name} has {series} series, and 10,000 is what one may have");
        assert_eq!(series, before, "{name}: what comes again makes none");
        assert_eq!(page.sum("http_requests_total", &[("outcome", "panicked")]), 0.0);
        assert!(page.values("endpoint").iter().all(|it| it.starts_with('/') || *it == "unmatched"));
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
