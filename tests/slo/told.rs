//! What the receivers of the generated configuration are sent: by the real Alertmanager, to a listener in their place.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::programs::{Alertmanager, Running, Scratch, change, free_address, receivers, run, write_files};

#[tokio::test]
#[ignore = "needs the Debian package prometheus-alertmanager"]
async fn of_two_instances_that_are_down_everybody_is_told_in_words() {
    let scratch = Scratch::new("told");
    write_files(&scratch);
    let (listener, mut hears) = receivers().await;
    let secrets = scratch.path("secrets").display().to_string();
    let key = "pagerduty-key\n";
    let with_url = format!("{key}        url: http://{listener}/pagerduty\n");
    let changes =
        [("group_wait: 30s", "group_wait: 1s"), ("/etc/alertmanager/secrets", &secrets), (key, &with_url)];
    change(&scratch, "alertmanager.yml", &changes);
    scratch.write("secrets/pagerduty-key", "key");
    scratch.write("secrets/slack-url", &format!("http://{listener}/slack"));
    scratch.write("secrets/watchdog-token", "token");

    let alertmanager = free_address();
    let _program = Running::alertmanager(&scratch, "alertmanager.yml", &alertmanager);
    let add = |instance: &str| {
        let url = format!("--alertmanager.url=http://{alertmanager}");
        let summary = format!("--annotation=summary=shop-backend {instance} is down.");
        let labels = [
            "alertname=ServiceDown",
            "severity=critical",
            "team=shop",
            "job=shop-backend",
            "env=demo",
            instance,
        ];
        run(
            "amtool",
            &[&["alert", "add", &url, &summary, "--annotation=runbook_url=http://r"], &labels[..]].concat(),
        )
    };
    let adding = async {
        while add("instance=a").is_err() || add("instance=b").is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(30), adding).await.expect("Alertmanager takes alerts");

    let (mut pagerduty, mut slack) = (Value::Null, Value::Null);
    let hearing = async {
        while pagerduty.is_null() || slack.is_null() {
            let (receiver, what) = hears.recv().await.unwrap();
            match &*receiver {
                "pagerduty" => pagerduty = what,
                "slack" => slack = what,
                other => panic!("{other} was told {what}"),
            }
        }
    };
    let are_told = timeout(Duration::from_secs(30), hearing).await.is_ok();
    assert!(are_told, "PagerDuty was told {pagerduty}, and Slack {slack}");
    let summary = pagerduty["payload"]["summary"].as_str().unwrap();
    assert!(summary.starts_with("shop-backend instance="), "{summary}");
    assert!(summary.ends_with("is down. (one of 2)"), "{summary}");
    assert_eq!(pagerduty["payload"]["severity"], json!("critical"));
    assert_eq!(pagerduty["links"][0]["href"], json!("http://r"));
    let attachment = &slack["attachments"][0];
    let (title, text) = (attachment["title"].as_str().unwrap(), attachment["text"].as_str().unwrap());
    assert!(title.starts_with("ServiceDown (critical): shop-backend instance="), "{title}");
    assert!(text.contains("instance=a is down.") && text.contains("instance=b is down."), "{text}");
}

/// That no HTTP call is answered says that each of them is old, and nothing of the calls of gRPC and of operations.
#[tokio::test]
#[ignore = "needs the Debian package prometheus-alertmanager"]
async fn a_hang_of_http_holds_back_the_warnings_about_http_and_no_others() {
    let scratch = Scratch::new("stuck");
    write_files(&scratch);
    let mut alertmanager = Alertmanager::start(&scratch).await;
    let url = format!("--alertmanager.url=http://{}", alertmanager.addr);
    let add = |severity: &str, metric: &str| {
        let of_it = [format!("severity={severity}"), format!("metric={metric}")];
        let labels =
            ["alertname=RequestsStuck", "job=shop-backend", "env=demo", "instance=a", &of_it[0], &of_it[1]];
        run("amtool", &[&["alert", "add", &*url], &labels[..]].concat())
    };
    let adding = async {
        while add("critical", "http_requests_in_flight").is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(30), adding).await.expect("Alertmanager takes alerts");
    for gauge in ["http_requests_in_flight", "grpc_server_in_flight", "db_query_in_flight"] {
        add("warning", gauge).unwrap();
    }
    let told_of = |gauge: &'static str| {
        move |_: &str, alert: &Value| {
            alert["labels"]["metric"] == gauge && alert["labels"]["severity"] == "warning"
        }
    };
    let told = alertmanager.until_told(told_of("db_query_in_flight")).await;
    if !told.iter().any(|(to, alert)| told_of("grpc_server_in_flight")(to, alert)) {
        alertmanager.until_told(told_of("grpc_server_in_flight")).await;
    }
    let held = alertmanager.suppressed().await;
    assert!(held.len() == 1 && held[0]["labels"]["metric"] == "http_requests_in_flight", "{held:#?}");
}
