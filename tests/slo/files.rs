//! The files themselves.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;
use tower_metrics::{rules::Rules, sla::Sla};

use crate::{
    alertmanager,
    programs::{Scratch, run, write_files},
    prometheus,
};

const FILES: [&str; 4] = ["rules.yml", "prometheus.yml", "alertmanager.yml", "docs/runbooks.md"];

fn written(scratch: &Scratch) -> Vec<String> {
    write_files(scratch);
    FILES.map(|file| fs::read_to_string(scratch.path(file)).unwrap()).into()
}

/// The files of the dashboards, of which there are five.
fn dashboards(scratch: &Scratch) -> Vec<PathBuf> {
    let folder = fs::read_dir(scratch.path("dashboards")).unwrap();
    let mut files: Vec<_> = folder.map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|it| it == "json"));
    files.sort();
    assert_eq!(files.len(), 5);
    files
}

#[test]
fn the_same_promise_writes_the_same_bytes() {
    let (once, again) = (Scratch::new("once"), Scratch::new("again"));
    assert_eq!(written(&once), written(&again));
    let bytes = |scratch: &Scratch| -> Vec<_> {
        dashboards(scratch).iter().map(|file| fs::read(file).unwrap()).collect()
    };
    assert_eq!(bytes(&once), bytes(&again));
}

#[test]
fn the_runbooks_of_the_repository_are_those_of_the_promise() {
    let scratch = Scratch::new("runbooks");
    let page = written(&scratch).pop().unwrap();
    let stored = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/runbooks.md")).unwrap();
    assert!(
        page == stored,
        "docs/runbooks.md is of another promise: CONTRIBUTING tells how to write it again"
    );
}

#[test]
fn the_page_on_dashboards_has_a_picture_of_each_and_names_every_panel() {
    let scratch = Scratch::new("screens");
    write_files(&scratch);
    let docs = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/docs"));
    let page = fs::read_to_string(docs.join("dashboards.md")).unwrap();
    for file in dashboards(&scratch) {
        let json: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let picture = format!("dashboards/{}.png", json["uid"].as_str().unwrap());
        assert!(docs.join(&picture).exists() && page.contains(&format!("]({picture})")), "{picture}");
        let title = format!("\n## {}\n", json["title"].as_str().unwrap());
        let section = page.split_once(&title).unwrap_or_else(|| panic!("no section{title}")).1;
        let section = section.split("\n## ").next().unwrap();

        let mut rows: Vec<(String, Vec<&str>)> = Vec::new();
        for panel in json["panels"].as_array().unwrap() {
            let title = panel["title"].as_str().unwrap();
            if panel["type"] != "row" {
                rows.last_mut().unwrap().1.push(title);
                continue;
            }
            let inner = panel["panels"].as_array().unwrap().iter();
            let row = if title.starts_with("SLO ") { "one for each objective, `SLO …`" } else { title };
            rows.push((row.into(), inner.map(|panel| panel["title"].as_str().unwrap()).collect()));
        }
        for (row, panels) in rows {
            let line = format!("| {row} | {} |", panels.join(", "));
            assert!(section.contains(&line), "{title}{line}");
        }
    }
}

#[test]
fn every_alert_links_to_a_section_of_the_runbooks() {
    let scratch = Scratch::new("links");
    let files = written(&scratch);
    let (rules, runbooks) = (&files[0], &files[3]);
    let sections: BTreeSet<_> =
        runbooks.lines().filter_map(|line| line.strip_prefix("## ")).map(str::to_lowercase).collect();
    let links: Vec<_> = rules.lines().filter_map(|line| Some(line.split_once("runbook_url: ")?.1)).collect();
    let alerts = rules.lines().filter(|line| line.trim_start().starts_with("- alert: ")).count();
    assert_eq!(links.len(), alerts);
    assert_eq!(rules.lines().filter(|line| line.contains("dashboard_url: ")).count(), alerts);
    for link in links {
        let fragment = link.trim_matches('"').split_once('#').unwrap().1;
        assert!(sections.contains(fragment), "{link}");
    }
    assert_eq!(sections.len(), 16, "{sections:?}");
}

