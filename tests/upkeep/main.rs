//! Upkeep runs without being remembered: memory does not grow with the calls that nobody scrapes.
//!
//! A binary of its own, because it installs the global recorder and measures the process.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]
#![cfg(target_os = "linux")]

use std::time::Duration;

use tower_metrics::exporter::Prometheus;

/// Bytes of this process that are in memory.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[test]
fn five_million_samples_that_nobody_scrapes_do_not_stay_in_memory() {
    let _handle = Prometheus::new().upkeep_interval(Duration::from_millis(5)).install().unwrap();
    let histogram = metrics::histogram!("http_request_duration_seconds");
    let before = resident();
    for _ in 0..5_000_000 {
        histogram.record(0.1);
    }
    let grown = resident().saturating_sub(before);
    // Kept, they take 16 bytes each: 80 MB.
    assert!(grown < 40_000_000, "{grown} bytes");
}
