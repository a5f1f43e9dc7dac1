//! A demonstration load: callers as there are, most of them quick, a few slow, wrong or impatient. They come over real
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
        // Of a thousand: a service that just about keeps its promises.
        match self.below(1_000) {
            0 if id < 500 => self.read(Method::GET, "/fail", "").await,
            1..4 => self.read(Method::GET, "/slow", "").await,
            4..6 => drop(timeout(PATIENCE, self.read(Method::GET, "/slow", "")).await),
            6..20 => self.read(Method::GET, "/stream", "").await,
            20..30 => drop(timeout(2 * PATIENCE, self.read(Method::GET, "/stream", "")).await),
            30..40 => self.read(Method::GET, &format!("/scanned/{id}"), "").await,
            40..42 => self.read(Method::GET, "/file", "").await,
            42..82 => self.read(Method::POST, "/reports", "").await,
            82..160 => self.read(Method::POST, "/echo", "as it was sent").await,
            _ => self.read(Method::GET, &format!("/users/{id}"), "").await,
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
