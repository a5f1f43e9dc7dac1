//! What the process takes of the machine: CPU, memory, file descriptors, threads.
//!
//! [`Prometheus::process`](super::Prometheus::process) exports it, read by the crate `metrics-process` whenever a page is
//! rendered. Names and units are those of [Prometheus's client libraries][names], so that dashboards for any process show it:
//!
//! [names]: https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics
//!
//! | metric | kind | what |
//! |---|---|---|
//! | `process_cpu_seconds_total` | counter | CPU time, in user and system mode, in whole seconds |
//! | `process_resident_memory_bytes` | gauge | memory that is in RAM |
//! | `process_virtual_memory_bytes`, `process_virtual_memory_max_bytes` | gauge | address space, and how much there may be |
//! | `process_open_fds`, `process_max_fds` | gauge | open file descriptors, and how many there may be |
//! | `process_threads` | gauge | threads of the operating system |
//! | `process_start_time_seconds` | gauge | when it began, in seconds since 1970 |
//!
//! What the operating system does not tell is not exported; on Linux it tells all of it.
//!
//! ```no_run
//! use tower_metrics::{dashboard::Dashboards, exporter::{Prometheus, process}, sla::Sla};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sla = Sla::new("api").availability(0.999);
//! Prometheus::new().sla(&sla).process().serve("127.0.0.1:9000").await?;
//! // and in Grafana
//! let dashboards = Dashboards::new([&sla]).board("Process", process::catalog().copied());
//! # drop(dashboards);
//! # Ok(())
//! # }
//! ```

use metrics::Unit;
use metrics_process::Collector;

use crate::names::Metric;

/// What is exported, on a system that tells it.
static CATALOG: [Metric; 8] = [
    Metric::counter("process_cpu_seconds_total", Unit::Seconds, &[], "CPU time taken."),
    Metric::gauge("process_resident_memory_bytes", Unit::Bytes, &[], "Memory that is in RAM."),
    Metric::gauge("process_virtual_memory_bytes", Unit::Bytes, &[], "Address space."),
    Metric::gauge("process_virtual_memory_max_bytes", Unit::Bytes, &[], "Address space that there may be."),
    Metric::gauge("process_open_fds", Unit::Count, &[], "Open file descriptors."),
    Metric::gauge("process_max_fds", Unit::Count, &[], "File descriptors that there may be."),
    Metric::gauge("process_threads", Unit::Count, &[], "Threads of the operating system."),
    Metric::gauge("process_start_time_seconds", Unit::Seconds, &[], "When it began, since 1970."),
];

/// Lists what [`Prometheus::process`](super::Prometheus::process) exports: for a
/// [board](crate::dashboard::Dashboards::board), among others.
pub fn catalog() -> impl Iterator<Item = &'static Metric> {
    CATALOG.iter()
}

/// Reads it into the global recorder.
#[derive(Clone, Debug)]
pub(super) struct Process {
    collector: Collector,
}

// ===== impl Process =====

impl Process {
    pub(super) fn described() -> Self {
        let collector = Collector::default();
        collector.describe();
        Self { collector }
    }

    pub(super) fn read(&self) {
        self.collector.collect();
    }
}
