//! A Pushgateway: one of this test's that reads what is put, and a real one.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    thread,
    time::Duration,
};

use http::Method;
use tokio::time::{sleep, timeout};

use crate::{
    program::{Program, run},
    programs::{Running, free_address},
    scrape::ask,
};

/// A request as it came: its head, and its body.
fn request(stream: &mut TcpStream) -> (String, String) {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let read = stream.read(&mut chunk).unwrap();
        bytes.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            if body.len() >= length.parse().unwrap() {
                return (head.to_owned(), body.to_owned());
            }
        }
        assert!(read > 0, "the request is cut off");
    }
}

/// Answers the pushes with these, the last of them from then on, and hands over what came.
fn gateway(answers: &'static [&'static str]) -> (u16, mpsc::Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        for (index, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let came = request(&mut stream);
            let status = answers.get(index).or(answers.last()).unwrap();
            let length = "content-length: 13\r\n\r\nno, thank you";
            stream.write_all(format!("HTTP/1.1 {status}\r\n{length}").as_bytes()).unwrap();
            if tell.send(came).is_err() {
                return;
            }
        }
    });
    (port, told)
}

/// How long to wait for a push that does not come.
const LONG: Duration = Duration::from_secs(30);

fn total(page: &str, begin: &str, has: &str) -> f64 {
    let lines = page.lines().filter(|line| line.starts_with(begin) && line.contains(has));
    lines.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()).sum()
}

#[test]
fn the_end_pushes_what_was_called_right_before_it() {
    let (port, pushes) = gateway(&["200 OK"]);
    let uri = format!("pushgateway+http://127.0.0.1:{port}?job=api&instance=pod%207&interval=60m");
    let mut program = Program::start(&uri, 100);
    program.call();
    program.end();

    let (head, page) = pushes.recv_timeout(LONG).expect("the end pushes");
    assert!(head.starts_with("PUT /metrics/job/api/instance/pod%207 HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{head}");
    assert!(head.contains(&format!("host: 127.0.0.1:{port}")), "{head}");
    assert_eq!(total(&page, "http_requests_total{", "status=\"200\""), 90.0);
    assert_eq!(total(&page, "http_requests_total{", ""), 100.0);
    assert_eq!(total(&page, "http_request_duration_seconds_count{", ""), 100.0);
    assert!(page.contains("le=\"0.07\""), "the bounds of the SLA are on it");
    assert!(page.contains("tower_metrics_export_failures_total{exporter=\"pushgateway\"} 0"), "{page}");
    assert!(pushes.try_recv().is_err(), "the interval is an hour");
}

#[test]
fn it_is_pushed_in_every_interval() {
    let (port, pushes) = gateway(&["202 Accepted"]);
    let uri = format!("pushgateway+http://127.0.0.1:{port}/behind/?job=a/b&instance=none&interval=100ms");
    let program = Program::start(&uri, 1);
    for _ in 0..3 {
        let (head, _) = pushes.recv_timeout(LONG).expect("every interval has a push");
        assert!(head.starts_with("PUT /behind/metrics/job@base64/YS9i HTTP/1.1\r\n"), "{head}");
    }
    drop(program);
}

#[test]
fn pushes_that_are_refused_are_counted_and_said_once_and_so_is_that_it_works_again() {
    const REFUSED: &str = "500 Internal Server Error";
    let (port, pushes) = gateway(&["200 OK", REFUSED, REFUSED, REFUSED, "200 OK"]);
    let uri = format!("pushgateway+http://127.0.0.1:{port}?job=api&instance=none&interval=100ms");
    let mut program = Program::start(&uri, 1);
    let failed = |page: &str| total(page, "tower_metrics_export_failures_total{", "pushgateway");
    let push = |_| failed(&pushes.recv_timeout(LONG).expect("every interval has a push").1);
    let failures: Vec<_> = (0..7).map(push).collect();
    assert_eq!(failures, [0.0, 0.0, 1.0, 2.0, 3.0, 3.0, 3.0], "what failed is on the next page");
    program.call();
    let said = program.end();
    let times = |words: &str| said.matches(words).count();
    assert_eq!((times("metrics are not exported"), times("metrics are exported again")), (1, 1), "{said}");
    assert!(said.contains("500 Internal Server Error: no, thank you"), "{said}");
    assert!(!said.contains("job=api"), "what an option says may be a secret: {said}");
}

#[test]
fn a_last_push_that_is_refused_is_the_error_of_the_end() {
    let (port, _pushes) = gateway(&["400 Bad Request"]);
    let output = run(Some(&format!("pushgateway+http://127.0.0.1:{port}?job=api&instance=none")), &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("answered 400 Bad Request: no, thank you"), "{said}");
}

/// Needs `prometheus-pushgateway`, of the Debian package of this name.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Pushgateway"]
async fn a_real_pushgateway_has_the_calls_of_both_replicas() {
    let address = free_address();
    let gateway = Running::start("prometheus-pushgateway", &[format!("--web.listen-address={address}")]);
    let is_there = async {
        while tokio::net::TcpStream::connect(&address).await.is_err() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(30), is_there).await.expect("the Pushgateway answers");
    for (instance, calls) in [("pod-1", 100), ("zone%2Fpod%202", 30)] {
        let uri = format!("pushgateway+http://{address}?job=shop%2Fapi&instance={instance}");
        let calls = tokio::task::spawn_blocking(move || {
            let mut program = Program::start(&uri, calls);
            program.call();
            program.end();
        });
        calls.await.unwrap();
    }
    let page = ask(address.parse().unwrap(), Method::GET, "/metrics", &[]).await;
    let page = String::from_utf8(page.body().to_vec()).unwrap();
    for (instance, calls) in [("pod-1", 100.0), ("zone/pod 2", 30.0)] {
        let instance = format!("instance=\"{instance}\",job=\"shop/api\"");
        assert_eq!(total(&page, "http_requests_total{", &instance), calls, "{page}");
        assert_eq!(total(&page, "http_request_duration_seconds_count{", &instance), calls);
    }
    drop(gateway);
}
