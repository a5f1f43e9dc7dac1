//! What the page shows is what `/metrics` says, and it says it soon.

use http::Method;

use crate::{
    expected::{Labels, budget, calls, error_ratio, is_bad, is_judged, quantile},
    exposition::Page,
    looked::Looked,
    program::Program,
};

/// Two ways to the same number may round differently.
#[track_caller]
fn assert_same(shown: Option<f64>, expected: f64, what: &str) {
    let shown = shown.unwrap_or_else(|| panic!("{what} is not shown"));
    assert!((shown - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{what}: {shown} and not {expected}");
}

/// Some of everything, all of it ended.
async fn traffic(program: &Program) {
    program.get_each(40, &["/users/7", "/users/8"]).await;
    program.get_each(3, &["/slow", "/fail", "/panic", "/nowhere"]).await;
    program.call(Method::POST, "/echo").await;
    let reports = (0..4).map(|_| program.call(Method::POST, "/reports"));
    futures_util::future::join_all(reports).await;
}

/// The page of all that a program has done, while it does nothing more, and what that exports.
async fn since_start(program: &Program) -> (Looked, Page) {
    let looked = Looked::open(&program.metrics).await;
    looked.pause().await;
    looked.choose("#window", "since start").await;
    looked.refresh().await;
    (looked, program.page().await)
}

#[tokio::test]
async fn it_loads_without_an_error_and_asks_nobody_but_its_listener() {
    let program = Program::example(&["--load"]);
    let looked = Looked::open(&program.metrics).await;
    looked.refreshes(3).await;
    assert_eq!(looked.complaints().await, [] as [serde_json::Value; 0]);
    let requests = looked.requests().await;
    let is_own = |url: &&String| url.starts_with(&looked.url) || url.starts_with("data:");
    assert_eq!(requests.iter().filter(|url| !is_own(url)).collect::<Vec<_>>(), [] as [&String; 0]);
    let of = |path: &str| requests.iter().filter(|url| **url == format!("{}{path}", looked.url)).count();
    assert_eq!(of(""), 1, "{requests:?}");
    assert!(
        (1..4).contains(&of("catalog.json")),
        "it is asked for once, and again for what is new: {requests:?}"
    );
    assert!(of("metrics") >= 4, "{requests:?}");
}

#[tokio::test]
async fn the_figures_since_the_start_are_those_of_the_metrics() {
    let program = Program::example(&[]);
    traffic(&program).await;
    let (looked, page) = since_start(&program).await;

    let shown = async |name| looked.figure("main", name).await;
    assert_same(shown("calls").await, calls(&page, |_| true), "calls");
    assert_same(shown("error-ratio").await, error_ratio(&page, |_| true), "errors");
    let of_most = |labels: &Labels| labels["endpoint"] != "/stream";
    for (name, share) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
        assert_same(shown(name).await, quantile(&page, share, of_most), name);
    }
    assert_same(shown("in-flight").await, 0.0, "in flight");

    for (method, endpoint) in
        [("GET", "/users/{id}"), ("GET", "/slow"), ("GET", "/fail"), ("POST", "/reports")]
    {
        let of = |labels: &Labels| labels["method"] == method && labels["endpoint"] == endpoint;
        let row = format!("tr[data-row=\"{method} {endpoint}\"]");
        assert_same(looked.figure(&row, "calls").await, calls(&page, of), &row);
        assert_same(looked.figure(&row, "error-ratio").await, error_ratio(&page, of), &row);
        if endpoint != "/fail" {
            assert_same(looked.figure(&row, "p99").await, quantile(&page, 0.99, of), &row);
        }
    }

    let of_others = |labels: &Labels| labels["endpoint"] != "/reports";
    let bad = calls(&page, |labels| of_others(labels) && is_bad(labels));
    let all = calls(&page, |labels| of_others(labels) && is_judged(labels));
    let left = budget(bad, all, 0.999);
    let promise = "[data-promise=\"shop-availability\"]";
    assert_same(looked.figure(promise, "budget").await, left, "the budget left");
    assert_same(looked.figure(promise, "burn").await, 1.0 - left, "the burn rate");
    let refused = page.sum("requests_rejected_total", &[("limiter", "reports"), ("reason", "overloaded")]);
    assert!(refused > 0.0, "no report was refused");
    assert_same(
        looked.figure("[data-refusal=\"reports overloaded\"]", "refused-count").await,
        refused,
        "refusals",
    );

    for metric in ["http_requests_total", "http_request_duration_seconds", "db_query_in_flight"] {
        let parts =
            ["", "_bucket", "_sum", "_count"].map(|suffix| page.of(&format!("{metric}{suffix}")).count());
        let row = format!("tr[data-metric=\"{metric}\"]");
        assert_same(looked.figure(&row, "series").await, parts.iter().sum::<usize>() as f64, metric);
    }
}

#[tokio::test]
async fn what_happens_while_it_is_open_is_told_by_the_difference_of_two_scrapes() {
    let program = Program::example(&[]);
    traffic(&program).await;
    let looked = Looked::open(&program.metrics).await;
    looked.pause().await;
    looked.choose("#window", "since opened").await;
    looked.refresh().await;
    assert_same(looked.figure("main", "calls").await, 0.0, "calls");
    program.get_each(9, &["/users/7"]).await;
    program.get_each(3, &["/fail"]).await;
    looked.refresh().await;
    assert_same(looked.figure("main", "calls").await, 12.0, "calls");
    assert_same(looked.figure("main", "error-ratio").await, 0.25, "errors");
    assert_same(looked.figure("tr[data-row=\"GET /fail\"]", "calls").await, 3.0, "calls that fail");
    assert!(looked.figure("main", "rate").await.unwrap() > 0.0);
}

#[tokio::test]
async fn a_burst_of_errors_of_one_route_is_seen_within_two_refreshes() {
    let program = Program::example(&[]);
    let looked = Looked::open(&program.metrics).await;
    looked.pause().await;
    looked.choose("#window", "last 10 s").await;
    program.get_each(20, &["/users/7"]).await;
    looked.refresh().await;
    let row = "tr[data-row=\"GET /users/{id}\"]";
    assert_same(looked.figure(row, "error-ratio").await, 0.0, "errors before");
    program.call(Method::POST, "/switch/failing").await;
    program.get_each(10, &["/users/7"]).await;
    looked.refresh().await;
    looked.refresh().await;
    let errors = looked.figure(row, "error-ratio").await.unwrap();
    assert!(errors > 0.05, "{errors}");
    let marked = format!("return document.querySelector(`{row}`).classList.contains('over')");
    assert_eq!(looked.run(&marked).await, true, "the row is not marked");
}

#[tokio::test]
async fn a_call_that_hangs_is_the_oldest_and_is_older_with_each_refresh() {
    let program = Program::example(&["--load"]);
    let looked = Looked::open(&program.metrics).await;
    let row = "tr[data-row=\"GET /users/{id}\"]";
    program.call(Method::POST, "/switch/stuck").await;
    looked.refreshes(2).await;
    let first = looked.figure(row, "oldest").await.expect("no call is the oldest");
    looked.refreshes(1).await;
    let second = looked.figure(row, "oldest").await.expect("no call is the oldest");
    assert!(second > first + 1.0, "{first} s, then {second} s");
    assert!(looked.figure("#cards", "oldest").await.unwrap() >= second);
    program.call(Method::POST, "/switch/well").await;
    looked.refreshes(2).await;
    let mended = looked.figure(row, "oldest").await;
    assert!(mended.is_none_or(|age| age < 1.0), "{mended:?}");
}

#[tokio::test]
async fn how_calls_ended_is_told_apart() {
    let program = Program::example(&[]);
    traffic(&program).await;
    let (looked, page) = since_start(&program).await;
    for (outcome, status) in
        [("completed", "200"), ("completed", "500"), ("panicked", "500"), ("completed", "429")]
    {
        let of = |labels: &Labels| labels["outcome"] == outcome && labels["status"] == status;
        let row = format!("tr[data-ending=\"{outcome} {status}\"]");
        assert_same(looked.figure(&row, "ended").await, calls(&page, of), &row);
    }
}

#[tokio::test]
async fn a_service_in_which_all_calls_hang_does_not_look_calm() {
    let program = Program::example(&[]);
    program.get_each(3, &["/users/7"]).await;
    program.call(Method::POST, "/switch/stuck").await;
    let looked = Looked::open(&program.metrics).await;
    looked.choose("#window", "last 10 s").await;
    let hangs = program.get("/users/7");
    let looks = async {
        looked
            .until(
                "it is marked",
                "document.querySelector('[data-card=in-flight]').classList.contains('over')",
            )
            .await;
        let said = looked.run("return document.querySelector('[data-card=in-flight]').textContent").await;
        assert!(said.as_str().unwrap().contains("nothing ended"), "{said}");
        program.call(Method::POST, "/switch/well").await;
    };
    futures_util::future::join(hangs, looks).await;
}
