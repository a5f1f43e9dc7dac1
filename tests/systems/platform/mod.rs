//! The operations platform as programs: what it measures, what it refuses, what nobody can do to it.

mod alerts;
mod closed_loop;
mod hostile;
mod program;
#[allow(dead_code, reason = "the program reads what the tests do not")]
#[path = "../../../examples/platform/promise.rs"]
mod promise;
mod replicas;

use http::Method;
use serde_json::json;
use tower_metrics::dashboard::Dashboards;

use crate::{
    measured::is_as_the_guide_says,
    system::{Answer, System, until},
    zeros::at_zero,
};

/// All three services, on free ports.
fn platform(more: &[&str]) -> System {
    let addresses = ["backend", "engine", "executor"].map(|name| {
        [
            format!("--{name}-addr"),
            "127.0.0.1:0".into(),
            format!("--{name}-metrics-addr"),
            "127.0.0.1:0".into(),
        ]
    });
    let args: Vec<_> = addresses.iter().flatten().map(String::as_str).chain(more.iter().copied()).collect();
    System::start("platform", &args)
}

async fn login(platform: &System) -> String {
    let answer = platform.post("backend", "/sessions", r#"{"user": "ada", "password": "analytical"}"#).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["token"].as_str().unwrap().to_owned()
}

/// A call by whoever is logged in.
async fn with_token(platform: &System, token: &str, method: Method, path: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", &*bearer), ("content-type", "application/json")];
    platform.send_with("backend", method, path, &headers, body).await
}

async fn propose(platform: &System, action: &str, target: &str) -> Answer {
    let proposal = json!({ "action": action, "target": target, "reason": "a test" });
    platform.post("executor", "/actions", &proposal.to_string()).await
}

async fn predict(platform: &System, features: [f64; 4]) -> serde_json::Value {
    platform.post("engine", "/predict", &json!({ "features": features }).to_string()).await.json()
}

#[tokio::test]
async fn the_platform_measures_what_the_guide_lists() {
    let platform = platform(&[]);
    login(&platform).await;
    platform.get("backend", "/users/7").await;
    let prediction = predict(&platform, [0.1, 0.2, 0.3, 0.4]).await;
    let feedback = json!({ "id": prediction["id"], "was_incident": false });
    platform.post("engine", "/feedback", &feedback.to_string()).await;
    propose(&platform, "recover", "backend").await;

    let [backend, engine, executor] = [
        platform.page("backend metrics"),
        platform.page("engine metrics"),
        platform.page("executor metrics"),
    ];
    let (backend, engine, executor) = tokio::join!(backend, engine, executor);
    is_as_the_guide_says("Operations platform", &[&backend, &engine, &executor]);
}

#[tokio::test]
async fn a_query_of_the_backend_can_fail_for_the_first_time() {
    let page = platform(&[]).page("backend metrics").await;
    assert_eq!(at_zero(&page, "db_query_total", ("outcome", "error"), "query_type"), ["user_by_id"]);
    assert_eq!(page.sum("db_query_duration_seconds_count", &[]), 0.0, "none was made for that");
}

#[tokio::test]
async fn what_the_boards_show_is_measured() {
    let platform = platform(&[]);
    let prediction = predict(&platform, [0.1, 0.2, 0.3, 0.4]).await;
    let feedback = json!({ "id": prediction["id"], "was_incident": false });
    platform.post("engine", "/feedback", &feedback.to_string()).await;

    let boards = promise::boards(Dashboards::new(&promise::promises())).all();
    for service in ["backend", "engine", "executor"] {
        let page = platform.page(&format!("{service} metrics")).await;
        let uid = format!("tower-metrics-platform-{service}");
        let board = boards.iter().find(|it| it.uid() == uid).unwrap();
        let board: serde_json::Value = serde_json::from_str(&board.to_json()).unwrap();
        let rows = board["panels"].as_array().unwrap().iter().filter(|panel| panel["type"] == "row");
        let metrics: Vec<_> = rows.map(|row| row["title"].as_str().unwrap()).collect();
        assert!(metrics.len() >= 3, "{board:#}");
        for metric in metrics {
            let count = format!("{metric}_count");
            assert!(page.samples.iter().any(|it| it.name == metric || it.name == count), "{metric}");
        }
    }
}

#[tokio::test]
async fn attempts_to_log_in_are_told_apart_and_a_session_ends_by_itself_too() {
    let platform = platform(&["--session-lifetime", "2s"]);
    let page = platform.page("backend metrics").await;
    let outcomes = page.of("auth_attempts_total").map(|it| it.value).collect::<Vec<_>>();
    assert_eq!(outcomes, [0.0; 4], "before the first");

    for (user, password, status) in [("ada", "guess", 401), ("eve", "guess", 401), ("grace", "compiler", 201)]
    {
        let body = json!({ "user": user, "password": password }).to_string();
        assert_eq!(platform.post("backend", "/sessions", &body).await.status, status);
    }
    let token = login(&platform).await;
    let page = platform.page("backend metrics").await;
    for (outcome, times) in [("wrong_password", 1.0), ("unknown_user", 1.0), ("success", 2.0)] {
        assert_eq!(page.sum("auth_attempts_total", &[("outcome", outcome)]), times, "{outcome}");
    }
    assert_eq!(page.sum("active_sessions", &[]), 2.0);

    assert_eq!(with_token(&platform, &token, Method::DELETE, "/sessions", "").await.status, 204);
    assert_eq!(
        with_token(&platform, &token, Method::DELETE, "/sessions", "").await.status,
        401,
        "it is closed"
    );
    until("the other session ends by itself", async || {
        platform.page("backend metrics").await.sum("active_sessions", &[]) == 0.0
    })
    .await;
}

#[tokio::test]
async fn the_cache_answers_what_was_read_before_until_it_is_cleared() {
    let platform = platform(&[]);
    let looked_up = async |result: &str| {
        platform.page("backend metrics").await.sum("cache_requests_total", &[("result", result)])
    };
    for _ in 0..3 {
        assert_eq!(platform.get("backend", "/users/7").await.status, 200);
    }
    assert_eq!((looked_up("miss").await, looked_up("hit").await), (1.0, 2.0));
    assert_eq!(propose(&platform, "clear_cache", "backend").await.json()["status"], "completed");
    platform.get("backend", "/users/7").await;
    assert_eq!((looked_up("miss").await, looked_up("hit").await), (2.0, 2.0));
}

#[tokio::test]
async fn whoever_calls_too_often_is_refused_and_the_policy_is_asked_all_the_same() {
    let platform = platform(&["--requests-per-second", "1"]);
    let mut statuses = Vec::new();
    for id in 1..=10 {
        statuses.push(platform.get("backend", &format!("/users/{id}")).await.status);
    }
    let refused = statuses.iter().filter(|status| **status == 429).count();
    assert!(statuses[..2] == [200, 200] && refused >= 5, "{statuses:?}");
    let page = platform.page("backend metrics").await;
    assert_eq!(page.sum("rate_limit_exceeded_total", &[("limiter", "api")]), refused as f64);
    assert_eq!(page.sum("http_requests_total", &[("status", "429")]), refused as f64);

    let proposal = r#"{"action": "recover", "target": "backend", "reason": "a test"}"#;
    let verdict = platform.post("backend", "/policy/evaluate", proposal).await;
    assert_eq!((verdict.status, &verdict.json()["decision"]), (200, &json!("allowed")));
}

#[tokio::test]
async fn the_model_is_told_how_right_it_was_and_learns_from_it() {
    let platform = platform(&[]);
    // An incident that it takes for none, and the other way round.
    let (quiet, loud) = ([0.0, 0.9, 0.1, 0.1], [1.0, 0.1, 0.9, 0.9]);
    assert_eq!(
        propose(&platform, "retrain", "engine").await.json()["status"],
        "failed",
        "of nothing it learns nothing"
    );
    for (features, was_incident) in [(quiet, true), (loud, false)].repeat(10) {
        let prediction = predict(&platform, features).await;
        assert_eq!(prediction["incident"], !was_incident);
        let feedback = json!({ "id": prediction["id"], "was_incident": was_incident }).to_string();
        let verdict = platform.post("engine", "/feedback", &feedback).await;
        assert_eq!(verdict.json()["was_right"], false);
        assert_eq!(platform.post("engine", "/feedback", &feedback).await.status, 404, "it was told before");
    }
    let page = platform.page("engine metrics").await;
    assert_eq!(page.sum("ai_model_accuracy_ratio", &[]), 0.0);
    assert_eq!(page.sum("ai_feedback_total", &[("verdict", "wrong")]), 20.0);
    assert_eq!(page.sum("ai_predictions_total", &[("outcome", "completed")]), 20.0);
    assert_eq!(page.sum("ai_prediction_confidence_ratio_count", &[]), 20.0);
    let confidence = page.sum("ai_prediction_confidence_ratio_sum", &[]) / 20.0;
    assert!((page.sum("ai_model_confidence_ratio", &[]) - confidence).abs() < 1e-9, "the mean of all, here");

    assert_eq!(propose(&platform, "retrain", "engine").await.json()["status"], "completed");
    assert_eq!(predict(&platform, quiet).await["incident"], true);
    assert_eq!(predict(&platform, loud).await["incident"], false);
}

#[tokio::test]
async fn what_was_done_too_often_is_denied() {
    let platform = platform(&["--most-actions", "2"]);
    let mut reports = Vec::new();
    for _ in 0..4 {
        reports.push(propose(&platform, "recover", "backend").await.json());
    }
    let statuses: Vec<_> = reports.iter().map(|it| it["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["completed", "completed", "denied", "denied"]);
    assert!(reports[3]["reason"].as_str().unwrap().starts_with("it was done 2 times in 600s"), "{reports:?}");
    assert_eq!(
        propose(&platform, "clear_cache", "backend").await.json()["status"],
        "completed",
        "another action"
    );

    let page = platform.page("executor metrics").await;
    assert_eq!(page.sum("executor_actions_total", &[("status", "completed")]), 3.0);
    assert_eq!(page.sum("executor_actions_total", &[("status", "denied")]), 2.0);
    assert_eq!(page.sum("executor_policy_checks_total", &[("decision", "denied")]), 2.0);
    let server = platform.address("backend");
    assert_eq!(page.sum("http_client_requests_total", &[("server", server), ("status", "200")]), 3.0);
}
