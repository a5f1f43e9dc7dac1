//! All that follows from a promise, as files: the rules, what Prometheus and Alertmanager are configured with, and what
//! whoever is woken reads.
//!
//! ```text
//! cargo run --example slo -- --out DIR
//! ```
//!
//! The promise is that of `examples/axum.rs`. Nothing in the files is typed a second time: change `promise.rs`, and write
//! them again.

mod alertmanager;
mod prometheus;
mod promise;
mod runbooks;

use std::{env, error::Error, fs, path::PathBuf};

use tower_metrics::{
    rules::{Alert, Rules},
    sla::Sla,
};

fn main() -> Result<(), Box<dyn Error>> {
    let out = out()?;
    // A house with several services writes one set of files for all.
    let promises = [promise::promise()];
    let rules = rules(&promises);
    let files = [
        ("rules.yml", rules.to_yaml()),
        ("prometheus.yml", prometheus::config(&promises)),
        ("alertmanager.yml", alertmanager::config(&promises, &rules)),
        ("docs/runbooks.md", runbooks::page(&promises, &rules)),
    ];
    fs::create_dir_all(out.join("docs"))
        .map_err(|error| format!("cannot make {}: {error}", out.display()))?;
    for (name, text) in files {
        let path = out.join(name);
        fs::write(&path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        println!("{}", path.display());
    }
    Ok(())
}

/// The rules that follow, with links for whoever is woken.
fn rules(promises: &[Sla]) -> Rules {
    Rules::new(promises)
        .with(Alert::TrafficAbsent)
        .with(Alert::Anomaly)
        .runbook_url("https://wiki.example.com/tower-metrics/runbooks")
        .dashboard_url("https://grafana.example.com/d/slo?var-job={{ $labels.job }}")
}

fn out() -> Result<PathBuf, String> {
    let args: Vec<_> = env::args().skip(1).collect();
    match &*args {
        [flag, dir] if flag == "--out" => Ok(dir.into()),
        _ => Err("say where to write: cargo run --example slo -- --out DIR".into()),
    }
}
