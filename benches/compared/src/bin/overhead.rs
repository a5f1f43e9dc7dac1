//! What each candidate adds to the bare service: nanoseconds, allocations, bytes.
//!
//! ```text
//! cargo bench --bench overhead
//! ```

use compared::{
    Base, Candidate, Under, Work, candidates, install,
    table::{print, ratio},
    turns::{Team, Times, measure},
    upkeep,
};

const CALLS: u32 = 5_000;

fn main() {
    let rounds = if std::env::args().any(|arg| arg == "--short") { 3 } else { 128 };
    // First, while there is no recorder.
    let all = candidates();
    let bare = |base: Base| all.iter().position(|it| it.base == base).expect("each base has it");
    let without: Vec<_> = all.iter().filter(|it| it.under == Under::Nothing).collect();
    let nothing: Vec<_> = without
        .iter()
        .map(|it| {
            let mut teams = vec![team(&all[bare(it.base)], Work::BODY), team(it, Work::BODY)];
            (measure(&mut teams, rounds, CALLS, || {}), [heap(&mut teams[0]), heap(&mut teams[1])])
        })
        .collect();

    let exporter = install();
    for (title, work) in [
        ("One call that ends with the head", Work::HEAD),
        ("One call with content, to the end of the body", Work::BODY),
    ] {
        for base in Base::ALL {
            if base == Base::Grpc && !work.has_content {
                continue;
            }
            let mine: Vec<_> =
                all.iter().filter(|it| it.base == base && it.under == Under::TheExporter).collect();
            let mut teams: Vec<_> = mine.iter().map(|it| team(it, work)).collect();
            let times = measure(&mut teams, rounds, CALLS, || upkeep(&exporter));
            let heap: Vec<_> = teams.iter_mut().map(heap).collect();
            let floor = floor_of(&mine, work);
            let mut rows: Vec<_> =
                (0..mine.len()).map(|index| row(mine[index].name, &times, index, floor, &heap)).collect();
            if work.has_content && base == Base::Plain {
                for (it, (times, heap)) in without.iter().zip(&nothing) {
                    rows.push(row(it.name, times, 1, None, heap));
                }
            }
            print(
                &format!("{title}: {}", base.name()),
                &["", "ns", "+ ns", "to the floor", "+ allocations", "+ bytes"],
                &rows,
            );
        }
    }
}

fn team(candidate: &Candidate, work: Work) -> Team {
    vec![candidate.callers(work)(0)]
}

/// The floor that ends where the call does.
fn floor_of(mine: &[&Candidate], work: Work) -> Option<usize> {
    let name = if work.has_content && mine[0].base != Base::Grpc { "floor-body" } else { "floor" };
    mine.iter().position(|it| it.name == name)
}

/// Allocations and bytes of a call.
fn heap(team: &mut Team) -> (f64, f64) {
    const CALLS: u32 = 512;
    let counted = allocation_counter::measure(|| (0..CALLS).for_each(|_| team[0]()));
    (counted.count_total as f64 / f64::from(CALLS), counted.bytes_total as f64 / f64::from(CALLS))
}

fn row(name: &str, times: &Times, index: usize, floor: Option<usize>, heap: &[(f64, f64)]) -> Vec<String> {
    let added = times.added(index, 0);
    vec![
        name.to_owned(),
        format!("{:.0}", times.of(index)),
        format!("{added:.0}"),
        floor.map_or_else(String::new, |floor| ratio(added, times.added(floor, 0))),
        format!("{:.2}", heap[index].0 - heap[0].0),
        format!("{:.0}", heap[index].1 - heap[0].1),
    ]
}
