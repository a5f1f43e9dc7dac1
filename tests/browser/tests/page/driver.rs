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
        thread::spawn(move || lines.for_each(drop));
        let address = SocketAddr::from(([127, 0, 0, 1], port.expect("it says on which port it listens")));
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
        let end = || -> io::Result<()> {
            let mut stream = TcpStream::connect(self.address)?;
            write!(stream, "DELETE /session/{} HTTP/1.1\r\nhost: driver\r\n\r\n", self.session)?;
            stream.set_read_timeout(Some(Duration::from_secs(10)))?;
            // It answers when the browser has ended, and keeps the connection.
            stream.read(&mut [0; 64]).map(drop)
        };
        drop(end());
        drop(self.driver.kill());
        drop(self.driver.wait());
    }
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
