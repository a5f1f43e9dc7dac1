//! The listener of `/metrics` among callers of every kind: strangers, many, slow ones, and scrapers as they are.
//!
//! A binary of its own, because a process has one listener, and this one asks for a token.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

#[path = "../support/scrape.rs"]
mod scrape;

use std::{
    collections::BTreeSet, error::Error as _, io, net::SocketAddr, sync::LazyLock, thread, time::Duration,
};

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Method, Response};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime,
    sync::{Mutex, MutexGuard},
    time::timeout,
};
use tower_metrics::exporter::Prometheus;

use crate::scrape::{ask, exchange};

const TOKEN: &str = "s3cret-Token_0123456789";
const BEARER: (&str, &str) = ("authorization", "Bearer s3cret-Token_0123456789");
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The one listener of this process, on a runtime that no test ends.
static LISTENER: LazyLock<SocketAddr> = LazyLock::new(|| {
    let (tell, told) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let handle = Prometheus::new().bearer_token(TOKEN).serve(":0").await.unwrap();
            for series in 0..300 {
                metrics::histogram!("load_seconds", "series" => series.to_string()).record(0.1);
            }
            tell.send(handle.local_addr().unwrap()).unwrap();
            std::future::pending::<()>().await;
        });
    });
    told.recv().unwrap()
});

/// One at a time: a test that opens a thousand connections closes those of the others.
static TURN: Mutex<()> = Mutex::const_new(());

async fn listener() -> (MutexGuard<'static, ()>, SocketAddr) {
    (TURN.lock().await, *LISTENER)
}

async fn scrape(addr: SocketAddr, accept: &str) -> Response<Bytes> {
    ask(addr, Method::GET, "/metrics", &[BEARER, ("accept", accept)]).await
}

#[tokio::test]
async fn who_does_not_show_the_token_gets_a_bare_401_whatever_it_asks_for() {
    let (_turn, addr) = listener().await;
    let wrong: [&[_]; 12] = [
        &[],
        &[("authorization", "")],
        &[("authorization", "Bearer")],
        &[("authorization", "Bearer ")],
        &[("authorization", "Bearer s3cret-Token_012345678")],
        &[("authorization", "Bearer s3cret-Token_01234567890")],
        &[("authorization", "Bearer S3CRET-TOKEN_0123456789")],
        &[("authorization", "Bearers3cret-Token_0123456789")],
        &[("authorization", "Basic s3cret-Token_0123456789")],
        &[("authorization", "Digest s3cret-Token_0123456789")],
        &[("authorization", "s3cret-Token_0123456789")],
        &[("x-authorization", "Bearer s3cret-Token_0123456789")],
    ];
    for headers in wrong {
        for (method, path) in [
            (Method::GET, "/metrics"),
            (Method::HEAD, "/metrics"),
            (Method::POST, "/metrics"),
            (Method::GET, "/"),
        ] {
            let response = ask(addr, method, path, headers).await;
            let names: BTreeSet<_> = response.headers().keys().map(|name| name.as_str()).collect();
            assert_eq!(response.status(), 401, "{headers:?}");
            assert_eq!(response.headers()["www-authenticate"], "Bearer");
            let usual = BTreeSet::from(["connection", "content-length", "date", "www-authenticate"]);
            assert!(names.is_subset(&usual), "{names:?}");
            assert_eq!(response.body(), "");
        }
    }
    let right = ["Bearer", "bearer", "BEARER", "Bearer "].map(|scheme| format!("{scheme} {TOKEN}"));
    let right = right
        .iter()
        .map(|value| async { ask(addr, Method::GET, "/metrics", &[("authorization", value)]).await });
    for response in join_all(right).await {
        assert_eq!(response.status(), 200);
    }
}

#[tokio::test]
async fn who_does_is_told_what_is_wrong_the_path_first_then_the_method_then_the_format() {
    let (_turn, addr) = listener().await;
    let wrong_format = ("accept", "application/openmetrics-text");
    let response = ask(addr, Method::POST, "/", &[BEARER, wrong_format]).await;
    assert_eq!(
        (response.status().as_u16(), &response.body()[..]),
        (404, &b"the metrics are at /metrics\n"[..])
    );
    let response = ask(addr, Method::POST, "/metrics", &[BEARER, wrong_format]).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["allow"]),
        (405, &"GET, HEAD".parse().unwrap())
    );
    let response = ask(addr, Method::HEAD, "/metrics", &[BEARER, wrong_format]).await;
    assert_eq!(response.status(), 406);
    let response = ask(addr, Method::GET, "/metrics", &[BEARER, wrong_format]).await;
    let text = String::from_utf8(response.body().to_vec()).unwrap();
    assert!(response.status() == 406 && text.contains("text/plain; version=0.0.4"), "{text}");
}

