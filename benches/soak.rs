//! A soak: mixed faults on every core, for as long as one likes, and what was lost, drifted or leaked.
//!
//! ```text
//! cargo bench --bench soak                            one minute
//! cargo bench --bench soak -- --minutes 1440          a day
//! cargo bench --bench soak -- --calls 100000000       so many calls
//! ```
//!
//! Calls are answered, fail, panic, are given up before the head, break off in the body or are broken off there. With
//! `--minutes`, the exporter forgets what did not change for 10 s and is rendered every 2 s, while the routes that are
//! called go from one to the next, so that all are forgotten again and again; a ledger takes a counter that falls for
//! one that began anew, as Prometheus does. With `--calls` nothing is forgotten, and every number has to be exact.
//!
//! It fails if a call was lost, if the gauge was wrong at the end, or if memory grew by more than 1 MiB an hour.

#[path = "soak/callers.rs"]
mod callers;
#[path = "soak/ledger.rs"]
mod ledger;

use std::{process::ExitCode, sync::Arc, thread, time::Duration};

use tower_metrics::{HttpMetricsLayer, exporter::Prometheus};

use self::{
    callers::{Callers, Stop},
    ledger::Ledger,
};

const IDLE_TIMEOUT: Duration = Duration::from_secs(10);
const SCRAPE_INTERVAL: Duration = Duration::from_secs(2);
const UPKEEP_INTERVAL: Duration = Duration::from_millis(50);

fn main() -> ExitCode {
    // Panics of the calls are a part of the soak.
    std::panic::set_hook(Box::new(|_| {}));
    let mut args = std::env::args().skip_while(|arg| !arg.starts_with("--") || arg == "--bench");
    let (what, number) = (args.next(), args.next().and_then(|number| number.parse::<f64>().ok()));
    let (stop, forgets) = match (what.as_deref(), number) {
        (Some("--calls"), Some(calls)) => (Stop::after_calls(calls as u64), false),
        (Some("--minutes"), Some(minutes)) => (Stop::after(Duration::from_secs_f64(60.0 * minutes)), true),
        (None, None) => (Stop::after(Duration::from_secs(60)), true),
        _ => {
            eprintln!("give --minutes N, --calls N, or nothing for a minute");
            return ExitCode::FAILURE;
        }
    };

    let exporter = Prometheus::new();
    let layer = HttpMetricsLayer::new().endpoint(|head| Some(head.uri().path().to_owned().into()));
    let (exporter, layer) = match forgets {
        true => (exporter.idle_timeout(IDLE_TIMEOUT), layer.idle_timeout(IDLE_TIMEOUT)),
        false => (exporter, layer),
    };
    let recorder = exporter.into_builder().build_recorder();
    let handle = recorder.handle();
    let callers = Callers::new(layer.recorder(Arc::new(recorder)), stop);
    let mut ledger = Ledger::default();

    println!("{:>8} {:>14} {:>14} {:>8} {:>10}", "seconds", "begun", "counted", "series", "MiB");
    let mut memory = Vec::new();
    let clock = quanta::Clock::new();
    let start = clock.raw();
    let seconds = || clock.delta_as_nanos(start, clock.raw()) as f64 / 1e9;
    thread::scope(|scope| {
        let running: Vec<_> = callers.threads().map(|run| scope.spawn(run)).collect();
        while !running.iter().all(thread::ScopedJoinHandle::is_finished) {
            thread::park_timeout(UPKEEP_INTERVAL);
            handle.run_upkeep();
            if memory
                .last()
                .is_some_and(|last: &(f64, f64)| seconds() < last.0 + SCRAPE_INTERVAL.as_secs_f64())
            {
                continue;
            }
            ledger.enter(&handle.render());
            memory.push((seconds(), resident()));
            println!(
                "{:>8.0} {:>14} {:>14} {:>8} {:>10.2}",
                seconds(),
                callers.begun(),
                ledger.counted(None),
                ledger.series(),
                resident(),
            );
        }
    });
    ledger.enter(&handle.render());
    report(&callers, &ledger, &memory)
}

/// Says what was lost, drifted and leaked, and whether any of it was.
fn report(callers: &Callers, ledger: &Ledger, memory: &[(f64, f64)]) -> ExitCode {
    println!("\n{:<16} {:>14} {:>14} {:>8}", "outcome", "truth", "counted", "lost");
    let mut lost = 0;
    for (outcome, truth) in callers.ended() {
        let counted = ledger.counted(Some(outcome.as_str()));
        lost += truth.abs_diff(counted);
        println!(
            "{:<16} {truth:>14} {counted:>14} {:>8}",
            outcome.as_str(),
            truth as i128 - i128::from(counted)
        );
    }
    let samples = callers.begun().abs_diff(ledger.sampled());
    println!("{:<16} {:>14} {:>14} {:>8}", "samples", callers.begun(), ledger.sampled(), samples);
    println!(
        "begun − Σ outcomes − in flight: {}",
        callers.begun() as i128 - i128::from(ledger.counted(None))
    );
    println!("gauge at the end: {}", ledger.in_flight());
    // The first half fills the tables and the allocator.
    let late = &memory[memory.len() / 2..];
    let (first, last) = (late.first().copied().unwrap_or_default(), late.last().copied().unwrap_or_default());
    let slope = slope(late);
    println!(
        "memory in the last {:.0} s: {:.1} to {:.1} MiB, {slope:+.1} MiB an hour",
        last.0 - first.0,
        first.1,
        last.1,
    );
    // What a short run grows by is noise: a page that is rendered, a queue of samples.
    let leaks = slope > 1.0 && slope * (last.0 - first.0) / 3600.0 > 4.0;
    let is_well = lost == 0 && ledger.in_flight() == 0.0 && !leaks;
    println!("{}", if is_well { "nothing lost, nothing drifted, nothing leaked" } else { "FAILED" });
    if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// MiB an hour, by least squares over points of seconds and MiB.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let covariance: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let variance: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    if variance > 0.0 { covariance / variance * 3600.0 } else { 0.0 }
}

/// MiB of this process that are in memory.
fn resident() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm").expect("this is Linux");
    let pages = pages.split(' ').nth(1).expect("the second is what is resident");
    pages.parse::<f64>().expect("a number of pages") * 4096.0 / 1_048_576.0
}
