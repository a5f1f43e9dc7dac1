//! Hostile traffic: nobody makes series, nothing panics, and who asks wrongly is told what to change.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use http::Method;
use serde_json::json;

use super::{APP, Orchestrator, websocket::Client};

/// What a service may have.
const MOST_SERIES: usize = 10_000;

/// Numbers that are the same in each run of the test.
struct Dice(u64);

// ===== impl Dice =====

impl Dice {
    fn roll(&mut self) -> u64 {
        // Knuth's constants for a linear congruential generator.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.roll() as usize % all.len()]
    }

    /// A text that somebody else never sent.
    fn text(&mut self) -> String {
        let odd = self.one_of(&["", "\"", "\\", "\n", "é", "{}", " 1\n# TYPE x counter\nx 2", "_OVERFLOW"]);
        format!("{odd}{:x}{}", self.roll(), "x".repeat(self.roll() as usize % 200))
    }

    fn word(&mut self) -> String {
        format!("w{:x}", self.roll())
    }
}

struct Attack {
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

fn attack(dice: &mut Dice) -> Attack {
    let (a, b) = (dice.word(), dice.word());
    let path = match dice.roll() % 16 {
        0 => format!("/{a}/{b}"),
        1 => format!("/agents/{a}/run"),
        2 => format!("/breakers/{a}/reset"),
        3 => "/breakers/coder/reset".into(),
        4 => format!("/fault/{a}"),
        5 => "/ws".into(),
        6 => format!("/metrics/{a}"),
        7 => format!("/metrics/summary?{a}={b}"),
        _ => "/agents/coder/run".into(),
    };
    let method = match dice.roll() % 4 {
        0 => Method::from_bytes(dice.word().as_bytes()).unwrap(),
        1 => dice.one_of(&[&Method::GET, &Method::DELETE, &Method::PUT, &Method::OPTIONS]).clone(),
        _ => Method::POST,
    };
    let body = match dice.roll() % 12 {
        0 => dice.text(),
        1 => json!({ "repository": dice.text() }).to_string(),
        2 => json!({ "repository": "", "user": dice.text() }).to_string(),
        3 => json!({ "repository": dice.text(), "user": dice.text(), "seconds": -1 }).to_string(),
        4 => json!({ "repository": dice.text(), "user": dice.text(), "tokens": u64::MAX }).to_string(),
        5 => json!({ "repository": dice.text(), "user": dice.text(), dice.word(): 1 }).to_string(),
        _ => json!({ "repository": dice.text(), "user": dice.text() }).to_string(),
    };
    let kind = dice.one_of(&["application/json", "application/json", "application/json", "text/plain"]);
    let headers = [
        ("content-type", kind.into()),
        ("authorization", format!("Bearer {a}")),
        ("host", format!("{b}.example.com")),
        ("user-agent", dice.word()),
        ("upgrade", dice.one_of(&["websocket", "h2c", "x"]).into()),
    ];
    let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Attack { method, path, headers, body }
}

#[tokio::test]
async fn under_hostile_traffic_series_stay_few_and_nothing_panics() {
    let it = Orchestrator::start(&[]);
    let mut dice = Dice(7);
    let attacks: Vec<_> = (0..8_000).map(|_| attack(&mut dice)).collect();
    let answers = stream::iter(attacks).map(async |attack| {
        let headers: Vec<_> = attack.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        it.system.send_with(APP, attack.method, &attack.path, &headers, &attack.body).await
    });
    let answers: Vec<_> = answers.buffer_unordered(32).collect().await;
    let mut statuses = BTreeMap::new();
    for answer in &answers {
        *statuses.entry(answer.status).or_insert(0_u32) += 1;
        assert!(answer.status < 500, "{answer:?}");
        // What is wrong with a task is said in words.
        assert!(answer.status != 422 || answer.text().len() > 20, "{answer:?}");
    }
    let tasks = f64::from(statuses[&200]);
    assert!(
        tasks > 500.0 && [400, 403, 404, 405, 415, 422].iter().all(|it| statuses[it] > 20),
        "{statuses:?}"
    );

    // Clients that say anything, and leave at any moment.
    for _ in 0..50 {
        let mut client = Client::connect(&it).await;
        client.say(&dice.text()).await;
        it.run("planner", 0.0).await;
    }
    it.until("connections_open", &[("listener", "websocket")], 0.0).await;

    let page = it.page().await;
    println!("{} series, {statuses:?}", page.samples.len());
    assert!(page.samples.len() < MOST_SERIES / 2, "{} series", page.samples.len());
    assert_eq!(page.sum("http_requests_total", &[("outcome", "panicked")]), 0.0);
    let methods = page.of("http_requests_total").map(|sample| sample.labels["method"].clone());
    assert!(!methods.into_iter().any(|method| method.starts_with('w')));
    assert_eq!(it.system.get(APP, "/metrics/summary").await.status, 200);
    assert_eq!(it.system.get(APP, "/metrics/categories").await.status, 200);
}