#[test]
#[ignore = "needs the Debian packages prometheus and prometheus-alertmanager"]
fn promtool_and_amtool_agree_with_them() {
    let scratch = Scratch::new("agree");
    written(&scratch);
    let path = |file: &str| scratch.path(file).to_str().unwrap().to_owned();
    run("promtool", &["check", "config", &path("prometheus.yml")]).unwrap();
    run("amtool", &["check-config", &path("alertmanager.yml")]).unwrap();
    run("vmalert", &["-dryRun", &format!("-rule={}", path("rules.yml"))]).unwrap();

    // What needs a word from this machine's owner is in files, never in the configuration.
    let alertmanager = fs::read_to_string(path("alertmanager.yml")).unwrap();
    for secret in ["routing_key:", "api_url:", "credentials:", "password:"] {
        assert!(!alertmanager.contains(secret), "{secret}");
    }
}

#[test]
#[ignore = "needs the Debian packages prometheus, prometheus-alertmanager and victoria-metrics"]
fn they_agree_with_the_files_of_three_and_of_ten_services() {
    for count in [1, 3, 10] {
        let promises: Vec<_> = (0..count)
            .map(|n| {
                let sla = Sla::new(format!("service-{n}")).selector(format!("tier_{}", n % 3), "\"one\"");
                let sla = sla.alert_label("team", format!("team-{}", n % 4));
                sla.availability(0.999).latency(0.99, Duration::from_millis(20 * n + 1))
            })
            .collect();
        let scratch = Scratch::new("services");
        let rules = Rules::new(&promises);
        let rules_file = scratch.write("rules.yml", &rules.to_yaml());
        let prometheus = scratch.write("prometheus.yml", &prometheus::config(&promises));
        let alertmanager =
            scratch.write("alertmanager.yml", &alertmanager::config(&promises, &rules, "secrets"));
        run("promtool", &["check", "config", prometheus.to_str().unwrap()]).unwrap();
        run("vmalert", &["-dryRun", &format!("-rule={}", rules_file.display())]).unwrap();
        run("amtool", &["check-config", alertmanager.to_str().unwrap()]).unwrap();
        let config = format!("--config.file={}", alertmanager.display());
        let routes = ["config", "routes", "test", &config, "--verify.receivers=on-call,team-team-0"];
        run("amtool", &[&routes[..], &["severity=critical", "team=team-0"]].concat()).unwrap();
    }
}

#[test]
#[ignore = "needs the Debian package prometheus-alertmanager"]
fn alerts_go_to_whom_they_concern() {
    let scratch = Scratch::new("routes");
    written(&scratch);
    let config = format!("--config.file={}", scratch.path("alertmanager.yml").display());
    let goes_to = |receivers: &str, labels: &[&str]| {
        let verify = format!("--verify.receivers={receivers}");
        run("amtool", &[&["config", "routes", "test", &config, &verify], labels].concat())
    };
    goes_to("on-call,team-shop", &["alertname=ErrorBudgetBurn", "severity=critical", "team=shop"]).unwrap();
    goes_to("on-call,everybody", &["alertname=ServiceDown", "severity=critical"]).unwrap();
    goes_to("team-shop", &["alertname=HighAPIErrorRate", "severity=warning", "team=shop"]).unwrap();
    goes_to("nobody", &["alertname=Anomaly", "severity=info", "team=shop"]).unwrap();
    goes_to("everybody", &["alertname=SloDataMissing", "severity=warning"]).unwrap();
    goes_to("watchdog", &["alertname=Watchdog", "severity=none"]).unwrap();
    assert!(goes_to("on-call", &["alertname=Anomaly", "severity=info", "team=shop"]).is_err());
}
