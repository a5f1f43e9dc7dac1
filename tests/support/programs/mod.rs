//! Programs that tests run for real: the crate's examples, Prometheus, Alertmanager, VictoriaMetrics.

#![allow(dead_code, reason = "no test binary needs all of it")]

mod alerting;
mod boards;
mod faster;
mod rate;
mod stack;
mod tools;

use std::{
    env,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Empty};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::time::{sleep, timeout};

#[allow(unused_imports, reason = "no test binary needs all of it")]
pub(crate) use self::{
    alerting::{Alertmanager, receivers},
    boards::{Asked, Board},
    faster::faster,
    rate::rate,
    stack::{Stack, change, write_files},
    tools::{Scratch, run},
};

/// A program that ends with the test.
pub(crate) struct Running(Child);

/// The axum example at work.
pub(crate) struct Example {
    _program: Running,
    pub(crate) app: String,
    pub(crate) metrics: String,
    client: Client<HttpConnector, Empty<Bytes>>,
}

/// The tonic example at work.
pub(crate) struct Orders {
    _program: Running,
    pub(crate) metrics: String,
}

/// What answers queries in PromQL: Prometheus, or VictoriaMetrics.
pub(crate) struct Server {
    _program: Running,
    pub(crate) addr: String,
    client: Client<HttpConnector, Empty<Bytes>>,
}

// ===== impl Running =====

impl Running {
    pub(crate) fn start(program: &str, args: &[String]) -> Self {
        let child = Command::new(program).args(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Self(child.unwrap_or_else(|error| panic!("`{program}` does not start, install its package: {error}")))
    }

    /// Starts an Alertmanager with this configuration, alone, and with its data in the folder of the test.
    pub(crate) fn alertmanager(scratch: &Scratch, config: &str, addr: &str) -> Self {
        Self::start(
            "prometheus-alertmanager",
            &[
                format!("--config.file={}", scratch.path(config).display()),
                format!("--storage.path={}", scratch.path("am").display()),
                format!("--web.listen-address={addr}"),
                "--cluster.listen-address=".into(),
            ],
        )
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// How it ended, if it has.
    pub(crate) fn status(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().unwrap()
    }
}

impl From<Child> for Running {
    fn from(child: Child) -> Self {
        Self(child)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

// ===== impl Example =====

impl Example {
    /// Builds and starts the example on free ports, which it prints.
    pub(crate) fn start() -> Self {
        let mut program = Command::new(example("axum"))
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
        Self { _program: Running(program), app, metrics, client: client() }
    }

    pub(crate) async fn get(&self, path: &str) -> u16 {
        self.send(Method::GET, path).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str) -> u16 {
        let uri = format!("http://{}{path}", self.app);
        let request = Request::builder().method(method).uri(uri).body(Empty::new()).unwrap();
        let response = self.client.request(request).await.unwrap();
        let status = response.status().as_u16();
        response.into_body().collect().await.unwrap();
        status
    }

    pub(crate) async fn page(&self) -> Bytes {
        body(&self.client, &format!("http://{}/metrics", self.metrics)).await.unwrap()
    }
}

// ===== impl Orders =====

impl Orders {
    /// Calls itself a few times, and then no more.
    pub(crate) fn idle() -> Self {
        Self::start(&[])
    }

    /// Calls itself all the time.
    pub(crate) fn busy() -> Self {
        Self::start(&["--forever"])
    }

    fn start(args: &[&str]) -> Self {
        let mut program = Command::new(example("tonic"))
            .args(["--metrics-addr", "127.0.0.1:0"])
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the example starts");
        let mut lines = BufReader::new(program.stdout.take().unwrap()).lines().map(Result::unwrap);
        let line = lines.find(|line| line.starts_with("metrics")).expect("it says where they are");
        let (_, address) = line.split_once("http://").unwrap();
        Self { metrics: address.split('/').next().unwrap().to_owned(), _program: Running(program) }
    }
}

// ===== impl Server =====

impl Server {
    /// Starts a Prometheus with this configuration, in whose folder it keeps its data.
    pub(crate) fn prometheus(config: &Path) -> Self {
        Self::prometheus_with(config, &[])
    }

    pub(crate) fn prometheus_with(config: &Path, more: &[&str]) -> Self {
        let addr = free_address();
        let args = [
            format!("--config.file={}", config.display()),
            format!("--storage.tsdb.path={}", config.with_file_name("tsdb").display()),
            format!("--web.listen-address={addr}"),
        ];
        let args: Vec<_> = args.into_iter().chain(more.iter().map(|arg| (*arg).to_owned())).collect();
        Self { _program: Running::start("prometheus", &args), addr, client: client() }
    }

    /// Starts a VictoriaMetrics, which takes what Prometheus writes.
    pub(crate) fn victoria_metrics(scratch: &Scratch) -> Self {
        let addr = free_address();
        let args = [
            format!("-httpListenAddr={addr}"),
            format!("-storageDataPath={}", scratch.path("vm").display()),
            "-retentionPeriod=12".into(),
            "-search.latencyOffset=0s".into(),
        ];
        Self { _program: Running::start("victoria-metrics", &args), addr, client: client() }
    }

    /// What the query gives, at a time of this server's own or at another; the error that it answers.
    pub(crate) async fn ask(&self, query: &str, at: Option<f64>) -> Result<Vec<serde_json::Value>, String> {
        let query: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let at = at.map(|at| format!("&time={at}")).unwrap_or_default();
        let answer =
            body(&self.client, &format!("http://{}/api/v1/query?query={query}{at}", self.addr)).await;
        let answer = answer.ok_or("nobody answers yet")?;
        let answer: serde_json::Value = serde_json::from_slice(&answer).map_err(|error| error.to_string())?;
        match answer["data"]["result"].as_array() {
            Some(results) => Ok(results.clone()),
            None => Err(answer["error"].to_string()),
        }
    }

    /// The sum of what the query gives; `None` where it gives nothing, or nobody answers yet.
    pub(crate) async fn query(&self, query: &str) -> Option<f64> {
        self.query_at(query, None).await
    }

    pub(crate) async fn query_at(&self, query: &str, at: Option<f64>) -> Option<f64> {
        let results = self.ask(query, at).await.ok()?;
        let values =
            results.iter().map(|result| result["value"][1].as_str().unwrap().parse::<f64>().unwrap());
        (!results.is_empty()).then(|| values.sum())
    }

    pub(crate) async fn becomes(&self, query: &str, is_it: impl Fn(f64) -> bool) {
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
        let is_there = timeout(Duration::from_secs(60), waiting).await.is_ok();
        assert!(is_there, "{query} is {last:?}");
    }
}

/// Builds an example, and returns where it is.
pub(crate) fn example(name: &str) -> PathBuf {
    let cargo = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--example", name, "--all-features"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(cargo.expect("cargo starts").success());
    let deps = env::current_exe().unwrap();
    deps.ancestors().nth(2).unwrap().join("examples").join(name)
}

/// An address that nobody listens on, for a program that cannot be asked which it took.
pub(crate) fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

pub(crate) fn client() -> Client<HttpConnector, Empty<Bytes>> {
    Client::builder(TokioExecutor::new()).build_http()
}

pub(crate) async fn body(client: &Client<HttpConnector, Empty<Bytes>>, uri: &str) -> Option<Bytes> {
    let response = client.get(uri.parse().unwrap()).await.ok()?;
    Some(response.into_body().collect().await.ok()?.to_bytes())
}
