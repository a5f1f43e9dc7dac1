//! Throughput and processor time of a server on one thread, asked by `wrk` over loopback.
//!
//! ```text
//! cargo bench --bench end_to_end
//! ```

use std::{
    env, fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use compared::{Base, Under, Work, candidates, find, install, table::print, turns::median};
use tokio::{net::TcpListener, runtime};

/// Requests in a second and microseconds of each, for every server.
type Turn = Vec<(f64, f64)>;

const CONNECTIONS: &str = "-c32";

/// Ticks of `/proc/<pid>/stat`, which Linux tells programs in hundredths of a second everywhere.
const TICKS: f64 = 100.0;

fn main() {
    let args: Vec<_> = env::args().skip(1).collect();
    if let [serve, name] = &args[..]
        && serve == "serve"
    {
        return run(name);
    }
    let (rounds, seconds) = if args.iter().any(|arg| arg == "--short") { (1, 1) } else { (7, 3) };
    let all = candidates();
    let names = ["bare", "no-op layer", "floor", "floor-body", "HttpMetricsLayer", "axum-prometheus"];
    let mine: Vec<_> = all
        .iter()
        .filter(|it| it.base == Base::Axum && it.under == Under::TheExporter && names.contains(&it.name))
        .collect();
    let mut servers: Vec<_> = mine.iter().map(|it| Server::start(it.name)).collect();
    // In each turn all of them, so that each is compared with the others of its turn.
    let turns: Vec<Turn> =
        (0..rounds).map(|_| servers.iter_mut().map(|server| server.ask(seconds)).collect()).collect();
    let middle = |figure: &dyn Fn(&Turn) -> f64| median(turns.iter().map(figure).collect());
    let floor = mine.iter().position(|it| it.name == "floor-body").expect("it is there");
    let rows = mine.iter().enumerate().map(|(index, it)| {
        vec![
            it.name.to_owned(),
            format!("{:.0}", middle(&|turn| turn[index].0)),
            format!("{:.2}", middle(&|turn| turn[index].0 / turn[0].0)),
            format!("{:.2}", middle(&|turn| turn[index].0 / turn[floor].0)),
            format!("{:.2}", middle(&|turn| turn[index].1)),
            format!("{:.2}", middle(&|turn| turn[index].1 - turn[0].1)),
        ]
    });
    let rows: Vec<_> = rows.collect();
    print(
        &format!("wrk -t1 {CONNECTIONS}, a server on one thread, {rounds} turns of {seconds} s"),
        &["", "requests/s", "to bare", "to floor-body", "CPU µs", "+ CPU µs"],
        &rows,
    );
}

/// Serves until it is killed; prints where.
fn run(name: &str) {
    let exporter = install();
    thread::spawn(move || {
        loop {
            thread::sleep(Duration::from_secs(1));
            exporter.run_upkeep();
        }
    });
    let router = find(Base::Axum, name).router(Work::BODY).expect("it is axum's");
    let runtime = runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("{}", listener.local_addr().expect("it has one"));
        axum::serve(listener, router).await.expect("it serves");
    });
}

/// A server in a process of its own.
struct Server {
    process: Child,
    address: String,
}

// ===== impl Server =====

impl Server {
    fn start(name: &str) -> Self {
        let mut process = Command::new(env::current_exe().expect("it runs"))
            .args(["serve", name])
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut address = String::new();
        let told = process.stdout.take().expect("it is piped");
        BufReader::new(told).read_line(&mut address).expect("it tells where");
        Self { process, address: address.trim().to_owned() }
    }

    /// Requests in a second, and microseconds of processor time for each.
    fn ask(&mut self, seconds: u32) -> (f64, f64) {
        let url = format!("http://{}/v0/users/7/posts/200", self.address);
        let before = self.ticks();
        let said = Command::new("wrk")
            .args(["-t1", CONNECTIONS, &format!("-d{seconds}s"), &url])
            .output()
            .unwrap_or_else(|error| panic!("wrk does not start, install its package: {error}"));
        let ticks = self.ticks() - before;
        let said = String::from_utf8_lossy(&said.stdout);
        assert!(!said.contains("Non-2xx"), "{said}");
        let figure = |label: &str| {
            let line = said.lines().find(|line| line.contains(label));
            let line = line.unwrap_or_else(|| panic!("wrk did not say {label:?}:\n{said}"));
            line.split_whitespace().find_map(|word| word.parse::<f64>().ok()).expect("it is a number")
        };
        (figure("Requests/sec"), ticks / TICKS * 1e6 / figure("requests in"))
    }

    /// User and system time so far.
    fn ticks(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id())).expect("it runs");
        // After the name, which is in brackets, the first is field 3.
        let fields = stat.rsplit_once(')').expect("it has a name").1.split_whitespace();
        fields.skip(11).take(2).map(|field| field.parse::<f64>().expect("it is a number")).sum()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
