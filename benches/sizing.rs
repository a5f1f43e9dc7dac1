//! What series cost where they are kept: the memory of a Prometheus for each of them, and what a sample takes on its disk.
//! A service with many routes is called all the time, and scraped each second by a real Prometheus, which is then asked.
//!
//! ```text
//! cargo bench --bench sizing                    # for three minutes
//! cargo bench --bench sizing -- --minutes 8    # as many samples of a series as two hours of scrapes each 15 s
//! cargo bench --bench sizing -- --idle         # and nobody calls: no series changes
//! ```
//!
//! It needs the Debian package `prometheus`.

use std::{
    convert::Infallible,
    env,
    error::Error,
    fs,
    future::{Ready, ready},
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Empty;
use tokio::time::{interval, sleep};
use tower::{Layer, ServiceExt, service_fn};
use tower_metrics::{HttpMetricsLayer, exporter};

const ROUTES: usize = 250;
const STATUSES: [u16; 4] = [200, 201, 404, 500];

/// Ends with the measurement.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let is_short = !env::args().any(|arg| arg == "--bench");
    let minutes =
        env::args().skip_while(|arg| arg != "--minutes").nth(1).map_or(Ok(3), |it| it.parse::<u64>())?;
    let seconds = if is_short { 0 } else { minutes * 60 };
    let metrics = exporter::Prometheus::new().serve("127.0.0.1:0").await?;
    let target = metrics.local_addr().expect("it was served").to_string();
    let is_idle = env::args().any(|arg| arg == "--idle");
    let traffic = tokio::spawn(traffic(is_idle));
    if is_short {
        // The compiler has seen it, and the page is there: a measurement needs a Prometheus and minutes.
        while !metrics.render().contains("http_requests_total") {
            tokio::task::yield_now().await;
        }
        traffic.abort();
        return Ok(());
    }

    let folder = env::temp_dir().join(format!("tower-metrics-sizing-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let figures = measure(&folder, &target, seconds).await;
    traffic.abort();
    fs::remove_dir_all(&folder)?;
    for (what, value, unit) in figures? {
        println!("{what:<60} {value:>12.2} {unit}");
    }
    Ok(())
}

/// A thousand calls a second, over all routes and statuses; or each of them once, and then no more.
async fn traffic(is_idle: bool) {
    let answer = service_fn(|request: Request<u16>| -> Ready<Result<Response<Empty<Bytes>>, Infallible>> {
        let mut response = Response::new(Empty::new());
        *response.status_mut() = StatusCode::from_u16(*request.body()).expect("it is a status");
        ready(Ok(response))
    });
    let routes: Vec<_> = (0..ROUTES).map(|route| (Method::GET, format!("/routes/{route}"))).collect();
    let layer = HttpMetricsLayer::new()
        .endpoint(|head| Some(head.uri().path().to_owned().into()))
        .max_label_sets(10 * ROUTES)
        .endpoints(routes.iter().map(|(method, route)| (method.as_str(), route.as_str())));
    layer.initialize();
    let service = layer.layer(answer);
    let mut every = interval(Duration::from_millis(100));
    for turn in 0.. {
        every.tick().await;
        if is_idle && turn == ROUTES * STATUSES.len() / 100 {
            return;
        }
        for call in 0..100 {
            let n = turn * 100 + call;
            let mut request = Request::new(STATUSES[n % STATUSES.len()]);
            *request.uri_mut() = routes[n % ROUTES].1.parse().expect("it is a path");
            drop(service.clone().oneshot(request).await);
        }
    }
}

async fn measure(
    folder: &Path,
    target: &str,
    seconds: u64,
) -> Result<Vec<(&'static str, f64, &'static str)>, Box<dyn Error>> {
    let config = |targets: &str| {
        let global = "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n";
        format!("{global}- job_name: service\n  static_configs: [{{targets: [{targets}]}}]\n")
    };
    let file = folder.join("prometheus.yml");
    fs::write(&file, config(""))?;
    let addr = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let _prometheus = Running(
        Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("tsdb").display()))
            .arg(format!("--web.listen-address={addr}"))
            .args(["--web.enable-admin-api", "--web.enable-lifecycle"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("prometheus does not start, install its package: {error}"))?,
    );
    while call(&addr, "GET", "/-/ready").is_err() {
        sleep(Duration::from_millis(100)).await;
    }
    sleep(Duration::from_secs(10)).await;
    let idle = own(&addr, "process_resident_memory_bytes")?;
    fs::write(&file, config(&format!("{target:?}")))?;
    call(&addr, "POST", "/-/reload")?;
    sleep(Duration::from_secs(seconds)).await;

    // A scrape that failed marks every series as gone, which costs more than any sample.
    let worst = call(&addr, "GET", "/api/v1/query?query=min_over_time(up[1d])")?;
    if !worst.contains(",\"1\"]") {
        return Err(format!("a scrape failed, so these would be no figures: {worst}").into());
    }
    let [memory, series, samples] = [
        "process_resident_memory_bytes",
        "prometheus_tsdb_head_series",
        "prometheus_tsdb_head_samples_appended_total",
    ]
    .map(|metric| own(&addr, metric));
    let (memory, series, samples) = (memory?, series?, samples?);
    let wal = size(&folder.join("tsdb/wal"))?;
    call(&addr, "POST", "/api/v1/admin/tsdb/snapshot")?;
    let (mut chunks, mut index) = (0.0, 0.0);
    for snapshot in fs::read_dir(folder.join("tsdb/snapshots"))? {
        for block in fs::read_dir(snapshot?.path())? {
            let block = block?.path();
            chunks += size(&block.join("chunks"))?;
            index += fs::metadata(block.join("index"))?.len() as f64;
        }
    }
    Ok(vec![
        ("series", series, ""),
        ("samples", samples, ""),
        ("memory of the Prometheus for each series", (memory - idle) / series, "B"),
        ("memory of the Prometheus without any", idle / 1_048_576.0, "MiB"),
        ("a sample in the log of the last hours", wal / samples, "B"),
        ("a sample in a block", chunks / samples, "B"),
        ("a series in the index of a block", index / series, "B"),
    ])
}

/// What the Prometheus says of itself.
fn own(addr: &str, metric: &str) -> Result<f64, Box<dyn Error>> {
    let page = call(addr, "GET", "/metrics")?;
    let lines = page.lines().filter_map(|line| line.split_once(' '));
    let of_metric = lines.filter(|(name, _)| *name == metric || name.starts_with(&format!("{metric}{{")));
    let values: Vec<f64> = of_metric.map(|(_, value)| value.parse()).collect::<Result<_, _>>()?;
    if values.is_empty() { Err(format!("it exports no {metric}").into()) } else { Ok(values.iter().sum()) }
}

fn call(addr: &str, method: &str, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(addr)?;
    write!(stream, "{method} {path} HTTP/1.0\r\nHost: {addr}\r\nContent-Length: 0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let is_good = answer.split(' ').nth(1).is_some_and(|status| status == "200");
    if is_good { Ok(answer) } else { Err(io::Error::other(answer)) }
}

/// The bytes of all files in a folder.
fn size(folder: &Path) -> io::Result<f64> {
    let mut bytes = 0.0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        bytes +=
            if entry.file_type()?.is_dir() { size(&entry.path())? } else { entry.metadata()?.len() as f64 };
    }
    Ok(bytes)
}
