//! Clients that attack, dawdle, half-close or leave in the middle of a word.

use std::process::Command;

use hyper_util::{rt::TokioExecutor, server::conn::auto};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    answers::LARGE,
    raw,
    server::{ALL, Host, Server, Version},
    support::{ended, in_flight},
};

// hyper and h2 alone take long over them in a debug build.
const RESETS: u64 = if cfg!(debug_assertions) { 50_000 } else { 100_000 };
const MIB: usize = 1024 * 1024;

#[test]
fn a_storm_of_http2_resets_is_counted_once_each_and_leaves_nothing_behind() {
    let storm = ["--ignored", "--exact", "resets::storm"];
    let alone = Command::new(std::env::current_exe().unwrap()).args(storm).output().unwrap();
    let told = String::from_utf8_lossy(&alone.stdout);
    assert!(
        alone.status.success() && told.contains("1 passed"),
        "{told}{}",
        String::from_utf8_lossy(&alone.stderr)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures the memory of its process, which has to be its own"]
async fn storm() {
    let server = Server::start(Host::Hyper).await;
    let series =
        || ["http_requests_total", "http_request_duration_seconds"].map(|name| server.recorder.series(name));

    resets(&server, RESETS / 10).await;
    server.assert_balanced().await;
    let (memory, known) = (resident(), series());
    for _ in 1..10 {
        resets(&server, RESETS / 10).await;
    }
    server.assert_balanced().await;

    assert_eq!(server.begun(), RESETS);
    // Each path in turn; what answers at once has answered before anybody looks for a reset.
    assert_eq!(server.counted(&[("outcome", "cancelled")]), RESETS / 4, "{}", server.recorder);
    assert_eq!(series(), known);
    // A sample of the recorder's takes 8 bytes of each, in a Vec that doubles.
    let grown = resident().saturating_sub(memory);
    assert!(grown < 50 * RESETS as usize, "{grown} bytes");
}

/// So many requests that are reset in the write that asks for them, as fast as the server lets one.
async fn resets(server: &Server, count: u64) {
    // The server takes offence at more than 20 that it has not even accepted.
    const BATCH: u64 = 8;
    const HANGING: u32 = 2;
    let (mut answers, mut requests) = raw::connect(server.addr).await.into_split();
    let drained = tokio::spawn(async move { tokio::io::copy(&mut answers, &mut tokio::io::sink()).await });
    requests.write_all(&raw::hello()).await.unwrap();
    for first in (0..count).step_by(BATCH as usize) {
        let batch = first..first + BATCH;
        requests.write_all(&batch.flat_map(request_and_reset).collect::<Vec<_>>()).await.unwrap();
        // The last of them hangs: it is begun, and all before it.
        server.seen.wait_for(HANGING).await;
    }
    drained.abort();
}

fn request_and_reset(n: u64) -> Vec<u8> {
    let path = ["/stream", "/endless", "/nowhere", "/hang"][n as usize % 4];
    let stream = 2 * n as u32 + 1;
    [raw::headers(stream, "GET", path), raw::reset(stream)].concat()
}

/// Bytes of this process that are in memory.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_that_makes_the_server_hang_up_balances() {
    for host in [Host::Axum, Host::Hyper] {
        let server = Server::start(host).await;
        for _ in 0..50 {
            let mut socket = raw::connect(server.addr).await;
            raw::ask(&mut socket, Version::Http2, "GET", "/hang").await;
            server.seen.wait_for(1).await;
            // The server may be gone before it has read it all.
            let flood: Vec<_> = (1..1_000).flat_map(request_and_reset).collect();
            drop(socket.write_all(&flood).await);
            raw::read(&mut socket, usize::MAX).await;
        }
        server.assert_balanced().await;
        let cancelled = server.counted(&[("outcome", "cancelled")]);
        assert!(cancelled >= 50 && server.begun() < 25_000, "{host:?}: {}", server.recorder);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_is_in_flight_until_the_server_has_nothing_left() {
    for host in [Host::Axum, Host::Hyper] {
        let server = Server::start(host).await;
        let mut socket = raw::connect(server.addr).await;
        raw::ask(&mut socket, Version::Http1, "GET", "/large-length").await;
        let mut left = LARGE;
        // Two MiB are more than the kernel and hyper keep.
        while left > 2 * MIB {
            in_crumbs(&mut socket, MIB).await;
            left -= MIB;
            assert_eq!((in_flight(&server.recorder), ended(&server.recorder)), (1.0, 0), "{host:?} {left}");
        }
        in_crumbs(&mut socket, left).await;
        server.assert_balanced().await;
        assert_eq!(server.counted(&[("outcome", "completed")]), 1, "{host:?}: {}", server.recorder);
    }
}

async fn in_crumbs(socket: &mut TcpStream, bytes: usize) {
    let mut read = 0;
    while read < bytes {
        let crumb = socket.read(&mut [0; 64]).await.unwrap();
        assert_ne!(crumb, 0, "the server closed the connection");
        read += crumb;
    }
}

// hyper takes a client that has closed its half for one that is gone, unless the answer was there before it looked.
#[tokio::test]
async fn whoever_half_closes_before_the_answer_is_cancelled_where_it_hears_nothing() {
    for host in [Host::Axum, Host::Hyper] {
        for path in ["/ok", "/hang"] {
            let server = Server::start(host).await;
            let mut socket = raw::connect(server.addr).await;
            raw::ask(&mut socket, Version::Http1, "GET", path).await;
            socket.shutdown().await.unwrap();
            let is_answered = raw::read(&mut socket, usize::MAX).await > 0;
            assert!(!is_answered || path == "/ok");
            server.assert_balanced().await;
            let labels = if is_answered {
                [("status", "200"), ("outcome", "completed")]
            } else {
                [("status", "none"), ("outcome", "cancelled")]
            };
            assert_eq!((server.begun(), server.counted(&labels)), (1, 1), "{host:?}: {}", server.recorder);
        }
    }
}

#[tokio::test]
async fn whoever_half_closes_within_the_answer_drops_it() {
    for host in [Host::Axum, Host::Hyper] {
        let server = Server::start(host).await;
        let mut socket = raw::connect(server.addr).await;
        raw::ask(&mut socket, Version::Http1, "GET", "/large-stream").await;
        raw::read(&mut socket, 1).await;
        socket.shutdown().await.unwrap();
        assert!(raw::read(&mut socket, usize::MAX).await < LARGE);
        server.assert_balanced().await;
        assert_eq!(server.counted(&[("outcome", "body_dropped")]), 1, "{host:?}: {}", server.recorder);
    }
}

#[tokio::test]
async fn where_the_server_allows_half_closed_clients_they_are_answered_and_completed() {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().half_close(true);
    let server = Server::start_hyper(builder);
    for path in ["/ok", "/held", "/large-stream"] {
        let mut socket = raw::connect(server.addr).await;
        raw::ask(&mut socket, Version::Http1, "GET", path).await;
        socket.shutdown().await.unwrap();
        if path == "/held" {
            server.seen.wait_for(1).await;
            assert_eq!(in_flight(&server.recorder), 1.0);
            server.seen.released.add_permits(1);
        }
        let least = if path == "/large-stream" { LARGE } else { "HTTP/1.1 200 OK\r\n".len() };
        assert!(raw::read(&mut socket, usize::MAX).await > least, "{path}");
    }
    server.assert_balanced().await;
    let completed = [("status", "200"), ("outcome", "completed")];
    assert_eq!((server.begun(), server.counted(&completed)), (3, 3), "{}", server.recorder);
}

#[tokio::test]
async fn half_a_request_head_begins_no_call() {
    for (host, version) in ALL {
        let server = Server::start(host).await;
        let whole = match version {
            Version::Http1 => b"GET /ok HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
            Version::Http2 => [raw::hello(), raw::headers(1, "GET", "/ok")].concat(),
        };
        for missing in [1, 2, 8] {
            let mut socket = raw::connect(server.addr).await;
            socket.write_all(&whole[..whole.len() - missing]).await.unwrap();
            socket.shutdown().await.unwrap();
            // The server hangs up once it has seen the end.
            raw::read(&mut socket, usize::MAX).await;
        }
        assert_eq!(
            (server.begun(), ended(&server.recorder)),
            (0, 0),
            "{host:?} {version:?}: {}",
            server.recorder
        );
        assert_eq!(server.recorder.series("http_requests_in_flight"), [""; 0], "{host:?} {version:?}");
    }
}

const PIPELINE: [(&str, &str, u64); 5] = [
    ("GET /ok", "200", 2),
    ("HEAD /stream", "200", 1),
    ("GET /status204", "204", 1),
    ("GET /trailers", "200", 1),
    ("GET /nowhere", "404", 3),
];

#[tokio::test]
async fn pipelined_requests_are_counted_once_each() {
    for host in [Host::Axum, Host::Hyper] {
        let server = Server::start(host).await;
        let mut socket = raw::connect(server.addr).await;
        for (request, _, times) in PIPELINE {
            let request = format!("{request} HTTP/1.1\r\nhost: x\r\n\r\n").repeat(times as usize);
            socket.write_all(request.as_bytes()).await.unwrap();
        }
        socket.write_all(b"GET /held HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        server.seen.wait_for(1).await;
        assert_eq!((server.begun(), in_flight(&server.recorder)), (9, 1.0), "{host:?}: {}", server.recorder);
        for (status, times) in [("200", 4), ("204", 1), ("404", 3)] {
            let labels = [("status", status), ("outcome", "completed")];
            assert_eq!(server.counted(&labels), times, "{host:?}: {}", server.recorder);
        }
        server.seen.released.add_permits(1);
        server.assert_balanced().await;
        assert_eq!(server.counted(&[("outcome", "completed")]), 9, "{host:?}: {}", server.recorder);
    }
}
