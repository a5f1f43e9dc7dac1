//! How answers end on the wire, where hyper does not always poll a body to its last `None`.

use std::{io::Write, time::Duration};

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Empty};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tower_http::services::ServeFile;
use tower_metrics::{HttpMetricsLayer, testing::Recorder};

use crate::{
    server::{ALL, Host, Server, Version, client},
    support::in_flight,
};

fn request(method: Method, uri: http::Uri) -> Request<Empty<Bytes>> {
    Request::builder().method(method).uri(uri).body(Empty::new()).unwrap()
}

async fn outcome_of(host: Host, version: Version, method: Method, path: &str, status: &str, outcome: &str) {
    let server = Server::start(host).await;
    let response = client(version).request(request(method.clone(), server.uri(path))).await.unwrap();
    drop(response.into_body().collect().await);
    server.assert_balanced().await;
    let labels = [("status", status), ("outcome", outcome)];
    assert_eq!(server.counted(&labels), 1, "{host:?} {version:?} {method} {path}: {}", server.recorder);
}

#[tokio::test]
async fn a_body_that_hyper_never_polls_is_completed() {
    for (host, version) in ALL {
        outcome_of(host, version, Method::HEAD, "/stream", "200", "completed").await;
        outcome_of(host, version, Method::GET, "/status204", "204", "completed").await;
        outcome_of(host, version, Method::GET, "/status304", "304", "completed").await;
    }
}

#[tokio::test]
async fn trailers_and_streams_are_completed_and_broken_ones_body_error() {
    for (host, version) in ALL {
        outcome_of(host, version, Method::GET, "/trailers", "200", "completed").await;
        outcome_of(host, version, Method::GET, "/stream", "200", "completed").await;
        outcome_of(host, version, Method::GET, "/broken", "200", "body_error").await;
    }
}

#[tokio::test]
async fn a_download_that_is_broken_off_is_body_dropped() {
    for (host, version) in ALL {
        let server = Server::start(host).await;
        let client = client(version);
        let response = client.request(request(Method::GET, server.uri("/endless"))).await.unwrap();
        let mut body = response.into_body();
        body.frame().await.unwrap().unwrap();
        assert_eq!(in_flight(&server.recorder), 1.0, "it is in flight while it is read");
        drop((body, client));
        server.assert_balanced().await;
        assert_eq!(
            server.counted(&[("status", "200"), ("outcome", "body_dropped")]),
            1,
            "{host:?} {version:?}"
        );
    }
}

#[tokio::test]
async fn a_switch_of_protocols_is_upgraded_while_the_socket_lives_on() {
    for host in [Host::Axum, Host::Hyper] {
        let server = Server::start(host).await;
        let mut socket = TcpStream::connect(server.addr).await.unwrap();
        socket
            .write_all(b"GET /upgrade HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n")
            .await
            .unwrap();
        let mut answer = [0; 12];
        socket.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 101");
        server.assert_balanced().await;
        assert_eq!(server.counted(&[("status", "101"), ("outcome", "upgraded")]), 1, "{host:?}");
    }
}

#[tokio::test]
async fn a_file_of_10_mib_is_completed_and_half_of_it_body_dropped() {
    const SIZE: usize = 10 * 1024 * 1024;
    let mut file = tempfile();
    file.1.write_all(&vec![b'.'; SIZE]).unwrap();
    for version in [Version::Http1, Version::Http2] {
        let recorder = Recorder::new();
        let app = axum::Router::new()
            .route_service("/file", ServeFile::new(&file.0))
            .layer(HttpMetricsLayer::axum().recorder(recorder.shared()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri: http::Uri = format!("http://{}/file", listener.local_addr().unwrap()).parse().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });

        let response = client(version).request(request(Method::GET, uri.clone())).await.unwrap();
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes().len(), SIZE);
        settled(&recorder).await;
        let completed = [("endpoint", "/file"), ("status", "200"), ("outcome", "completed")];
        assert_eq!(recorder.counter("http_requests_total", completed), 1, "{version:?}: {recorder}");

        let mut body = client(version).request(request(Method::GET, uri)).await.unwrap().into_body();
        body.frame().await.unwrap().unwrap();
        drop(body);
        settled(&recorder).await;
        assert_eq!(recorder.counter("http_requests_total", [("outcome", "body_dropped")]), 1, "{recorder}");
    }
    std::fs::remove_file(file.0).unwrap();
}

async fn settled(recorder: &Recorder) {
    let settled = async {
        while in_flight(recorder) != 0.0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(1), settled)
        .await
        .expect("nothing is in flight within a second");
}

fn tempfile() -> (std::path::PathBuf, std::fs::File) {
    let path = std::env::temp_dir().join(format!("tower-metrics-test-{}.bin", std::process::id()));
    let file = std::fs::File::create(&path).unwrap();
    (path, file)
}
