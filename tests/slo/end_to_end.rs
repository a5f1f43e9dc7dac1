//! The service breaks, somebody is woken, nobody is told twice; it is mended, and whoever was woken hears of that.
//!
//! Time goes thirty times as fast: the windows, holds and intervals of the files are a thirtieth of what was written.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::post,
};
use http::Method;
use serde_json::Value;
use tokio::{net::TcpListener, sync::mpsc, time::timeout};

use crate::programs::{Orders, Running, Scratch, Stack, body, change, client, free_address, write_files};

const SPEED: u64 = 30;

/// The same rules, so many times as fast.
fn faster(rules: &str) -> String {
    let mut faster = Vec::new();
    for line in rules.lines() {
        let mut line = line.to_owned();
        for key in ["interval: ", "for: "] {
            if let Some((before, duration)) =
                line.split_once(key).filter(|(before, _)| before.trim_start().is_empty())
            {
                line = format!("{before}{key}{}s", seconds(duration) / SPEED);
            }
        }
        line = scaled(&line, "[", "]");
        line = scaled(&line, " offset ", "");
        faster.push(in_events(&line));
    }
    faster.join("\n") + "\n"
}

fn seconds(duration: &str) -> u64 {
    let (number, unit) = duration.split_at(duration.len() - 1);
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        other => panic!("{other} is no unit of {duration}"),
    };
    number.parse::<u64>().unwrap() * unit
}

/// Scales each duration between these.
fn scaled(line: &str, before: &str, after: &str) -> String {
    let mut parts = line.split(before);
    let mut scaled = parts.next().unwrap().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(part.len());
        let (duration, rest) = part.split_at(end);
        let is_duration = duration.len() > 1
            && duration.ends_with(['s', 'm', 'h', 'd'])
            && duration[..duration.len() - 1].parse::<u64>().is_ok()
            && rest.starts_with(after);
        scaled.push_str(before);
        match is_duration {
            true => scaled.push_str(&format!("{}s", seconds(duration) / SPEED)),
            false => scaled.push_str(duration),
        }
        scaled.push_str(rest);
    }
    scaled
}

/// Events are a rate times seconds.
fn in_events(line: &str) -> String {
    let Some((before, after)) = line.rsplit_once(" * ") else { return line.into() };
    match after.split_once(" >= ").map(|(seconds, least)| (seconds.parse::<u64>(), least)) {
        Some((Ok(seconds), least)) => format!("{before} * {} >= {least}", seconds / SPEED),
        _ => line.into(),
    }
}

#[test]
fn windows_holds_intervals_and_events_are_scaled_and_nothing_else() {
    assert_eq!(faster("    interval: 5m"), "    interval: 10s\n");
    assert_eq!(faster("        for: 5m"), "        for: 10s\n");
    assert_eq!(faster("x{a=~\"[123]..\"}[1h] offset 30m"), "x{a=~\"[123]..\"}[120s] offset 60s\n");
    assert_eq!(faster("and x{a=\"b\"} * 3600 >= 5"), "and x{a=\"b\"} * 120 >= 5\n");
    assert_eq!(faster("x > (14.4 * 0.001)"), "x > (14.4 * 0.001)\n");
}

/// Who is told: each notification with the receiver's name.
pub(crate) async fn receivers() -> (String, mpsc::UnboundedReceiver<(String, Value)>) {
    let (told, hears) = mpsc::unbounded_channel();
    let tell = async |State(told): State<mpsc::UnboundedSender<_>>,
                      Path(receiver): Path<String>,
                      Json(what): Json<Value>| {
        told.send((receiver, what)).unwrap();
    };
    let app = Router::new().route("/{receiver}", post(tell)).with_state(told);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (addr, hears)
}

/// The same routes and inhibitions, with receivers that the test hears.
fn with_webhooks(scratch: &Scratch, addr: &str) {
    let text = std::fs::read_to_string(scratch.path("alertmanager.yml")).unwrap();
    let (routes, receivers) = text.split_once("receivers:\n").unwrap();
    let names = receivers.lines().filter_map(|line| line.strip_prefix("  - name: "));
    let hooks = names.map(|name| {
        format!(
            "  - name: {name}\n    webhook_configs: [{{url: 'http://{addr}/{name}', send_resolved: true}}]\n"
        )
    });
    scratch.write("alertmanager.yml", &format!("{routes}receivers:\n{}", hooks.collect::<String>()));
    let waits = [
        ("group_wait: 30s", "group_wait: 1s"),
        ("group_interval: 5m", "group_interval: 2s"),
        ("group_interval: 30s", "group_interval: 2s"),
    ];
    change(scratch, "alertmanager.yml", &waits);
}

/// Waits until a receiver is told of an alert, and returns all that was told until then.
async fn until_told(
    hears: &mut mpsc::UnboundedReceiver<(String, Value)>,
    is_it: impl Fn(&str, &Value) -> bool,
) -> Vec<(String, Value)> {
    let mut told = Vec::new();
    let waiting = async {
        loop {
            let (receiver, what) = hears.recv().await.unwrap();
            let mut is_found = false;
            for alert in what["alerts"].as_array().unwrap() {
                is_found |= is_it(&receiver, alert);
                told.push((receiver.clone(), alert.clone()));
            }
            if is_found {
                return;
            }
        }
    };
    let is_told = timeout(Duration::from_secs(150), waiting).await.is_ok();
    assert!(is_told, "{told:#?}");
    told
}

