//! A demonstration load: callers as there are, most of them quick, some slow, some wrong, some impatient. They come over real
//! sockets, so that what is measured is what a service measures.

use std::{net::SocketAddr, time::Duration};

use axum::{
    body::Body,
    http::{Method, Request},
};
use http_body_util::BodyExt;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::time::{Instant, sleep, timeout};

/// So many call at once: with their pauses, about a hundred calls a second.
const CALLERS: u64 = 12;

/// In this time the load rises and falls once.
const WAVE: Duration = Duration::from_secs(40);

/// The longest time that an impatient caller waits.
const PATIENCE: Duration = Duration::from_millis(150);

/// One who calls, over and over, without end.
struct Caller {
    client: Client<HttpConnector, Body>,
    addr: SocketAddr,
    /// Of a generator of Marsaglia's, xorshift64: the same callers come each time.
    state: u64,
}

/// Begins to call the application at `addr`, until the program ends.
pub(crate) fn begin(addr: SocketAddr) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    for number in 1..=CALLERS {
        let state = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        tokio::spawn(Caller { client: client.clone(), addr, state }.call_on());
    }
}

// ===== impl Caller =====

impl Caller {
    async fn call_on(mut self) {
        let begun = Instant::now();
        loop {
            self.call().await;
            let phase = begun.elapsed().as_secs_f64() / WAVE.as_secs_f64() * std::f64::consts::TAU;
            let longest = 150.0 - 100.0 * phase.sin();
            sleep(Duration::from_secs_f64(f64::from(self.below(100)) / 100.0 * longest / 1e3)).await;
        }
    }

    /// What becomes of a call is for the metrics to tell.
    async fn call(&mut self) {
        let id = self.below(1_000);
        match self.below(100) {
            0..75 => self.read(Method::GET, &format!("/users/{id}"), "").await,
            75..83 => self.read(Method::POST, "/echo", "as it was sent").await,
            83..88 => self.read(Method::GET, "/slow", "").await,
            88..90 => drop(timeout(PATIENCE, self.read(Method::GET, "/slow", "")).await),
            90..94 => self.read(Method::POST, "/reports", "").await,
            94..96 => drop(timeout(2 * PATIENCE, self.read(Method::GET, "/stream", "")).await),
            96 => self.read(Method::GET, "/fail", "").await,
            97 => self.read(Method::GET, "/file", "").await,
            98 => self.read(Method::GET, &format!("/scanned/{id}"), "").await,
            _ => self.read(Method::GET, "/stream", "").await,
        }
    }

    async fn read(&self, method: Method, path: &str, body: &'static str) {
        let request = Request::builder().method(method).uri(format!("http://{}{path}", self.addr));
        let request = request.body(Body::from(body)).expect("its parts are right");
        if let Ok(mut response) = self.client.request(request).await {
            while let Some(Ok(_)) = response.body_mut().frame().await {}
        }
    }

    fn below(&mut self, end: u32) -> u32 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        u32::try_from(self.state % u64::from(end)).expect("it is below a number that fits")
    }
}
