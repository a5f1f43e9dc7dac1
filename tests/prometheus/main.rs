//! The example, scraped by a real Prometheus.
//!
//! `cargo test --test prometheus -- --ignored`, with the Debian package `prometheus` installed.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::{BodyExt, Empty};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::time::{sleep, timeout};

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

struct Example {
    _program: Running,
    app: String,
    metrics: String,
}

impl Example {
    /// Builds and starts the example on free ports, which it prints.
    fn start() -> Self {
        let cargo = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--example", "axum", "--all-features"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(cargo.expect("cargo starts").success());
        let deps = env::current_exe().unwrap();
        let program = deps.ancestors().nth(2).unwrap().join("examples/axum");
        let mut program = Command::new(program)
            .args(["--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the example starts");
        // All three: a program that prints into a closed pipe ends.
        let lines: Vec<_> = BufReader::new(program.stdout.take().unwrap()).lines().take(3).collect();
        let address = |line: usize| {
            let after = lines[line].as_ref().unwrap().split_once("http://").unwrap().1;
            after.split('/').next().unwrap().to_owned()
        };
        let (app, metrics) = (address(0), address(1));
        Self { _program: Running(program), app, metrics }
    }
}

struct Prometheus {
    _program: Running,
    addr: String,
    data: PathBuf,
    client: Client<HttpConnector, Empty<Bytes>>,
}

impl Prometheus {
    /// Starts a Prometheus that scrapes `target` each second, and waits for its first scrape.
    async fn scraping(target: &str) -> Self {
        let data = env::temp_dir().join(format!("tower-metrics-prometheus-{}", std::process::id()));
        fs::create_dir_all(&data).unwrap();
        let config = data.join("prometheus.yml");
        let scrape = format!(
            "scrape_configs: [{{job_name: example, scrape_interval: 1s, static_configs: [{{targets: ['{target}']}}]}}]"
        );
        fs::write(&config, scrape).unwrap();
        let addr = {
            let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            free.local_addr().unwrap().to_string()
        };
        let program = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", data.join("tsdb").display()))
            .arg(format!("--web.listen-address={addr}"))
            .stderr(Stdio::null())
            .spawn()
            .expect("`prometheus` starts: apt-get install prometheus");
        let this = Self {
            _program: Running(program),
            addr,
            data,
            client: Client::builder(TokioExecutor::new()).build_http(),
        };
        this.becomes("up{job=\"example\"}", |up| up == 1.0).await;
        this
    }

    /// The sum of what the query gives; `None` where it gives nothing, or nobody answers yet.
    async fn query(&self, query: &str) -> Option<f64> {
        let query: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let uri: Uri = format!("http://{}/api/v1/query?query={query}", self.addr).parse().unwrap();
        let response = self.client.get(uri).await.ok()?;
        let answer = response.into_body().collect().await.ok()?.to_bytes();
        let answer: serde_json::Value = serde_json::from_slice(&answer).ok()?;
        let results = answer["data"]["result"].as_array()?;
        let values =
            results.iter().map(|result| result["value"][1].as_str().unwrap().parse::<f64>().unwrap());
        (!results.is_empty()).then(|| values.sum())
    }

    async fn becomes(&self, query: &str, is_it: impl Fn(f64) -> bool) {
        let mut last = None;
        let waiting = async {
            loop {
                last = self.query(query).await;
                if last.is_some_and(&is_it) {
                    return;
                }
                sleep(Duration::from_millis(100)).await;
            }
        };
        let is_there = timeout(Duration::from_secs(30), waiting).await.is_ok();
        assert!(is_there, "{query} is {last:?}");
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.data));
    }
}

async fn get(example: &Example, path: &str) -> u16 {
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let request = Request::builder().uri(format!("http://{}{path}", example.app)).body(Empty::new()).unwrap();
    let response = client.request(request).await.unwrap();
    let status = response.status().as_u16();
    response.into_body().collect().await.unwrap();
    status
}

#[tokio::test]
#[ignore = "needs the Debian package prometheus"]
async fn the_first_failure_ever_is_an_increase_and_panics_are_errors() {
    let example = Example::start();
    let prometheus = Prometheus::scraping(&example.metrics).await;

    assert_eq!(get(&example, "/fail").await, 500, "the first call ever of this route fails");
    prometheus
        .becomes(
            "increase(http_requests_total{endpoint=\"/fail\",status=\"500\",outcome=\"completed\"}[1m])",
            |n| n > 0.0,
        )
        .await;

    for _ in 0..200 {
        assert_eq!(get(&example, "/panic").await, 500);
    }
    prometheus
        .becomes("sum(http_requests_total{endpoint=\"/panic\",outcome=\"panicked\"})", |n| n == 200.0)
        .await;
    let errors = "sum(increase(http_requests_total{endpoint=\"/panic\",status=~\"5..\"}[1m]))";
    let all = "sum(increase(http_requests_total{endpoint=\"/panic\"}[1m]))";
    prometheus.becomes(&format!("{errors} / {all}"), |ratio| ratio == 1.0).await;

    // The class on the histogram is matched by what matches the code on the counter.
    prometheus
        .becomes("sum(http_request_duration_seconds_count{endpoint=\"/panic\",status=~\"5..\"})", |n| {
            n == 200.0
        })
        .await;
    prometheus
        .becomes("sum(http_request_duration_seconds_bucket{endpoint=\"/fail\",le=~\"0.1\"})", |n| n == 1.0)
        .await;
    prometheus.becomes("sum(http_requests_in_flight)", |n| n == 0.0).await;
}

#[tokio::test]
#[ignore = "needs the Debian package prometheus"]
async fn promtool_has_nothing_to_say_about_the_exposition() {
    let example = Example::start();
    for path in ["/users/7", "/fail", "/panic", "/file", "/nowhere", "/echo"] {
        get(&example, path).await;
    }
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let page = client.get(format!("http://{}/metrics", example.metrics).parse().unwrap()).await.unwrap();
    let page = page.into_body().collect().await.unwrap().to_bytes();
    assert!(page.len() > 1_000);

    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("`promtool` starts: apt-get install prometheus");
    promtool.stdin.take().unwrap().write_all(&page).unwrap();
    let said = promtool.wait_with_output().unwrap();
    assert!(said.status.success(), "{said:?}");
    assert_eq!((&*said.stdout, &*said.stderr), (&b""[..], &b""[..]), "{said:?}");
}
