//! The programs that are looked at, and calls to them.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::LazyLock,
    thread,
};

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;

use crate::exposition::Page;

/// A program at work, until it is dropped.
pub(crate) struct Program {
    child: Child,
    pub(crate) application: String,
    pub(crate) metrics: String,
    client: Client<HttpConnector, Empty<Bytes>>,
}

/// Built here, so that nobody looks at what was built before the last change.
static EXAMPLE: LazyLock<PathBuf> = LazyLock::new(|| {
    let crate_of_it = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let mut cargo = Command::new(env!("CARGO"));
    let built =
        cargo.args(["build", "--example", "axum", "--message-format", "json"]).current_dir(crate_of_it);
    let built = built.stderr(Stdio::inherit()).output().expect("cargo starts");
    let messages = String::from_utf8(built.stdout).expect("it is text");
    let messages = messages.lines().map(|line| serde_json::from_str::<Value>(line).expect("it is JSON"));
    let executable = messages.filter_map(|it| Some(it["executable"].as_str()?.into())).last();
    executable.expect("the example builds")
});

// ===== impl Program =====

impl Program {
    /// The example of the crate.
    pub(crate) fn example(args: &[&str]) -> Self {
        let anywhere = ["--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0"];
        Self::start(Command::new(&*EXAMPLE).args(anywhere).args(args))
    }

    /// The service of this package.
    pub(crate) fn service(args: &[&str]) -> Self {
        Self::start(Command::new(env!("CARGO_BIN_EXE_service")).args(args))
    }

    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let mut address = |of: &str| {
            let line = lines.find(|line| line.as_ref().is_ok_and(|line| line.starts_with(of)));
            let line = line.expect("it says where it listens").expect("it is text");
            let (_, address) = line.split_once("http://").expect("it says an address");
            address.split(['/', ' ', ',']).next().expect("there is a first part").to_owned()
        };
        let (application, metrics) = (address("application"), address("metrics"));
        // A program that prints into a closed pipe ends.
        thread::spawn(move || lines.for_each(drop));
        Self { child, application, metrics, client: Client::builder(TokioExecutor::new()).build_http() }
    }

    pub(crate) async fn call(&self, method: Method, path: &str) -> StatusCode {
        let uri = format!("http://{}{path}", self.application);
        let request = Request::builder().method(method).uri(uri).body(Empty::new()).unwrap();
        let response = self.client.request(request).await.unwrap();
        let status = response.status();
        response.into_body().collect().await.unwrap();
        status
    }

    pub(crate) async fn get(&self, path: &str) -> StatusCode {
        self.call(Method::GET, path).await
    }

    /// So many calls at once, in each of these ways.
    pub(crate) async fn get_each(&self, count: usize, paths: &[&str]) {
        for path in paths {
            join_all((0..count).map(|_| self.get(path))).await;
        }
    }

    /// What it exports, read as the specification of the format has it.
    pub(crate) async fn page(&self) -> Page {
        Page::read(&self.text("/metrics").await).unwrap()
    }

    /// What its listener of metrics answers.
    pub(crate) async fn text(&self, path: &str) -> String {
        let uri = format!("http://{}{path}", self.metrics).parse().unwrap();
        let body = self.client.get(uri).await.unwrap().into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
