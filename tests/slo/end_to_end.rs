//! The service breaks, somebody is woken, nobody is told twice; it is mended, and whoever was woken hears of that.
//!
//! Time goes thirty times as fast: the windows, holds and intervals of the files are a thirtieth of what was written.

use std::time::Duration;

use http::Method;
use serde_json::Value;
use tokio::time::timeout;

use crate::programs::{Alertmanager, Orders, Scratch, Stack, faster, write_files};

#[test]
fn windows_holds_intervals_and_events_are_scaled_and_nothing_else() {
    assert_eq!(faster("    interval: 5m", 30), "    interval: 10s\n");
    assert_eq!(faster("        for: 5m", 30), "        for: 10s\n");
    assert_eq!(faster("x{a=~\"[123]..\"}[1h] offset 30m", 30), "x{a=~\"[123]..\"}[120s] offset 60s\n");
    assert_eq!(faster("and x{a=\"b\"} * 3600 >= 5", 30), "and x{a=\"b\"} * 120 >= 5\n");
    assert_eq!(faster("x > (14.4 * 0.001)", 30), "x > (14.4 * 0.001)\n");
}

fn is_page(alert: &Value, status: &str) -> bool {
    let labels = &alert["labels"];
    alert["status"] == status
        && labels["alertname"] == "ErrorBudgetBurn"
        && labels["severity"] == "critical"
        && labels["slo"] == "shop-availability"
}

#[tokio::test]
#[ignore = "needs the Debian packages prometheus and prometheus-alertmanager"]
async fn a_broken_service_pages_once_and_a_mended_one_resolves() {
    let scratch = Scratch::new("end-to-end");
    write_files(&scratch);
    let rules = std::fs::read_to_string(scratch.path("rules.yml")).unwrap();
    scratch.write("rules.yml", &faster(&rules, 30));
    let mut alertmanager = Alertmanager::start(&scratch).await;
    let stack = Stack::start(&scratch, Orders::idle(), &[("127.0.0.1:9093", &alertmanager.addr)]);
    let users = stack.users();
    let total = "slo:sli_total:rate5m{slo=\"shop-availability\"}";
    stack.prometheus.becomes(total, |rate| rate > 10.0).await;
    alertmanager
        .until_told(|receiver, alert| receiver == "watchdog" && alert["labels"]["alertname"] == "Watchdog")
        .await;
    assert_eq!(stack.prometheus.query("ALERTS{alertname=\"ErrorBudgetBurn\"}").await, None, "it is well");

    assert_eq!(stack.example.send(Method::POST, "/switch/failing").await, 200);
    let mut told =
        alertmanager.until_told(|receiver, alert| receiver == "on-call" && is_page(alert, "firing")).await;
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
            let held = alertmanager.suppressed().await;
            let has = |name: &str| held.iter().any(|alert| is_held(alert, name, "warning"));
            if has("ErrorBudgetBurn") && has("HighAPIErrorRate") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let is_held_back = timeout(Duration::from_secs(30), holding).await.is_ok();
    assert!(is_held_back, "{:#?}", alertmanager.suppressed().await);

    told.extend(alertmanager.unread());
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
        alertmanager.until_told(|receiver, alert| receiver == "on-call" && is_page(alert, "resolved")).await,
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
