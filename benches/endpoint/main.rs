//! What an attack on `/metrics` does to the application beside it: a thousand slow sockets, and 500 scrapes a second.
//!
//! ```text
//! cargo bench --bench endpoint
//! ```
//!
//! Application and exporter are one process, the attackers another of the lowest priority, and this one sends a
//! thousand requests a second at set times. In each round it is quiet, attacked, and attacked at a bare listener in the
//! same process that answers every scrape with two bytes: what the attackers take from the machine by being there. The
//! ratios are of the same round, and their medians are told.

mod attack;
mod load;
mod server;

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use tokio::time::Instant;

use crate::load::Latencies;

/// How many of the application's label sets are there: a service as they are, and one with 10,000 series of histograms.
const PAGES: [(&str, usize); 2] = [("a realistic service", 40), ("10,000 histograms", 10_000)];

/// One phase of a round.
struct Phase {
    latencies: [Latencies; 2],
    cpu: Duration,
    resident: usize,
    scrapes: Vec<Option<Duration>>,
    attackers: attack::Got,
}

fn main() {
    let args: Vec<_> = env::args().collect();
    let arg = |index: usize| args.get(index).map(String::as_str);
    match (arg(1), arg(2)) {
        (Some("serve"), Some(sets)) => server::serve(sets.parse().expect("a number")),
        (Some("attack"), Some(addr)) => attack::attack(addr.parse().expect("an address")),
        _ => compare(args.iter().any(|arg| arg == "--bench")),
    }
}

/// `cargo test --benches` runs this too, and wants to know only that it does.
fn compare(full: bool) {
    let (rounds, length) = if full { (5, Duration::from_secs(4)) } else { (1, Duration::from_secs(1)) };
    for (page, sets) in PAGES {
        let mut server = server::start(sets);
        println!("\n{page}: a page of {} bytes", scrape(server.metrics).expect("it is served").1);
        let mut phases = [const { Vec::new() }; 3];
        for _ in 0..rounds {
            for (target, phases) in
                [None, Some(server.metrics), Some(server.bare)].into_iter().zip(&mut phases)
            {
                let attackers = target.map(attack::start);
                // Until they are all there.
                thread::sleep(Duration::from_secs(1));
                let mut phase = phase(&server, length);
                phase.attackers = attackers.map(attack::end).unwrap_or_default();
                phases.push(phase);
                thread::sleep(Duration::from_millis(500));
            }
        }
        report(&phases);
        end(&mut server.child);
    }
}

fn phase(server: &server::Server, length: Duration) -> Phase {
    let before = cpu(server.child.id());
    let (metrics, seconds) = (server.metrics, length.as_secs());
    let scraper = thread::spawn(move || {
        (0..seconds)
            .map(|_| {
                let scraped = scrape(metrics).map(|(took, _)| took);
                thread::sleep(Duration::from_secs(1).saturating_sub(scraped.unwrap_or_default()));
                scraped
            })
            .collect()
    });
    let latencies = load::run(server.app, length);
    Phase {
        latencies,
        cpu: cpu(server.child.id()) - before,
        resident: resident(server.child.id()),
        scrapes: scraper.join().expect("the scraper ends"),
        attackers: attack::Got::default(),
    }
}

fn report(phases: &[Vec<Phase>; 3]) {
    println!(
        "{:<10} {:>9} {:>9} {:>9} {:>9} {:>7} {:>8} {:>14} {:>9}",
        "", "hello p50", "p99", "query p50", "p99", "cpu ms/s", "RSS MiB", "scrapes got", "slowest"
    );
    for (name, of) in ["quiet", "attacked", "bare"].iter().zip(phases) {
        let latency = |path: usize, share| median(of.iter().map(|it| it.latencies[path].at(share)).collect());
        let scrapes: Vec<_> = of.iter().flat_map(|phase| &phase.scrapes).collect();
        println!(
            "{name:<10} {:>7.0}us {:>7.0}us {:>7.0}us {:>7.0}us {:>8.0} {:>8} {:>9} of {} {:>7}ms",
            latency(0, 0.5),
            latency(0, 0.99),
            latency(1, 0.5),
            latency(1, 0.99),
            median(of.iter().map(|it| it.cpu.as_secs_f64() * 1e3 / it.scrapes.len() as f64).collect()),
            of.iter().map(|it| it.resident).max().unwrap_or(0) >> 20,
            scrapes.iter().flat_map(|it| it.iter()).count(),
            scrapes.len(),
            scrapes.iter().flat_map(|it| it.iter()).max().map_or(0, Duration::as_millis),
        );
    }
    for (name, of) in [("attacked", &phases[1]), ("bare", &phases[2])] {
        let [answered, refused, reopened] =
            [0, 1, 2].map(|it| median(of.iter().map(|phase| phase.attackers[it]).collect()));
        println!(
            "{name}: {answered:.0} scrapes/s answered, {refused:.0} refused, {reopened:.0} slow sockets/s came again"
        );
    }
    for (name, it, base) in [("attacked / quiet", 1, 0), ("bare / quiet", 2, 0), ("attacked / bare", 1, 2)] {
        let ratio = |path: usize, share| {
            let pairs = phases[it].iter().zip(&phases[base]);
            median(
                pairs
                    .map(|(it, base)| it.latencies[path].at(share) / base.latencies[path].at(share))
                    .collect(),
            )
        };
        println!(
            "{name:<17} hello p50 {:.3} p99 {:.3}   query p50 {:.3} p99 {:.3}",
            ratio(0, 0.5),
            ratio(0, 0.99),
            ratio(1, 0.5),
            ratio(1, 0.99)
        );
    }
}

/// How long a scrape took, and of how many bytes.
fn scrape(addr: SocketAddr) -> Option<(Duration, usize)> {
    let begun = Instant::now();
    let mut stream = TcpStream::connect_timeout(&addr, Duration::from_secs(10)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n").ok()?;
    let mut page = Vec::new();
    stream.read_to_end(&mut page).ok()?;
    page.starts_with(b"HTTP/1.1 200").then(|| (begun.elapsed(), page.len()))
}

/// Starts this program again, in another part, and reads the lines that it begins with.
fn again(command: &mut Command, lines: usize) -> (Child, Vec<String>) {
    let mut child = command.stdout(Stdio::piped()).spawn().expect("this program starts again");
    let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
    let lines = stdout.lines().take(lines).map(|line| line.expect("a line")).collect();
    (child, lines)
}

fn end(child: &mut Child) {
    child.kill().and_then(|()| child.wait()).expect("it ends");
}

/// User and system time, in ticks of 10 ms.
fn cpu(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

fn resident(process: u32) -> usize {
    let pages = std::fs::read_to_string(format!("/proc/{process}/statm")).unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
