//! The containers, which cannot be started where tests run: what can be said of `compose.yaml` without.

use std::{collections::BTreeSet, fs, path::Path};

use saphyr::{LoadableYamlNode, Yaml};

use crate::programs::run;

const DEPLOY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy");

/// The variables of a text, `${NAME:-value}`, and the text with the values in their places.
fn set(text: &str) -> (Vec<(String, String)>, String) {
    let mut parts = text.split("${");
    let mut plain = parts.next().unwrap().to_owned();
    let mut variables = Vec::new();
    for part in parts {
        let (variable, rest) = part.split_once('}').unwrap();
        let (name, value) =
            variable.split_once(":-").unwrap_or_else(|| panic!("{variable} has no value of its own"));
        variables.push((name.to_owned(), value.to_owned()));
        plain.push_str(value);
        plain.push_str(rest);
    }
    (variables, plain)
}

fn text() -> String {
    fs::read_to_string(format!("{DEPLOY}/compose.yaml")).unwrap()
}

/// What stands under a key, or under that of what is merged into it.
fn at<'a>(yaml: &'a Yaml<'a>, key: &str) -> Option<&'a Yaml<'a>> {
    yaml.as_mapping_get(key).or_else(|| at(yaml.as_mapping_get("<<")?, key))
}

fn list<'a>(yaml: &'a Yaml<'a>, key: &str) -> Vec<&'a str> {
    let items = at(yaml, key).and_then(Yaml::as_vec).into_iter().flatten();
    items.map(|item| item.as_str().unwrap()).collect()
}

