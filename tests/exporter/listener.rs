//! The listener that serves one page, and what cannot be served.

use std::{net::SocketAddr, time::Duration};

use http::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time,
};
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

    who_does_not_read_its_answer_is_cut_off_after_a_minute(addr).await;
    who_does_not_send_its_request_is_cut_off_after_10_s(addr).await;
}

/// With no more to do, tokio's paused clock runs ahead.
async fn who_does_not_send_its_request_is_cut_off_after_10_s(addr: SocketAddr) {
    for sent in ["", "GET /metrics HTTP/1.1\r\nhost:"] {
        let mut slow = TcpStream::connect(addr).await.unwrap();
        slow.write_all(sent.as_bytes()).await.unwrap();
        // The listener has it.
        assert_eq!(ask(addr, Method::GET, "/", &[]).await.status(), 404);
        time::pause();
        let begun = time::Instant::now();
        slow.read_to_end(&mut Vec::new()).await.unwrap();
        assert!((9..15).contains(&begun.elapsed().as_secs()), "{sent:?}: {:?}", begun.elapsed());
        time::resume();
    }
}

async fn who_does_not_read_its_answer_is_cut_off_after_a_minute(addr: SocketAddr) {
    // Far more than the system takes for a reader who does not read.
    let wide = "x".repeat(1 << 16);
    for number in 0..300 {
        metrics::gauge!("wide", "label" => format!("{number}{wide}")).set(1.0);
    }
    let (mut reads, mut is_late) = tokio::join!(begin(addr), begin(addr));
    for (stream, after, all) in [(&mut reads, 50, true), (&mut is_late, 11, false)] {
        time::pause();
        time::sleep(Duration::from_secs(after)).await;
        time::resume();
        let mut rest = Vec::new();
        drop(stream.read_to_end(&mut rest).await);
        assert_eq!(rest.len() > 300 << 16, all, "{} bytes", rest.len());
    }
}

/// Asks, and reads the first byte of the answer.
async fn begin(addr: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(addr).await.unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'H');
    stream
}
