//! All that watches the house, as files: for Prometheus, Alertmanager and Grafana, from what the four systems promise.
//!
//! ```text
//! cargo run --example deploy -- --out deploy
//! cargo run --example deploy -- --reference docs/quick-reference.md
//! ```
//!
//! Nothing in these files is changed by hand: change `promise.rs` of a system, or `house.rs` for alerts on machines and on the
//! stack, and write both again. A test compares them. `deploy/README.md` says how they are used.

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
mod reference;
#[path = "../slo/runbooks.rs"]
mod runbooks;

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use tower_metrics::{dashboard::Dashboards, rules::Rules, sla::Sla};

/// Where the files come from.
const HEAD: &str = "# Written by `cargo run --example deploy -- --out deploy`. Change `examples/deploy`, and run it again.\n";

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = env::args().skip(1).collect();
    let promises: Vec<_> =
        [platform::promises(), orchestrator::promises(), execution::promises(), new_service::promises()]
            .concat();
    let rules = rules(&promises);
    let dashboards = dashboards(&rules);
    let files: Vec<(PathBuf, String)> = match &*args {
        [flag, file] if flag == "--reference" => {
            vec![(file.into(), reference::page(&promises, &rules, &dashboards))]
        }
        [flag, out] if flag == "--out" => {
            let files = files(&promises, &rules, &dashboards).into_iter();
            files.map(|(name, text)| (Path::new(out).join(name), text)).collect()
        }
        _ => {
            return Err(
                "say what to write, and where: `--out deploy` or `--reference docs/quick-reference.md`"
                    .into(),
            );
        }
    };
    for (path, text) in files {
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

/// Those of every service, and the boards of each system.
fn dashboards(rules: &Rules) -> Dashboards {
    let boards = [platform::boards, orchestrator::boards, execution::boards, new_service::boards];
    boards.into_iter().fold(Dashboards::of(rules), |dashboards, boards| boards(dashboards))
}

fn files(promises: &[Sla], rules: &Rules, dashboards: &Dashboards) -> Vec<(String, String)> {
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

    let dashboards = dashboards.all().into_iter();
    let dashboards = dashboards.map(|it| (format!("grafana/dashboards/{}.json", it.uid()), it.to_json()));
    files.chain(targets).chain(dashboards).collect()
}
