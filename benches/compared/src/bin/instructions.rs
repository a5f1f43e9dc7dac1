//! How many instructions each candidate adds to the bare service, counted by callgrind.
//!
//! ```text
//! cargo bench --bench instructions             # all of them, as tables
//! cargo bench --bench instructions -- --gate   # the crate and the floor; fails where a bound is passed
//! ```

use std::{
    collections::HashMap,
    env,
    process::{Command, ExitCode},
};

use compared::{Base, Caller, Under, Work, candidates, find, install, table, upkeep};

/// Enough that what is done once in so many calls, such as the exporter's next block of samples, has its share.
const CALLS: u64 = 1_280;

const WORKS: [(&str, Work); 4] = [
    ("head", Work::HEAD),
    ("body", Work::BODY),
    ("1,000 routes", Work { routes: 1_000, ..Work::HEAD }),
    ("40 codes", Work { codes: 40, ..Work::HEAD }),
];

fn main() -> ExitCode {
    let args: Vec<_> = env::args().skip(1).collect();
    match &args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["count", base, name, work] => {
            count(base_of(base), name, work_of(work));
            ExitCode::SUCCESS
        }
        rest => {
            let mut seen = Seen::default();
            let mut is_good = gate(&mut seen, "+ instructions to those of the floor", &TO_THE_FLOOR);
            if !rest.contains(&"--gate") {
                is_good &= gate(&mut seen, "+ instructions to those of the peers", &TO_THE_PEERS);
                tables(&mut seen);
            }
            if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
    }
}

fn count(base: Base, name: &str, work: Work) {
    let candidate = find(base, name);
    let exporter = (candidate.under == Under::TheExporter).then(install);
    let mut caller = candidate.callers(work)(0);
    let mut warm_up = || (0..2 * work.routes * work.codes).for_each(|_| caller());
    warm_up();
    if let Some(exporter) = exporter {
        upkeep(&exporter);
    }
    // After its upkeep, the exporter begins a block of samples with the first call of a series.
    warm_up();
    watched(&mut caller);
}

/// What callgrind watches, and nothing before or beside it.
#[inline(never)]
fn watched(caller: &mut Caller) {
    (0..CALLS).for_each(|_| caller());
}

/// Instructions of a call, each counted once.
#[derive(Default)]
struct Seen(HashMap<(&'static str, String, &'static str), f64>);

impl Seen {
    fn of(&mut self, base: Base, name: &str, work: &'static str) -> f64 {
        let known = self.0.entry((base.name(), name.to_owned(), work));
        *known.or_insert_with(|| callgrind(base, name, work) as f64 / CALLS as f64)
    }

    fn added(&mut self, base: Base, name: &str, work: &'static str) -> f64 {
        self.of(base, name, work) - self.of(base, "bare", work)
    }
}

fn callgrind(base: Base, name: &str, work: &str) -> u64 {
    let said = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*::watched"])
        .arg(env::current_exe().expect("it runs"))
        .args(["count", base.name(), name, work])
        .output()
        .unwrap_or_else(|error| panic!("valgrind does not start, install its package: {error}"));
    let said = String::from_utf8_lossy(&said.stderr);
    let collected = said.lines().find_map(|line| line.split_once("Collected :"));
    let collected = collected.unwrap_or_else(|| panic!("callgrind counted nothing:\n{said}")).1;
    collected.trim().parse().expect("it is a number")
}

fn tables(seen: &mut Seen) {
    for base in Base::ALL {
        let works: &[&str] = match base {
            Base::Plain => &["head", "body"],
            Base::Axum => &["head", "body", "1,000 routes", "40 codes"],
            Base::Grpc => &["body"],
        };
        let mine: Vec<_> = candidates().into_iter().filter(|it| it.base == base).collect();
        let rows: Vec<_> = mine
            .iter()
            .map(|it| {
                let figures = works.iter().map(|work| match it.name {
                    "bare" => format!("({:.0})", seen.of(base, it.name, work)),
                    _ => format!("{:.0}", seen.added(base, it.name, work)),
                });
                [it.name.to_owned()].into_iter().chain(figures).collect()
            })
            .collect();
        let head: Vec<_> = [""].iter().chain(works).copied().collect();
        table::print(&format!("+ instructions: {}", base.name()), &head, &rows);
    }
}

const HTTP: &str = "HttpMetricsLayer";

/// What is compared with what: by how much it may exceed it, and by how much it is to.
type Bound = (&'static str, Base, (&'static str, &'static str), (&'static str, &'static str), f64, f64);

/// The first figure is what must not get worse, with what another compiler may add; the second is what is aimed at.
const TO_THE_FLOOR: [Bound; 6] = [
    ("plain, head", Base::Plain, (HTTP, "head"), ("floor", "head"), 1.75, 1.5),
    ("plain, body", Base::Plain, (HTTP, "body"), ("floor-body", "body"), 1.75, 1.5),
    ("axum, head", Base::Axum, (HTTP, "head"), ("floor", "head"), 1.45, 1.25),
    ("axum, 1,000 routes to one", Base::Axum, (HTTP, "1,000 routes"), (HTTP, "head"), 1.05, 1.05),
    ("axum, 40 codes to one", Base::Axum, (HTTP, "40 codes"), (HTTP, "head"), 1.05, 1.05),
    ("grpc", Base::Grpc, ("GrpcMetricsLayer", "body"), ("floor", "body"), 1.5, 1.5),
];

#[cfg(feature = "peers")]
const TO_THE_PEERS: [Bound; 3] = [
    ("axum-prometheus, head", Base::Axum, (HTTP, "head"), ("axum-prometheus", "head"), 1.0 / 6.0, 1.0 / 8.0),
    ("axum-prometheus, body", Base::Axum, (HTTP, "body"), ("axum-prometheus", "body"), 1.0 / 6.0, 1.0 / 6.5),
    (
        "tonic-prometheus-layer",
        Base::Grpc,
        ("GrpcMetricsLayer", "body"),
        ("tonic-prometheus-layer", "body"),
        0.5,
        0.25,
    ),
];
#[cfg(not(feature = "peers"))]
const TO_THE_PEERS: [Bound; 0] = [];

/// Tells whether no bound is passed.
fn gate(seen: &mut Seen, title: &str, bounds: &[Bound]) -> bool {
    let mut is_good = true;
    let rows = bounds.iter().map(|&(what, base, it, to, most, aim)| {
        let (it, to) = (seen.added(base, it.0, it.1), seen.added(base, to.0, to.1));
        let is_within = it <= most * to;
        is_good &= is_within;
        vec![
            what.to_owned(),
            format!("{it:.0}"),
            format!("{to:.0}"),
            table::ratio(it, to),
            format!("{most:.2}"),
            format!("{aim:.2}"),
            if is_within { String::new() } else { "too many".to_owned() },
        ]
    });
    let rows: Vec<_> = rows.collect();
    table::print(title, &["", "it", "to", "ratio", "at most", "aim", ""], &rows);
    is_good
}

fn base_of(name: &str) -> Base {
    *Base::ALL.iter().find(|base| base.name() == name).expect("a base")
}

fn work_of(name: &str) -> Work {
    WORKS.iter().find(|work| work.0 == name).expect("some work").1
}
