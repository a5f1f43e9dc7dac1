//! The files of `deploy/` that a program writes: that they are of today, and what the programs say that read them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::Value;

use crate::programs::{Scratch, change, example, run};

const DEPLOY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy");

/// What the program writes, by path; folders that it fills alone are read wholly.
fn files(root: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for folder in ["prometheus", "prometheus/targets", "alertmanager", "grafana/dashboards"]
        .into_iter()
        .chain(["grafana/provisioning/datasources", "grafana/provisioning/dashboards"])
    {
        for entry in fs::read_dir(root.join(folder)).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_file() {
                let name = format!("{folder}/{}", entry.file_name().to_str().unwrap());
                files.insert(name, fs::read_to_string(entry.path()).unwrap());
            }
        }
    }
    files.insert("runbooks.md".into(), fs::read_to_string(root.join("runbooks.md")).unwrap());
    files
}

pub(crate) fn write_house(scratch: &Scratch) {
    run(example("deploy").to_str().unwrap(), &["--out", scratch.path("").to_str().unwrap()]).unwrap();
}

/// The files, and certificates, where programs without containers read them.
pub(crate) fn write_house_with_secrets(scratch: &Scratch) {
    write_house(scratch);
    let secrets = scratch.path("secrets").display().to_string();
    run(&format!("{DEPLOY}/certificates"), &[&secrets]).unwrap();
    for secret in ["pagerduty-key", "slack-url", "watchdog-token"] {
        let example = fs::read_to_string(format!("{DEPLOY}/secrets/{secret}.example")).unwrap();
        scratch.write(&format!("secrets/{secret}"), &example);
    }
    for file in ["prometheus/prometheus.yml", "alertmanager/alertmanager.yml"] {
        change(scratch, file, &[("/run/secrets", &secrets)]);
    }
}

#[test]
fn deploy_holds_what_the_program_writes() {
    let scratch = Scratch::new("deploy");
    write_house(&scratch);
    let (written, stored) = (files(&scratch.path("")), files(Path::new(DEPLOY)));
    let names: BTreeSet<_> = written.keys().chain(stored.keys()).collect();
    let other: Vec<_> = names.into_iter().filter(|name| written.get(*name) != stored.get(*name)).collect();
    assert!(
        other.is_empty(),
        "{other:?} of deploy/ are of other promises: `cargo run --example deploy -- --out deploy` writes them again"
    );
}

#[test]
fn the_program_says_what_it_wants() {
    for args in [&[][..], &["--out"], &["--in", "deploy"], &["--out", "deploy", "more"]] {
        let said = run(example("deploy").to_str().unwrap(), args).unwrap_err();
        assert!(said.contains("cargo run --example deploy -- --out deploy"), "{args:?}: {said}");
    }
}

/// The annotations and labels of a rules file are a line each, as [`tower_metrics::rules::Rules::to_yaml`] writes them.
#[test]
fn every_alert_has_a_runbook_and_a_team_that_is_told() {
    let scratch = Scratch::new("runbooks-of-the-house");
    write_house(&scratch);
    let read = |file: &str| fs::read_to_string(scratch.path(file)).unwrap();
    let (rules, runbooks, routes) =
        (read("prometheus/rules.yml"), read("runbooks.md"), read("alertmanager/alertmanager.yml"));
    let sections: BTreeSet<_> = runbooks.lines().filter_map(|it| it.strip_prefix("## ")).collect();
    let mut alerts = 0;
    for rule in rules.split("\n      - ").filter_map(|rule| rule.strip_prefix("alert: ")) {
        let name = rule.lines().next().unwrap();
        let value = |key: &str| rule.lines().find_map(|line| line.trim_start().strip_prefix(key));
        assert!(sections.contains(name), "{name} has no section in the runbooks");
        let link = value("runbook_url: ").unwrap().trim_matches('"');
        assert!(link.ends_with(&format!("#{}", name.to_lowercase())), "{name}: {link}");
        for key in ["summary: ", "description: "] {
            assert!(value(key).is_some_and(|text| text.len() > 20), "{name} has no {key}");
        }
        if ["critical", "warning"].contains(&value("severity: ").unwrap()) {
            let team = value("team: ").unwrap_or_else(|| panic!("nobody is told of {name}"));
            assert!(routes.contains(&format!("channel: '#{team}-team'")), "{name}: {team}");
        }
        alerts += 1;
    }
    assert!(alerts > 60, "{alerts}");
}