fn is_page(alert: &Value, status: &str) -> bool {
    let labels = &alert["labels"];
    alert["status"] == status
        && labels["alertname"] == "ErrorBudgetBurn"
        && labels["severity"] == "critical"
        && labels["slo"] == "shop-availability"
}

/// The alerts that Alertmanager holds back.
async fn suppressed(alertmanager: &str) -> Vec<Value> {
    let uri = format!("http://{alertmanager}/api/v2/alerts?active=false&inhibited=true&silenced=false");
    let answer = body(&client(), &uri).await.unwrap();
    serde_json::from_slice::<Vec<Value>>(&answer).unwrap()
}

#[tokio::test]
#[ignore = "needs the Debian packages prometheus and prometheus-alertmanager"]
async fn a_broken_service_pages_once_and_a_mended_one_resolves() {
    let scratch = Scratch::new("end-to-end");
    write_files(&scratch);
    let rules = std::fs::read_to_string(scratch.path("rules.yml")).unwrap();
    scratch.write("rules.yml", &faster(&rules));
    let (webhooks, mut hears) = receivers().await;
    with_webhooks(&scratch, &webhooks);

    let alertmanager = free_address();
    let _alertmanager = Running::start(
        "prometheus-alertmanager",
        &[
            format!("--config.file={}", scratch.path("alertmanager.yml").display()),
            format!("--storage.path={}", scratch.path("am").display()),
            format!("--web.listen-address={alertmanager}"),
            "--cluster.listen-address=".into(),
        ],
    );
    let stack = Stack::start(&scratch, Orders::idle(), &[("127.0.0.1:9093", &alertmanager)]);
    let users = stack.users();
    let total = "slo:sli_total:rate5m{slo=\"shop-availability\"}";
    stack.prometheus.becomes(total, |rate| rate > 10.0).await;
    until_told(&mut hears, |receiver, alert| {
        receiver == "watchdog" && alert["labels"]["alertname"] == "Watchdog"
    })
    .await;
    assert_eq!(stack.prometheus.query("ALERTS{alertname=\"ErrorBudgetBurn\"}").await, None, "it is well");

    assert_eq!(stack.example.send(Method::POST, "/switch/failing").await, 200);
    let mut told =
        until_told(&mut hears, |receiver, alert| receiver == "on-call" && is_page(alert, "firing")).await;
    let page = told.iter().map(|(_, alert)| alert).find(|alert| is_page(alert, "firing")).unwrap();
    let annotations = &page["annotations"];
    let summary = annotations["summary"].as_str().unwrap();
    assert!(
        summary.starts_with("shop-backend burns the error budget of shop-availability too fast: "),
        "{summary}"
    );
    assert!(summary.ends_with("% of the calls are bad."), "{summary}");
    assert_eq!(annotations["runbook_url"], "https://wiki.example.com/tower-metrics/runbooks#errorbudgetburn");
    assert_eq!(annotations["dashboard_url"], "https://grafana.example.com/d/tower-metrics-shop-http");

    // The ticket and the ratio fire, and are held back.
    let firing =
        |alert: &str, more: &str| format!("ALERTS{{alertname=\"{alert}\",alertstate=\"firing\"{more}}}");
    let ticket = firing("ErrorBudgetBurn", ",severity=\"warning\",slo=\"shop-availability\"");
    stack.prometheus.becomes(&ticket, |n| n == 1.0).await;
    stack.prometheus.becomes(&firing("HighAPIErrorRate", ""), |n| n == 1.0).await;
    let is_held = |alert: &Value, name: &str, severity: &str| {
        alert["labels"]["alertname"] == name
            && alert["labels"]["severity"] == severity
            && alert["status"]["state"] == "suppressed"
    };
    let holding = async {
        loop {
            let held = suppressed(&alertmanager).await;
            let has = |name: &str| held.iter().any(|alert| is_held(alert, name, "warning"));
            if has("ErrorBudgetBurn") && has("HighAPIErrorRate") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let is_held_back = timeout(Duration::from_secs(30), holding).await.is_ok();
    assert!(is_held_back, "{:#?}", suppressed(&alertmanager).await);

    while let Ok((receiver, what)) = hears.try_recv() {
        told.extend(what["alerts"].as_array().unwrap().iter().map(|alert| (receiver.clone(), alert.clone())));
    }
    let is_ticket = |(receiver, alert): &&(String, Value)| {
        let labels = &alert["labels"];
        receiver == "team-shop" && labels["slo"] == "shop-availability" && labels["severity"] == "warning"
    };
    assert_eq!(
        told.iter().filter(is_ticket).count(),
        0,
        "while the page is there, the ticket is told to nobody"
    );

    assert_eq!(stack.example.send(Method::POST, "/switch/well").await, 200);
    told.extend(
        until_told(&mut hears, |receiver, alert| receiver == "on-call" && is_page(alert, "resolved")).await,
    );
    users.abort();

    let names = |receiver: &str| {
        let mut names: Vec<_> = told
            .iter()
            .filter(|(told, _)| told == receiver)
            .map(|(_, alert)| format!("{} {}", alert["labels"]["alertname"], alert["labels"]["severity"]))
            .collect();
        names.sort();
        names.dedup();
        names
    };
    assert!(
        names("on-call").iter().all(|name| name == "\"ErrorBudgetBurn\" \"critical\""),
        "{:?}",
        names("on-call")
    );
    assert!(
        names("team-shop").contains(&"\"ErrorBudgetBurn\" \"critical\"".into()),
        "{:?}",
        names("team-shop")
    );
}