#[tokio::test]
async fn every_scraper_there_is_gets_text_and_who_takes_none_is_told() {
    let (_turn, addr) = listener().await;
    let table = [
        (200, ""),
        (200, "*/*"),
        (200, "text/*"),
        (200, "text/plain"),
        (200, "TEXT/Plain; Version=0.0.4"),
        (200, "text/plain;version=\"0.0.4\";charset=utf-8"),
        // Prometheus 2, before and after OpenMetrics, and with native histograms.
        (200, "text/plain;version=0.0.4;q=1,*/*;q=0.1"),
        (200, "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
        (
            200,
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
             text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        ),
        (
            200,
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,\
             text/plain;version=0.0.4;q=0.3,*/*;q=0.1",
        ),
        // Prometheus 3, and the OpenTelemetry collector, which scrapes with its code.
        (
            200,
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
             application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,\
             text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
        ),
        // A Prometheus told to take nothing but protobuf still takes anything rather than nothing.
        (
            200,
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.2,*/*;q=0.1",
        ),
        // A browser.
        (200, "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"),
        // The closest range decides, wherever it stands.
        (200, "*/*;q=0, text/plain"),
        (200, "text/plain;q=0, text/plain;version=0.0.4"),
        (200, "text/plain;version=1.0.0;q=0, text/plain"),
        (406, "*/*, text/plain;q=0"),
        (406, "text/plain;version=0.0.4;q=0.000, text/plain, */*"),
        (406, "*/*;q=0"),
        // The strict mode of the Datadog agent, which could not read text.
        (406, "application/openmetrics-text; version=0.0.1; charset=utf-8"),
        (406, "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"),
        (406, "text/plain;version=1.0.0"),
        (406, "text/html"),
        (406, "application/x;a=\",text/plain,\""),
        // What is no range is passed over.
        (200, "text"),
        (200, ";;;,text/plain"),
        (200, "text/plain;q=high"),
    ];
    let answers = join_all(table.iter().map(|(_, accept)| scrape(addr, accept))).await;
    for ((status, accept), response) in table.iter().zip(answers) {
        assert_eq!(response.status().as_u16(), *status, "{accept}");
        assert_eq!(response.headers()["content-type"] == TEXT, *status == 200, "{accept}");
        assert!(!response.headers().contains_key("content-encoding"));
    }
    let two = [BEARER, ("accept", "application/openmetrics-text"), ("accept", "text/plain")];
    assert_eq!(ask(addr, Method::GET, "/metrics", &two).await.status(), 200);
    assert_eq!(ask(addr, Method::GET, "/metrics", &[BEARER]).await.status(), 200);
}

#[tokio::test]
async fn a_connection_has_one_request_whose_body_is_not_read() {
    let (_turn, addr) = listener().await;
    let get = format!("GET /metrics HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\n\r\n");
    let answers = exchange(addr, &format!("{get}{get}")).await;
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 1);
    assert!(answers.contains("connection: close"), "{answers}");
    let old = exchange(addr, &get.replace("HTTP/1.1", "HTTP/1.0")).await;
    assert!(old.starts_with("HTTP/1.0 200") && old.ends_with('\n'), "{old}");

    let post = "POST /metrics HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\n\r\n";
    assert!(exchange(addr, post).await.starts_with("HTTP/1.1 401"), "it was answered before the body came");
    let long = format!("GET /metrics HTTP/1.1\r\nx: {}", "x".repeat(17_000));
    assert!(exchange(addr, &long).await.starts_with("HTTP/1.1 431"));
}

/// Every scraper raises the counter before it asks: pages that tell one value are one page.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_scrapes_at_once_are_fresh_and_share_a_few_pages() {
    let (_turn, addr) = listener().await;
    let value_in = |response: &Response<Bytes>| -> u64 {
        let page = std::str::from_utf8(response.body()).unwrap();
        let line = page.lines().find(|line| line.starts_with("scrapes_begun_total ")).unwrap();
        line.split_once(' ').unwrap().1.parse().unwrap()
    };
    let counter = metrics::counter!("scrapes_begun_total");
    let scrapes = (1..=100).map(|number| {
        counter.increment(1);
        (number, tokio::spawn(scrape(addr, "*/*")))
    });
    let scrapes: Vec<_> = scrapes.collect();
    for (number, task) in scrapes {
        assert!(value_in(&task.await.unwrap()) >= number, "a page from before");
    }

    let begun = std::sync::atomic::AtomicU64::new(100);
    let scrapes = join_all((0..100).map(|_| async {
        counter.increment(1);
        let least = begun.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let value = value_in(&scrape(addr, "*/*").await);
        assert!(value >= least, "{value} is from before {least}");
        value
    }));
    let pages: BTreeSet<_> = scrapes.await.into_iter().collect();
    assert!(pages.len() <= 10, "{} pages", pages.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scrape_gets_through_a_thousand_slow_sockets() {
    let (_turn, addr) = listener().await;
    let mut slow = Vec::new();
    for number in 0..1_000 {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        // Half of them say nothing at all.
        if number % 2 == 0 {
            drop(stream.write_all(b"GET /metrics HTTP/1.1\r\nx: ").await);
        }
        slow.push(stream);
    }
    assert_eq!(scrape(addr, "*/*").await.status(), 200);
    // Those that have to go are closed, long before their time limit; what is left is what there can be.
    let is_open = |stream: &TcpStream| matches!(stream.try_read(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock);
    let closed = async {
        for stream in &mut slow[..1_000 - 128] {
            drop(stream.read(&mut [0]).await);
        }
    };
    timeout(Duration::from_secs(5), closed).await.expect("they are closed at once");
    let open = slow.iter().filter(|stream| is_open(stream)).count();
    assert!((100..=128).contains(&open), "{open} are open");
}

#[tokio::test]
async fn a_token_that_nobody_can_send_is_refused_and_none_is_shown() {
    for token in ["", " ", "s3cret\n", " s3cret", "s3 cret", "s3cr\u{e9}t", "s3cret\0"] {
        let exporter = Prometheus::new().bearer_token(token);
        assert!(!format!("{exporter:?}").contains("s3"), "{exporter:?}");
        let error = exporter.serve(":0").await.unwrap_err();
        let message = format!("{error} {error:?}");
        assert!(!message.contains("s3") && message.contains("bearer token"), "{message}");
        assert!(error.source().is_none());
    }
    let exporter = Prometheus::new().bearer_token(TOKEN);
    assert!(format!("{exporter:?}").contains("token: Some(Token(..))"), "{exporter:?}");
}
