//! The listener that serves one page, and what cannot be served.

use std::io::{Read, Write};

use http::Method;
use tower_metrics::{HttpMetricsLayer, exporter::Prometheus};

use crate::scrape::ask;

/// One test, because there is one global recorder in a process.
#[tokio::test]
async fn it_serves_one_page_to_get_and_head_and_says_what_is_wrong() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = taken.local_addr().map(|addr| (addr, taken)).unwrap();
    let error = Prometheus::new().serve(taken.0.to_string()).await.unwrap_err();
    let message = error.to_string();
    assert!(message.contains(&taken.0.to_string()) && message.contains("port is taken"), "{message}");
    assert_eq!(format!("{error:?}"), message, "what `main` prints is the message");
    assert!(std::error::Error::source(&error).is_some());

    for address in [
        "",
        "localhost",
        "9000x",
        "127.0.0.1",
        "127.0.0.1:",
        ":70000",
        "1.2.3.4:port",
        "http://127.0.0.1:9000",
    ] {
        let message = Prometheus::new().serve(address).await.unwrap_err().to_string();
        assert!(message.contains("HOST:PORT"), "{address}: {message}");
    }
    let message = Prometheus::new().serve("192.0.2.1:0").await.unwrap_err().to_string();
    assert!(message.contains("192.0.2.1:0") && message.contains("this machine"), "{message}");

    // None of the failures left a recorder behind.
    let handle = Prometheus::new().serve(":0").await.unwrap();
    let addr = handle.local_addr().unwrap();
    assert!(addr.ip().is_loopback(), "a port alone is one of this machine");
    HttpMetricsLayer::new().initialize();

    let head = ask(addr, Method::GET, "/metrics", &[]).await;
    assert_eq!(
        (head.status().as_u16(), &head.headers()["content-type"]),
        (200, &"text/plain; version=0.0.4; charset=utf-8".parse().unwrap())
    );
    let page = String::from_utf8(head.body().to_vec()).unwrap();
    assert!(
        page.contains("# TYPE http_requests_total counter") && page.contains("# HELP http_requests_total ")
    );
    assert!(handle.render().contains("tower_metrics_build_info{version=\""));

    let head = ask(addr, Method::HEAD, "/metrics", &[]).await;
    assert_eq!((head.status().as_u16(), head.body().len()), (200, 0));
    assert_eq!(head.headers()["content-length"], page.len().to_string().as_str());

    let head = ask(addr, Method::POST, "/metrics", &[]).await;
    assert_eq!((head.status().as_u16(), &head.headers()["allow"]), (405, &"GET, HEAD".parse().unwrap()));
    for path in ["/", "/metrics/", "/admin"] {
        let head = ask(addr, Method::GET, path, &[]).await;
        assert_eq!((head.status().as_u16(), &head.body()[..]), (404, &b"the metrics are at /metrics\n"[..]));
    }

    let message = Prometheus::new().install().unwrap_err().to_string();
    assert!(message.contains("installed already"), "{message}");

    // This thread is the test's only one, and does nothing else meanwhile.
    let mut stream = std::net::TcpStream::connect(addr).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "it answers while the application is stuck");
}
