//! The example, scraped by a real Prometheus.
//!
//! `cargo test --test prometheus -- --ignored`, with the Debian package `prometheus` installed.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

#[path = "../support/programs/mod.rs"]
mod programs;

use std::{
    io::Write,
    process::{Command, Stdio},
};

use crate::programs::{Example, Scratch, Server};

/// A Prometheus that scrapes `target` each second, and has done so once.
async fn scraping(scratch: &Scratch, target: &str) -> Server {
    let config = scratch.write(
        "prometheus.yml",
        &format!(
            "scrape_configs: [{{job_name: example, scrape_interval: 1s, static_configs: [{{targets: ['{target}']}}]}}]"
        ),
    );
    let prometheus = Server::prometheus(&config);
    prometheus.becomes("up{job=\"example\"}", |up| up == 1.0).await;
    prometheus
}

#[tokio::test]
#[ignore = "needs the Debian package prometheus"]
async fn the_first_failure_ever_is_an_increase_and_panics_are_errors() {
    let example = Example::start();
    let scratch = Scratch::new("prometheus");
    let prometheus = scraping(&scratch, &example.metrics).await;

    assert_eq!(example.get("/fail").await, 500, "the first call ever of this route fails");
    prometheus
        .becomes(
            "increase(http_requests_total{endpoint=\"/fail\",status=\"500\",outcome=\"completed\"}[1m])",
            |n| n > 0.0,
        )
        .await;

    for _ in 0..200 {
        assert_eq!(example.get("/panic").await, 500);
    }
    prometheus
        .becomes("sum(http_requests_total{endpoint=\"/panic\",outcome=\"panicked\"})", |n| n == 200.0)
        .await;
    let errors = "sum(increase(http_requests_total{endpoint=\"/panic\",status=~\"5..\"}[1m]))";
    let all = "sum(increase(http_requests_total{endpoint=\"/panic\"}[1m]))";
    prometheus.becomes(&format!("{errors} / {all}"), |ratio| ratio == 1.0).await;

    // The class on the histogram is matched by what matches the code on the counter.
    prometheus
        .becomes("sum(http_request_duration_seconds_count{endpoint=\"/panic\",status=~\"5..\"})", |n| {
            n == 200.0
        })
        .await;
    prometheus
        .becomes("sum(http_request_duration_seconds_bucket{endpoint=\"/fail\",le=~\"0.1\"})", |n| n == 1.0)
        .await;
    prometheus.becomes("sum(http_requests_in_flight)", |n| n == 0.0).await;
}

#[tokio::test]
#[ignore = "needs the Debian package prometheus"]
async fn promtool_has_nothing_to_say_about_the_exposition() {
    let example = Example::start();
    for path in ["/users/7", "/fail", "/panic", "/file", "/nowhere", "/echo"] {
        example.get(path).await;
    }
    let page = example.page().await;
    assert!(page.len() > 1_000);

    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("`promtool` starts: apt-get install prometheus");
    promtool.stdin.take().unwrap().write_all(&page).unwrap();
    let said = promtool.wait_with_output().unwrap();
    assert!(said.status.success(), "{said:?}");
    assert_eq!((&*said.stdout, &*said.stderr), (&b""[..], &b""[..]), "{said:?}");
}
