//! Debian's Chromium, driven by its own driver.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use fantoccini::{
    Client, ClientBuilder,
    error::CmdError,
    wd::{Capabilities, WebDriverCompatibleCommand},
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use url::{ParseError, Url};

/// A browser, and the driver that it is driven by. Both end when it is dropped.
pub(crate) struct Browser {
    driver: Child,
    address: SocketAddr,
    session: String,
    pub(crate) client: Client,
}

/// A command that only Chromium's driver knows.
#[derive(Debug)]
struct Own {
    path: &'static str,
    parameters: Value,
}

// ===== impl Browser =====

impl Browser {
    /// One with a window of this size, and a profile that nobody had before.
    pub(crate) async fn start(width: u32, height: u32) -> Self {
        // The port that it takes of one family of addresses may be taken of the other: then it ends.
        let (driver, address) = (0..5).find_map(|_| driver()).expect("a driver starts");
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(width, height))
            .connect(&format!("http://{address}"))
            .await
            .expect("the browser starts");
        let session = client.session_id().await.unwrap().expect("it has begun");
        Self { driver, address, session, client }
    }
}

impl Drop for Browser {
    /// Also where a test has failed, and no runtime is left to end it otherwise.
    fn drop(&mut self) {
        let end = || -> io::Result<String> {
            let mut stream = TcpStream::connect(self.address)?;
            // The driver refuses whoever calls it by another name.
            write!(stream, "DELETE /session/{} HTTP/1.1\r\nhost: {}\r\n\r\n", self.session, self.address)?;
            stream.set_read_timeout(Some(Duration::from_secs(10)))?;
            // It answers when the browser has ended, and keeps the connection.
            let mut answer = [0; 64];
            let length = stream.read(&mut answer)?;
            Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
        };
        let ended = end();
        drop(self.driver.kill());
        drop(self.driver.wait());
        let is_ended = ended.as_ref().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"));
        assert!(is_ended || thread::panicking(), "the browser was left behind: {ended:?}");
    }
}

/// A driver and where it listens; none if it ended before it did.
fn driver() -> Option<(Child, SocketAddr)> {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("apt-get install chromium chromium-driver");
    let mut lines = BufReader::new(driver.stdout.take().expect("it is piped")).lines();
    let port = lines.find_map(|line| {
        let line = line.expect("it is text");
        line.split_once("started successfully on port ")?.1.trim_end_matches('.').parse().ok()
    });
    let Some(port) = port else {
        drop(driver.wait());
        return None;
    };
    thread::spawn(move || lines.for_each(drop));
    Some((driver, SocketAddr::from(([127, 0, 0, 1], port))))
}

fn capabilities(width: u32, height: u32) -> Capabilities {
    serde_json::from_value(json!({
        "goog:chromeOptions": { "args": [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            // What it would ask for by itself would be taken for what the page asks for.
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
            "--hide-scrollbars", "--force-device-scale-factor=1", format!("--window-size={width},{height}"),
        ] },
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        "timeouts": { "script": 60_000 },
    }))
    .expect("it is an object")
}

/// What the browser has logged of this kind since it was asked last.
pub(crate) async fn log(client: &Client, kind: &str) -> Vec<Value> {
    let answer = own(client, "se/log", json!({ "type": kind })).await;
    answer.as_array().expect("a log is a list").clone()
}

/// Sends a command of the DevTools protocol.
pub(crate) async fn devtools(client: &Client, command: &str, parameters: Value) -> Value {
    own(client, "goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
}

async fn own(client: &Client, path: &'static str, parameters: Value) -> Value {
    let done: Result<Value, CmdError> = client.issue_cmd(Own { path, parameters }).await;
    done.unwrap_or_else(|error| panic!("{path}: {error}"))
}

impl WebDriverCompatibleCommand for Own {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.parameters.to_string()))
    }
}
