//! What the cost depends on: how many routes and codes there are, how many threads ask, how many connections are opened.
//!
//! ```text
//! cargo bench --bench scaling
//! ```

use std::hint::black_box;

use compared::{
    Base, Candidate, Under, Work, candidates, install, served,
    table::{print, ratio},
    turns::{Team, measure},
    upkeep,
};
use metrics_exporter_prometheus::PrometheusHandle;

const CALLS: u32 = 5_000;

fn main() {
    let rounds = if std::env::args().any(|arg| arg == "--short") { 3 } else { 64 };
    let exporter = install();
    let all = candidates();
    let around = |base| {
        let mine = all.iter().filter(|it| it.base == base && it.under == Under::TheExporter);
        mine.collect::<Vec<_>>()
    };
    routes(&around(Base::Axum), rounds, &exporter);
    for base in Base::ALL {
        threads(&around(base), rounds, &exporter);
    }
    connections(&around(Base::Axum), rounds);
}

/// Asks for more and more routes and codes in turn.
fn routes(mine: &[&Candidate], rounds: usize, exporter: &PrometheusHandle) {
    let works = [
        Work::HEAD,
        Work { routes: 20, ..Work::HEAD },
        Work { routes: 1_000, ..Work::HEAD },
        Work { codes: 40, ..Work::HEAD },
    ];
    let added = works.map(|work| {
        let mut teams: Vec<Team> = mine.iter().map(|it| vec![it.callers(work)(0)]).collect();
        let times = measure(&mut teams, rounds, CALLS, || upkeep(exporter));
        (0..mine.len()).map(|index| times.added(index, 0)).collect::<Vec<_>>()
    });
    let rows = mine.iter().enumerate().skip(1).map(|(index, it)| {
        let figures = added.iter().map(|added| format!("{:.0}", added[index]));
        [it.name.to_owned()].into_iter().chain(figures).collect()
    });
    let rows: Vec<_> = rows.collect();
    print("+ ns with routes and codes: axum", &["", "1 route", "20", "1,000", "1 route, 40 codes"], &rows);
}

/// Asks from two threads at once: for the same route, and for one each.
fn threads(mine: &[&Candidate], rounds: usize, exporter: &PrometheusHandle) {
    let base = mine[0].base;
    let has_content = base == Base::Grpc;
    let together = Work { has_content, ..Work::HEAD };
    let ways = [(1, together), (2, together), (2, Work { is_apart: true, ..together })];
    let ways = if base == Base::Axum { &ways[..] } else { &ways[..2] };
    let added = ways.iter().map(|(threads, work)| {
        let teams = mine.iter().map(|it| {
            let callers = it.callers(*work);
            (0..*threads).map(callers).collect()
        });
        let mut teams: Vec<Team> = teams.collect();
        let times = measure(&mut teams, rounds, CALLS, || upkeep(exporter));
        let through = (0..mine.len()).map(|index| times.of(index)).collect::<Vec<_>>();
        ((0..mine.len()).map(|index| times.added(index, 0)).collect::<Vec<_>>(), through)
    });
    let added: Vec<(Vec<f64>, Vec<f64>)> = added.collect();
    let floor = mine
        .iter()
        .position(|it| it.name == "floor-set")
        .or_else(|| mine.iter().position(|it| it.name == "floor"));
    let floor = floor.expect("there is one");
    let rows = mine.iter().enumerate().map(|(index, it)| {
        let mut row = vec![it.name.to_owned()];
        for (added, _) in &added {
            row.push(format!("{:.0}", added[index]));
        }
        row.push(if index == 0 { String::new() } else { ratio(added[1].0[index], added[1].0[floor]) });
        row.push(format!("{:.2}", 2.0 * added[0].1[index] / added[1].1[index]));
        row
    });
    let rows: Vec<_> = rows.collect();
    let floor = format!("2 to {}", mine[floor].name);
    let mut head = vec!["", "1 thread", "2, one route"];
    if ways.len() == 3 {
        head.push("2, a route each");
    }
    head.extend([&*floor, "throughput of 2"]);
    print(&format!("+ ns of each call with threads: {}", base.name()), &head, &rows);
}

/// What `axum::serve` does for each connection, for which it builds every route anew.
fn connections(mine: &[&Candidate], rounds: usize) {
    let mut teams: Vec<Team> = mine
        .iter()
        .map(|it| {
            let router = it.router(Work::HEAD).expect("it is axum's");
            let connect = move || drop(black_box(served(router.clone())));
            vec![Box::new(connect) as _]
        })
        .collect();
    let times = measure(&mut teams, rounds, 200, || {});
    let no_op = 1;
    let rows = mine.iter().enumerate().map(|(index, it)| {
        let heap = allocation_counter::measure(|| teams[index][0]());
        vec![
            it.name.to_owned(),
            format!("{:.1}", times.of(index) / 1e3),
            ratio(times.of(index), times.of(no_op)),
            heap.count_total.to_string(),
            heap.bytes_total.to_string(),
        ]
    });
    let rows: Vec<_> = rows.collect();
    print(
        "A new connection, 20 routes: axum",
        &["", "µs", "to the no-op layer", "allocations", "bytes"],
        &rows,
    );
}
