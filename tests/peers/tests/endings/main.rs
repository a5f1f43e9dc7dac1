//! How peers of the Layers record a call that ends otherwise than in a whole answer, and what an attacker's words cost.
//!
//! The same claims are put to all of them. What each does in the version of `Cargo.lock` stands in `table.md`: a peer
//! that has changed makes a cell red. To see the table that the run gives:
//!
//! `cargo test --manifest-path tests/peers/Cargo.toml --test endings -- --nocapture --test-threads 1`

mod calls;
mod claims;
mod facade;
mod otel;
mod reading;
mod tonic_prometheus;
mod tower_http;

use std::fmt::Write;

use claims::{CLAIMS, Peer, findings};

const TABLE: &str = include_str!("table.md");

/// Its name and its version, and what it does.
type Column = (String, [String; CLAIMS.len()]);

fn column<P: Peer>() -> Column {
    let mut lock = include_str!("../../Cargo.lock").split("[[package]]\n");
    let package = lock.find(|package| package.starts_with(&format!("name = \"{}\"\n", P::CRATE)));
    let version = package.and_then(|package| package.split('"').nth(3)).expect("it is locked");
    (format!("{} {version}", P::CRATE), findings::<P>())
}

fn columns() -> Vec<Column> {
    vec![
        column::<facade::TowerMetrics>(),
        column::<facade::AxumPrometheus>(),
        column::<otel::InstrumentationTower>(),
        column::<otel::TowerOtel>(),
        column::<otel::AxumOtelMetrics>(),
        column::<otel::TowerOtelHttpMetrics>(),
        column::<tonic_prometheus::TonicPrometheus>(),
        column::<tower_http::TowerHttp>(),
    ]
}

fn table(columns: &[Column]) -> String {
    let mut table = String::from("| |");
    columns.iter().for_each(|(name, _)| write!(table, " {name} |").expect("a string takes all"));
    write!(table, "\n|---|{}\n", "---|".repeat(columns.len())).expect("a string takes all");
    for (row, (claim, _)) in CLAIMS.iter().enumerate() {
        write!(table, "| {claim} |").expect("a string takes all");
        columns.iter().for_each(|(_, found)| write!(table, " {} |", found[row]).expect("a string takes all"));
        table.push('\n');
    }
    table
}

fn cells(line: &str) -> Vec<&str> {
    line.trim_matches('|').split('|').map(str::trim).collect()
}

#[test]
fn each_peer_does_what_its_cells_say() {
    let run = table(&columns());
    println!("{run}");
    let header = cells(TABLE.lines().next().expect("a table has a header"));
    let mut changed = String::new();
    for (says, gives) in TABLE.lines().zip(run.lines()) {
        let (says, gives) = (cells(says), cells(gives));
        for (peer, (said, given)) in header.iter().zip(says.iter().zip(&gives)) {
            if said != given {
                let claim = gives[0];
                writeln!(changed, "{peer}: {claim}: the table says `{said}`, the run gives `{given}`")
                    .expect("a string takes all");
            }
        }
    }
    assert!(
        changed.is_empty() && TABLE.lines().count() == run.lines().count(),
        "a peer has changed, perhaps for the better: change its cell in tests/peers/tests/endings/table.md and in \
         docs/reliability.md\n{changed}"
    );
}

#[test]
fn tower_metrics_is_right_in_every_row() {
    let rows: Vec<_> = TABLE.lines().skip(2).map(|line| (cells(line)[0], cells(line)[1])).collect();
    assert_eq!(rows, CLAIMS);
}