#[test]
fn every_query_of_every_dashboard_is_promql() {
    let mut queries = 0;
    for (file, json) in files(Path::new(DEPLOY)) {
        let Some(file) = file.strip_prefix("grafana/dashboards/") else { continue };
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(file, format!("{}.json", json["uid"].as_str().unwrap()));
        let panels = json["panels"].as_array().unwrap().iter();
        let panels = panels
            .flat_map(|panel| [panel].into_iter().chain(panel["panels"].as_array().into_iter().flatten()));
        let targets = panels.flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
        let marks = json["annotations"]["list"].as_array().unwrap().iter();
        for expr in targets.chain(marks).map(|asked| asked["expr"].as_str().unwrap()) {
            let chosen = expr.replace("$__rate_interval", "1m").replace("$__interval", "1m");
            promql_parser::parser::parse(&chosen).unwrap_or_else(|error| panic!("{file}: {error}: {expr}"));
            queries += 1;
        }
    }
    assert!(queries > 100, "{queries}");
}

/// The keys that Grafana's own samples of provisioning know, and no secret beside those in files.
#[test]
fn grafana_is_provisioned_with_what_it_knows() {
    const KNOWN: [&str; 24] = [
        "apiVersion",
        "datasources",
        "name",
        "uid",
        "type",
        "access",
        "url",
        "isDefault",
        "editable",
        "jsonData",
        "httpMethod",
        "timeInterval",
        "tlsAuthWithCACert",
        "secureJsonData",
        "tlsCACert",
        "providers",
        "disableDeletion",
        "allowUiUpdates",
        "updateIntervalSeconds",
        "options",
        "path",
        "orgId",
        "folder",
        "basicAuth",
    ];
    let files = files(Path::new(DEPLOY));
    let files: Vec<_> = files.iter().filter(|(name, _)| name.starts_with("grafana/provisioning/")).collect();
    assert_eq!(files.len(), 2);
    for (name, yaml) in files {
        let lines = yaml
            .lines()
            .map(|line| line.trim_start_matches([' ', '-']))
            .filter(|line| !line.starts_with('#'));
        for (key, value) in lines.map(|line| line.split_once(':').unwrap()) {
            assert!(KNOWN.contains(&key), "{name}: {key}");
            assert!(key != "tlsCACert" || value.trim() == "$__file{/run/secrets/ca.crt}", "{name}: {value}");
        }
        assert_eq!(yaml.matches("isDefault: true").count(), usize::from(name.contains("datasources")));
    }
}

#[test]
#[ignore = "needs the Debian packages prometheus, prometheus-alertmanager and victoria-metrics"]
fn the_programs_agree_with_the_files() {
    let scratch = Scratch::new("house-agrees");
    write_house_with_secrets(&scratch);
    let path = |file: &str| scratch.path(file).to_str().unwrap().to_owned();
    run("promtool", &["check", "config", &path("prometheus/prometheus.yml")]).unwrap();
    run("promtool", &["check", "rules", "--lint=all", "--lint-fatal", &path("prometheus/rules.yml")])
        .unwrap();
    run("vmalert", &["-dryRun", &format!("-rule={}", path("prometheus/rules.yml"))]).unwrap();
    run("amtool", &["check-config", &path("alertmanager/alertmanager.yml")]).unwrap();
    let web = fs::read_to_string(format!("{DEPLOY}/web/web-config.yml")).unwrap();
    let web = scratch.write("web-config.yml", &web.replace("/run/secrets", &path("secrets")));
    run("promtool", &["check", "web-config", web.to_str().unwrap()]).unwrap();
}

#[test]
#[ignore = "needs the Debian package prometheus-alertmanager"]
fn alerts_of_every_team_and_severity_go_to_whom_they_concern() {
    let config = format!("--config.file={DEPLOY}/alertmanager/alertmanager.yml");
    let goes_to = |receivers: &str, labels: &[&str]| {
        let verify = format!("--verify.receivers={receivers}");
        let args = [&["config", "routes", "test", &config, &verify], labels].concat();
        run("amtool", &args).unwrap_or_else(|said| panic!("{labels:?}: {said}"));
    };
    for team in ["agents", "api", "ml", "ops"] {
        let label = format!("team={team}");
        goes_to(&format!("on-call,team-{team}"), &["severity=critical", &label]);
        goes_to(&format!("team-{team}"), &["severity=warning", &label]);
        goes_to("nobody", &["severity=info", &label]);
    }
    goes_to("on-call,everybody", &["severity=critical", "team=nobody-knows"]);
    goes_to("on-call,everybody", &["severity=critical"]);
    goes_to("everybody", &["severity=warning"]);
    goes_to("watchdog", &["alertname=Watchdog", "severity=none"]);
}

#[test]
#[ignore = "needs the Debian package shellcheck"]
fn shellcheck_has_nothing_to_say_of_the_scripts() {
    run("shellcheck", &[&format!("{DEPLOY}/start"), &format!("{DEPLOY}/certificates")]).unwrap();
}

#[test]
fn no_secret_is_in_the_repository() {
    let listing = ["-C", DEPLOY, "ls-files", "--others", "--cached", "--exclude-standard", "secrets"];
    let listed = run("git", &listing).unwrap();
    let is_public = |name: &str| name.ends_with(".example") || name == "secrets/README.md";
    assert!(!listed.is_empty() && listed.lines().all(is_public), "{listed}");
}
