//! `calls begun == Σ outcomes + in flight`, exactly, whatever clients do.

use futures_util::{StreamExt, stream};
use http::Request;
use http_body_util::{BodyExt, Empty};
use tokio::sync::Mutex;

use crate::server::{ALL, AnyClient, Host, Server, Version, client};

/// One call of a kind that `n` chooses. What comes of it is the server's to count.
async fn one_of_many(server: &Server, client: &AnyClient, hanging: &Mutex<()>, n: usize) {
    let path = [
        "/ok",
        "/stream",
        "/error",
        "/panic",
        "/hang",
        "/endless",
        "/broken",
        "/trailers",
        "/nowhere",
        "/status204",
    ][n % 10];
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = server.uri(path);
    let call = client.request(request);
    if path == "/hang" {
        // The client leaves once its call waits: it is the only one that can.
        let _turn = hanging.lock().await;
        tokio::select! {
            answer = call => assert!(answer.is_err(), "nothing answers it"),
            () = server.seen.wait_for(1) => {}
        }
        return;
    }
    let Ok(response) = call.await else { return };
    let mut body = response.into_body();
    if path == "/endless" {
        drop(body.frame().await);
    } else {
        drop(body.collect().await);
    }
}

async fn ten_thousand_calls(host: Host, version: Version) {
    let server = Server::start(host).await;
    let client = client(version);
    let hanging = Mutex::new(());
    stream::iter(0..10_000).for_each_concurrent(64, |n| one_of_many(&server, &client, &hanging, n)).await;
    server.assert_balanced().await;

    let outcome = |word| server.counted(&[("outcome", word)]);
    // A connection that broke may make a client ask again.
    assert!(server.begun() >= 9_900, "{}", server.recorder);
    for word in ["completed", "cancelled", "panicked", "body_error", "body_dropped"] {
        assert!(outcome(word) >= 900, "{word}: {}", server.recorder);
    }
    assert_eq!(outcome("error") > 0, host == Host::Hyper, "axum has no errors: {}", server.recorder);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_mixed_calls_to_axum_over_http1_balance() {
    ten_thousand_calls(Host::Axum, Version::Http1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_mixed_calls_to_axum_over_http2_balance() {
    ten_thousand_calls(Host::Axum, Version::Http2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_mixed_calls_to_hyper_over_http1_balance() {
    ten_thousand_calls(Host::Hyper, Version::Http1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_mixed_calls_to_hyper_over_http2_balance() {
    ten_thousand_calls(Host::Hyper, Version::Http2).await;
}

#[tokio::test]
async fn two_hundred_panics_make_the_ratio_of_5xx_one() {
    for (host, version) in ALL {
        let server = Server::start(host).await;
        let client = client(version);
        for _ in 0..200 {
            let request = Request::builder().uri(server.uri("/panic")).body(Empty::new()).unwrap();
            client.request(request).await.unwrap_err();
        }
        server.assert_balanced().await;
        assert_eq!(server.counted(&[]), 200);
        assert_eq!(
            server.counted(&[("status", "500"), ("outcome", "panicked")]),
            200,
            "{host:?} {version:?}"
        );
    }
}
