//! A system at work: an example as a program, and calls to it.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    process::{Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::{
    exposition::Page,
    programs::{Running, example, run},
};

/// An example that runs until it is dropped.
pub(crate) struct System {
    program: Running,
    /// By the names that it printed.
    addresses: BTreeMap<String, String>,
    pub(crate) client: Client<HttpConnector, Full<Bytes>>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

/// Waits until it is so.
pub(crate) async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let waiting = async {
        while !is_so().await {
            sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(timeout(Duration::from_secs(60), waiting).await.is_ok(), "it did not come to be: {what}");
}

// ===== impl System =====

impl System {
    /// Builds and starts the example with these arguments, and reads the addresses that it prints: lines of a name and of
    /// `http://HOST:PORT`, until a line that says `ready`.
    pub(crate) fn start(name: &str, args: &[&str]) -> Self {
        let mut child = Command::new(example(name))
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the example starts");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let program = Running::from(child);
        let mut addresses = BTreeMap::new();
        loop {
            let line = lines.next().unwrap_or_else(|| panic!("{name} ended before it was ready")).unwrap();
            if line.starts_with("ready") {
                break;
            }
            let Some((what, address)) = line.split_once("http://") else { continue };
            let address = address.split(['/', ' ']).next().unwrap();
            addresses.insert(what.trim().to_owned(), address.to_owned());
        }
        // A program that prints into a closed pipe ends.
        thread::spawn(move || lines.for_each(drop));
        Self { program, addresses, client: Client::builder(TokioExecutor::new()).build_http() }
    }

    pub(crate) fn address(&self, name: &str) -> &str {
        let address = self.addresses.get(name);
        address.unwrap_or_else(|| panic!("it printed no {name}: {:?}", self.addresses))
    }

    /// Calls one of its addresses.
    pub(crate) async fn send(&self, name: &str, method: Method, path: &str, body: &str) -> Answer {
        self.send_with(name, method, path, &[("content-type", "application/json")], body).await
    }

    pub(crate) async fn send_with(
        &self,
        name: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request =
            Request::builder().method(method).uri(format!("http://{}{path}", self.address(name)));
        for (header, value) in headers {
            request = request.header(*header, *value);
        }
        let request = request.body(Full::from(body.to_owned())).unwrap();
        let (head, body) = self.client.request(request).await.unwrap().into_parts();
        Answer { status: head.status.as_u16(), body: body.collect().await.unwrap().to_bytes() }
    }

    pub(crate) async fn get(&self, name: &str, path: &str) -> Answer {
        self.send(name, Method::GET, path, "").await
    }

    pub(crate) async fn post(&self, name: &str, path: &str, body: &str) -> Answer {
        self.send(name, Method::POST, path, body).await
    }

    /// What it exports at one of its addresses, read as the specification of the format has it.
    pub(crate) async fn page(&self, name: &str) -> Page {
        let answer = self.get(name, "/metrics").await;
        Page::read(answer.text()).unwrap()
    }

    /// Asks for the page until it is so.
    pub(crate) async fn until(&self, name: &str, what: &str, is_so: impl Fn(&Page) -> bool) {
        until(what, async || is_so(&self.page(name).await)).await;
    }

    /// Tells it to end, as a container's runtime does.
    pub(crate) fn terminate(&self) {
        run("kill", &["-TERM", &self.program.id().to_string()]).unwrap();
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(mut self) -> ExitStatus {
        let ending = async {
            loop {
                match self.program.status() {
                    Some(status) => return status,
                    None => sleep(Duration::from_millis(20)).await,
                }
            }
        };
        timeout(Duration::from_secs(60), ending).await.expect("it ends")
    }
}

// ===== impl Answer =====

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}
