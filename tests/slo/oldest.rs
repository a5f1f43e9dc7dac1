//! One call of the axum example hangs, and others are answered: its start is on the page, and Prometheus tells its age.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use http::Method;
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::programs::{Example, Orders, Scratch, Stack, change, faster, write_files};

const SERIES: &str = "http_requests_oldest_start_timestamp_seconds{method=\"GET\",endpoint=\"/users/{id}\"}";

#[expect(clippy::disallowed_methods, reason = "it is compared with what the program tells")]
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

/// What the page says of the oldest call of `/users/{id}`, when `is_it`.
async fn told(example: &Example, is_it: impl Fn(f64) -> bool) -> f64 {
    let telling = async {
        loop {
            let page = String::from_utf8(example.page().await.to_vec()).unwrap();
            let line = page.lines().find_map(|line| line.strip_prefix(SERIES)).expect("it is declared");
            // As the exposition format spells it.
            let start = line.trim().parse::<f64>().unwrap();
            assert_eq!(start.is_nan(), line.trim() == "NaN", "{line}");
            if is_it(start) {
                return start;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(30), telling).await.expect("the page tells it")
}

/// Makes a call of `/users/{id}` that goes on until the example is switched again.
async fn stuck(example: &Arc<Example>) -> JoinHandle<u16> {
    assert_eq!(example.send(Method::POST, "/switch/stuck").await, 200);
    let example = Arc::clone(example);
    tokio::spawn(async move { example.get("/users/7").await })
}

#[tokio::test]
async fn a_call_that_hangs_is_on_the_page_with_its_start() {
    let example = Arc::new(Example::start());
    told(&example, f64::is_nan).await;
    let before = now();
    let hanging = stuck(&example).await;
    let start = told(&example, |start| !start.is_nan()).await;
    assert!((before - 0.01..=now()).contains(&start), "{start} is not between {before} and now");
    assert_eq!(example.get("/slow").await, 200);
    assert_eq!(told(&example, |_| true).await, start, "it is still the oldest");
    assert_eq!(example.send(Method::POST, "/switch/well").await, 200);
    assert_eq!(hanging.await.unwrap(), 200);
    told(&example, f64::is_nan).await;
}

/// The rules go thirty times as fast, and two seconds are too old.
#[tokio::test]
#[ignore = "needs the Debian package prometheus"]
async fn prometheus_tells_its_age_and_that_it_is_stuck_though_others_are_answered() {
    let scratch = Scratch::new("oldest");
    write_files(&scratch);
    let rules = std::fs::read_to_string(scratch.path("rules.yml")).unwrap();
    scratch.write("rules.yml", &faster(&rules, 30));
    change(&scratch, "rules.yml", &[("> 300", "> 2")]);
    let stack = Stack::start(&scratch, Orders::idle(), &[]);
    let prometheus = &stack.prometheus;
    prometheus.becomes(SERIES, f64::is_nan).await;
    let firing = |severity: &str| {
        format!("ALERTS{{alertname=\"RequestsStuck\",alertstate=\"firing\",severity=\"{severity}\"}}")
    };

    let example = Arc::clone(&stack.example);
    let others = tokio::spawn(async move { while example.get("/slow").await == 200 {} });
    let before = now();
    let hanging = stuck(&stack.example).await;
    let age = format!("time() - {SERIES}");
    prometheus.becomes(&age, |age| age >= 3.0).await;
    let (told, passed) = (prometheus.query(&age).await.unwrap(), now() - before);
    assert!(told <= passed && told > passed - 1.0, "{told} s of {passed} s");
    let of_it = firing("warning").replace('}', ",method=\"GET\",endpoint=\"/users/{id}\"}");
    prometheus.becomes(&of_it, |n| n == 1.0).await;
    assert_eq!(prometheus.query(&firing("critical")).await, None, "others are answered");

    assert_eq!(stack.example.send(Method::POST, "/switch/well").await, 200);
    assert_eq!(hanging.await.unwrap(), 200);
    prometheus.becomes(SERIES, f64::is_nan).await;
    prometheus.becomes(&format!("count({}) or vector(0)", firing("warning")), |n| n == 0.0).await;
    others.abort();
}
