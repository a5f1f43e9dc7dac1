//! All that follows from a promise, as files: the rules, what Prometheus and Alertmanager are configured with, what whoever
//! is woken reads, and what they see in Grafana.
//!
//! ```text
//! cargo run --example slo -- --out DIR
//! ```
//!
//! The promises are those of `examples/axum.rs` and `examples/tonic`. Nothing in the files is typed a second time: change
//! `promise.rs`, and write them again.

mod alertmanager;
#[path = "../tonic/promise.rs"]
mod orders;
mod prometheus;
mod promise;
mod runbooks;

use std::{env, error::Error, fs, path::PathBuf};

use tower_metrics::{
    dashboard::Dashboards,
    metrics::Unit,
    names::Metric,
    rules::{Alert, Rules},
    sla::Sla,
};

fn main() -> Result<(), Box<dyn Error>> {
    let out = out()?;
    // A house with several services writes one set of files for all.
    let promises = [promise::promise(), orders::promise()];
    let rules = rules(&promises);
    let files = [
        ("rules.yml", rules.to_yaml()),
        ("prometheus.yml", prometheus::config(&promises)),
        ("alertmanager.yml", alertmanager::config(&promises, &rules, "/etc/alertmanager/secrets")),
        ("docs/runbooks.md", runbooks::page(WRITTEN, &promises, &rules)),
    ];
    let files = files.into_iter().map(|(name, text)| (name.to_owned(), text));
    for (name, text) in files.chain(dashboards(&rules)) {
        let path = out.join(name);
        let folder = path.parent().expect("every file is in one");
        fs::create_dir_all(folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        fs::write(&path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        println!("{}", path.display());
    }
    Ok(())
}

/// Where the runbooks come from.
const WRITTEN: &str = "Written by `cargo run --example slo -- --out DIR` from the promises in `examples/slo/promise.rs` and \
                       `examples/tonic/promise.rs`.";

/// A metric of the service's own, which `examples/axum.rs` counts.
const USERS_READ: Metric =
    Metric::counter("users_read_total", Unit::Count, &["plan"], "Users read, by plan.");

/// One file for each dashboard, and what dashboard-linter has to know about them.
fn dashboards(rules: &Rules) -> Vec<(String, String)> {
    let dashboards = Dashboards::of(rules).board("Users", [USERS_READ]);
    let files = dashboards.all().into_iter();
    let files = files.map(|it| (format!("dashboards/{}.json", it.uid()), it.to_json()));
    files.chain([("dashboards/.lint".into(), dashboards.to_lint())]).collect()
}

/// The rules that follow, with links for whoever is woken.
fn rules(promises: &[Sla]) -> Rules {
    Rules::new(promises)
        .with(Alert::TrafficAbsent)
        .with(Alert::Anomaly)
        .runbook_url("https://wiki.example.com/tower-metrics/runbooks")
        .grafana_url("https://grafana.example.com")
}

fn out() -> Result<PathBuf, String> {
    let args: Vec<_> = env::args().skip(1).collect();
    match &*args {
        [flag, dir] if flag == "--out" => Ok(dir.into()),
        _ => Err("say where to write: cargo run --example slo -- --out DIR".into()),
    }
}