/// Calls with the name and the content of each service.
fn for_each_service(mut judge: impl FnMut(&str, &Yaml<'_>)) {
    let (_, plain) = set(&text());
    let file = &Yaml::load_from_str(&plain).unwrap()[0];
    let services = file["services"].as_mapping().unwrap();
    assert_eq!(services.len(), 11);
    services.iter().for_each(|(name, service)| judge(name.as_str().unwrap(), service));
}

#[test]
fn every_port_is_published_on_this_machine_alone() {
    for_each_service(|name, service| {
        let ports = list(service, "ports");
        assert!(!ports.is_empty(), "{name}");
        assert!(ports.iter().all(|port| port.starts_with("127.0.0.1:")), "{name}: {ports:?}");
        assert!(at(service, "network_mode").is_none(), "{name}");
    });
}

#[test]
fn no_container_can_do_more_than_it_has_to() {
    for_each_service(|name, service| {
        assert_eq!(at(service, "read_only").and_then(Yaml::as_bool), Some(true), "{name}");
        assert_eq!(list(service, "cap_drop"), ["ALL"], "{name}");
        assert_eq!(list(service, "security_opt"), ["no-new-privileges:true"], "{name}");
        assert!(at(service, "privileged").is_none() && at(service, "cap_add").is_none(), "{name}");
        let writable = list(service, "volumes").into_iter().filter(|it| it.starts_with(['.', '/']));
        let writable: Vec<_> = writable.filter(|it| !it.contains(":ro")).collect();
        assert!(writable.is_empty(), "{name}: {writable:?}");
    });
}

#[test]
fn every_container_is_of_a_fixed_version_and_says_whether_it_is_well() {
    for_each_service(|name, service| {
        let (_, version) = at(service, "image").and_then(Yaml::as_str).unwrap().rsplit_once(':').unwrap();
        let is_fixed = version.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
        assert!(is_fixed || version == "local", "{name}: {version}");
        let health =
            at(service, "healthcheck").unwrap_or_else(|| panic!("{name} says nothing of its health"));
        assert_eq!(list(health, "test")[0], "CMD", "{name}");
    });
}

#[test]
fn every_secret_is_a_file_that_the_folder_tells_of() {
    let (_, plain) = set(&text());
    let file = &Yaml::load_from_str(&plain).unwrap()[0];
    let readme = fs::read_to_string(format!("{DEPLOY}/secrets/README.md")).unwrap();
    let mut there = BTreeSet::new();
    for (name, secret) in file["secrets"].as_mapping().unwrap() {
        let name = name.as_str().unwrap();
        assert_eq!(at(secret, "file").and_then(Yaml::as_str), Some(&*format!("./secrets/{name}")));
        assert!(readme.contains(&format!("`{name}`")), "{name}");
        let is_made = name.ends_with(".crt") || name.ends_with(".key");
        assert!(is_made || Path::new(&format!("{DEPLOY}/secrets/{name}.example")).exists(), "{name}");
        there.insert(name.to_owned());
    }
    let mut used = BTreeSet::new();
    for_each_service(|_, service| used.extend(list(service, "secrets").into_iter().map(str::to_owned)));
    assert_eq!(used, there);
    // What configurations read as a secret is among those of the container that reads them.
    for (service, files) in [
        ("prometheus", &["prometheus/prometheus.yml", "web/web-config.yml"][..]),
        ("alertmanager", &["alertmanager/alertmanager.yml", "web/web-config.yml"]),
        ("node-exporter", &["web/web-config.yml"]),
        ("grafana", &["grafana/provisioning/datasources/datasources.yml"]),
    ] {
        let has = list(&file["services"][service], "secrets");
        for text in files.iter().map(|file| fs::read_to_string(format!("{DEPLOY}/{file}")).unwrap()) {
            for secret in text.split("/run/secrets/").skip(1) {
                let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
                let secret = secret.split(|c| !is_name(c)).next().unwrap();
                assert!(has.contains(&secret), "{service} reads {secret}, and has {has:?}");
            }
        }
    }
}

#[test]
fn every_file_that_is_mounted_is_there() {
    for_each_service(|name, service| {
        for volume in list(service, "volumes").into_iter().filter(|it| it.starts_with('.')) {
            let (from, _) = volume.split_once(':').unwrap();
            assert!(Path::new(DEPLOY).join(from).exists(), "{name}: {from}");
        }
    });
}

#[test]
fn the_example_of_settings_has_every_setting_and_its_value() {
    let mut used = BTreeSet::new();
    for (name, value) in set(&text()).0 {
        used.insert(format!("{name}={value}"));
    }
    let example = fs::read_to_string(format!("{DEPLOY}/.env.example")).unwrap();
    let said = example.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    assert_eq!(said.map(str::to_owned).collect::<BTreeSet<_>>(), used);
}

/// Each job is found at the name of a container, at a port that is its program's.
#[test]
fn every_target_is_a_container() {
    let mut names = BTreeSet::new();
    for_each_service(|name, _| names.extend([name.to_owned()]));
    let mut targets = BTreeSet::new();
    for file in fs::read_dir(format!("{DEPLOY}/prometheus/targets")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let address = text.split('"').nth(1).unwrap();
        let (host, port) = address.rsplit_once(':').unwrap();
        assert!(names.contains(host), "{host}");
        assert!(port.parse::<u16>().is_ok(), "{port}");
        targets.insert(host.to_owned());
    }
    assert_eq!(targets, names);
}

#[test]
fn prometheus_keeps_what_a_period_and_its_rules_need() {
    for file in ["compose.yaml", "start", "prometheus/prometheus.yml"] {
        let text = fs::read_to_string(format!("{DEPLOY}/{file}")).unwrap();
        assert!(text.contains("--storage.tsdb.retention.time=40d"), "{file}");
    }
}

#[test]
#[ignore = "needs the Debian package docker-compose"]
fn compose_reads_the_file() {
    let example = format!("{DEPLOY}/.env.example");
    let file = format!("{DEPLOY}/compose.yaml");
    let said = run("docker-compose", &["--env-file", &example, "--file", &file, "config"]).unwrap();
    assert!(said.contains("victoriametrics/victoria-metrics:v"), "{said}");
    assert!(!said.contains("variable is not set"), "{said}");
}
