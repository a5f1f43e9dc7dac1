//! Several exporters at once, and the page of Prometheus as it is scraped.

use std::net::TcpListener;

use http::Method;

use crate::{
    program::{Program, run},
    scrape::ask,
    statsd::Server,
};

async fn page(program: &Program) -> String {
    let addr = program.page.as_ref().unwrap().parse().unwrap();
    String::from_utf8(ask(addr, Method::GET, "/metrics", &[]).await.body().to_vec()).unwrap()
}

#[tokio::test]
async fn a_scrape_and_statsd_tell_the_same_calls() {
    let statsd = Server::start();
    let port = statsd.port;
    let mut program =
        Program::start(&format!("prometheus://127.0.0.1:0/metrics, statsd://localhost:{port}"), 100);
    program.call();
    let page = page(&program).await;
    program.end();

    let labels = r#"method="GET",endpoint="/users",status="200",outcome="completed""#;
    assert!(page.contains(&format!("http_requests_total{{{labels}}} 90\n")), "{page}");
    assert!(
        page.contains(
            r#"http_request_duration_seconds_count{method="GET",endpoint="/users",status="2xx"} 90"#
        )
    );
    assert!(page.contains("le=\"0.07\""), "the bounds of the SLA are on it");
    assert!(page.contains("tower_metrics_export_failures_total{exporter=\"statsd\"} 0\n"), "{page}");

    let lines = statsd.lines();
    let samples = lines.iter().filter(|line| line.starts_with("http_request_duration_seconds:")).count();
    assert_eq!(samples, 100);
}

#[tokio::test]
async fn without_a_uri_the_page_is_there_to_be_rendered_and_is_not_served() {
    let mut program = Program::start("prometheus", 1);
    assert_eq!(program.page, None);
    program.call();
    program.end();
}

#[test]
fn none_measures_nothing_and_ends_well() {
    let output = run(Some("none"), &["--calls", "10"]);
    assert!(output.status.success());
    assert!(String::from_utf8(output.stdout).unwrap().contains("called  10 times"));
}

#[test]
fn what_the_environment_does_not_say_is_the_default_and_what_the_program_does_not_know_its_usage() {
    let taken = TcpListener::bind("127.0.0.1:9000");
    for uris in [None, Some(""), Some(" ")] {
        let output = run(uris, &["--calls", "1"]);
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(said.contains("127.0.0.1:9000"), "{said}");
    }
    drop(taken);
    let output = run(Some("promethues://127.0.0.1:1"), &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("METRICS_EXPORTER: \"promethues"), "{said}");
    for args in [&["--call", "1"][..], &["--calls"], &["--calls", "many"]] {
        let output = run(Some("none"), args);
        assert!(!output.status.success());
        assert!(
            String::from_utf8(output.stderr).unwrap().contains("usage: METRICS_EXPORTER='URI"),
            "{args:?}"
        );
    }
}
