//! What the process takes of the machine, on the page that is served: it follows what the process does.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

#[path = "../support/scrape.rs"]
mod scrape;

use std::{
    collections::BTreeSet,
    fs::File,
    hint::black_box,
    net::SocketAddr,
    sync::{Arc, Barrier},
    thread,
};

use http::Method;
use tower_metrics::{
    exporter::{Prometheus, process},
    names::Kind,
};

use crate::scrape::ask;

async fn get(addr: SocketAddr) -> String {
    let answer = ask(addr, Method::GET, "/metrics", &[]).await;
    String::from_utf8(answer.into_body().to_vec()).unwrap()
}

/// The value of a metric without labels.
fn value(page: &str, name: &str) -> f64 {
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name} is not on the page:\n{page}")).parse().unwrap()
}

#[tokio::test]
async fn the_page_tells_what_the_process_takes_and_follows_it() {
    let handle = Prometheus::new().process().serve("127.0.0.1:0").await.unwrap();
    let addr = handle.local_addr().unwrap();
    let before = get(addr).await;

    // All that is in the catalogue, each of its kind and described; and nothing else of the process.
    let told: BTreeSet<_> = before.lines().filter_map(|line| line.strip_prefix("# TYPE process_")).collect();
    let declared: Vec<_> = process::catalog()
        .map(|metric| {
            let kind = if metric.kind() == Kind::Counter { "counter" } else { "gauge" };
            format!("{} {kind}", metric.name().strip_prefix("process_").unwrap())
        })
        .collect();
    assert_eq!(told, declared.iter().map(String::as_str).collect());
    for metric in process::catalog() {
        assert!(before.contains(&format!("# HELP {} ", metric.name())), "{}", metric.name());
    }

    let began = value(&before, "process_start_time_seconds");
    // When the exporter was installed, a moment ago.
    let now = value(&before, "tower_metrics_upkeep_timestamp_seconds");
    assert!(began <= now + 1.0 && began > now - 3_600.0, "it began at {began}, and it is {now}");

    let end = Arc::new(Barrier::new(9));
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let end = end.clone();
            thread::spawn(move || end.wait())
        })
        .collect();
    let files: Vec<_> = (0..20).map(|_| File::open("/dev/null").unwrap()).collect();
    let memory = black_box(vec![1_u8; 64 << 20]);

    // Until two seconds of CPU are told: what is not counted would never be.
    let cpu = value(&before, "process_cpu_seconds_total");
    let mut page = get(addr).await;
    let mut rounds = 0_u64;
    while value(&page, "process_cpu_seconds_total") < cpu + 2.0 {
        black_box((0..50_000_000_u64).fold(0, |sum: u64, n| sum.wrapping_mul(31).wrapping_add(black_box(n))));
        page = get(addr).await;
        rounds += 1;
        assert!(rounds < 1_000, "so much was worked, and {page} tells nothing of it");
    }
    let more = |name: &str| value(&page, name) - value(&before, name);
    assert!(more("process_threads") >= 8.0, "{}", more("process_threads"));
    assert!(more("process_open_fds") >= 20.0, "{}", more("process_open_fds"));
    assert!(more("process_resident_memory_bytes") >= f64::from(60 << 20), "{page}");

    drop((files, memory));
    end.wait();
    for thread in threads {
        thread.join().unwrap();
    }
}
