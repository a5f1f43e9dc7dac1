//! All that watches the house, as files: for Prometheus, Alertmanager and Grafana, from what the four systems promise.
//!
//! ```text
//! cargo run --example deploy -- --out deploy
//! ```
//!
//! Nothing in these files is changed by hand: change `promise.rs` of a system, or `house.rs` for what is nobody's own, and
//! write them again.

#[path = "../slo/alertmanager.rs"]
mod alertmanager;
#[path = "../execution/promise.rs"]
mod execution;
mod grafana;
mod house;
#[path = "../new_service/promise.rs"]
mod new_service;
#[path = "../orchestrator/promise.rs"]
mod orchestrator;
#[path = "../platform/promise.rs"]
mod platform;
mod prometheus;
#[path = "../slo/runbooks.rs"]
mod runbooks;

use std::{env, error::Error, fs, path::PathBuf};

use tower_metrics::{dashboard::Dashboards, rules::Rules, sla::Sla};

/// Where the files come from.
const HEAD: &str = "# Written by `cargo run --example deploy -- --out deploy`. Change `examples/deploy`, and run it again.\n";

fn main() -> Result<(), Box<dyn Error>> {
    let out = out()?;
    let promises: Vec<_> =
        [platform::promises(), orchestrator::promises(), execution::promises(), new_service::promises()]
            .concat();
    let rules = rules(&promises);
    for (name, text) in files(&promises, &rules) {
        let path = out.join(name);
        let folder = path.parent().expect("every file is in one");
        fs::create_dir_all(folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        fs::write(&path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        println!("{}", path.display());
    }
    Ok(())
}

/// The rules of all services together, with links for whoever is woken.
fn rules(promises: &[Sla]) -> Rules {
    let alerts = [
        platform::alerts(),
        orchestrator::alerts(),
        execution::alerts(),
        new_service::alerts(),
        house::alerts(),
    ];
    Rules::new(promises)
        .alerts(alerts.into_iter().flatten())
        .runbook_url("https://wiki.example.com/runbooks")
        .grafana_url("https://127.0.0.1:3001")
}

fn files(promises: &[Sla], rules: &Rules) -> Vec<(String, String)> {
    let written = "Written by `cargo run --example deploy -- --out deploy` from the promises and alerts of the four systems, and \
                   those of `examples/deploy/house.rs`.";
    let files = [
        ("prometheus/prometheus.yml", prometheus::config(promises)),
        ("prometheus/rules.yml", format!("{HEAD}{}", rules.to_yaml())),
        (
            "alertmanager/alertmanager.yml",
            format!("{HEAD}{}", alertmanager::config(promises, rules, "/run/secrets")),
        ),
        ("grafana/provisioning/datasources/datasources.yml", grafana::datasources()),
        ("grafana/provisioning/dashboards/dashboards.yml", grafana::dashboards()),
        ("runbooks.md", runbooks::page(written, promises, rules)),
    ];
    let files = files.into_iter().map(|(name, text)| (name.to_owned(), text));
    let targets = prometheus::targets(promises).into_iter();
    let targets = targets.map(|(name, text)| (format!("prometheus/targets/{name}"), text));

    let boards = [platform::boards, orchestrator::boards, execution::boards, new_service::boards];
    let dashboards = boards.into_iter().fold(Dashboards::of(rules), |dashboards, boards| boards(dashboards));
    let dashboards = dashboards.all().into_iter();
    let dashboards = dashboards.map(|it| (format!("grafana/dashboards/{}.json", it.uid()), it.to_json()));
    files.chain(targets).chain(dashboards).collect()
}

fn out() -> Result<PathBuf, String> {
    let args: Vec<_> = env::args().skip(1).collect();
    match &*args {
        [flag, dir] if flag == "--out" => Ok(dir.into()),
        _ => Err("say where to write: cargo run --example deploy -- --out deploy".into()),
    }
}
