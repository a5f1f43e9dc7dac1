//! What Prometheus is configured with: the jobs that the rules select, and where the rules are.

use tower_metrics::sla::Sla;

/// The first service listens on port 9000, as the axum example does, and each further one on the next.
pub(crate) fn config(promises: &[Sla]) -> String {
    let jobs: String = promises.iter().zip(9000..).map(|(promise, port)| job(promise, port)).collect();
    // A period is told from its days, and some more, so that none is missing at its end.
    let days =
        promises.iter().map(|promise| promise.period_length().as_secs() / 86_400).max().unwrap_or(30) + 10;
    format!(
        "# prometheus --config.file=prometheus.yml --storage.tsdb.retention.time={days}d
global:
  scrape_interval: 15s
  scrape_timeout: 5s
  evaluation_interval: 30s
  external_labels:
    cluster: demo

rule_files: [rules.yml]

alerting:
  alertmanagers:
    - static_configs:
        - targets: [\"127.0.0.1:9093\"]

scrape_configs:
  # Whether its own rules and notifications fail.
  - job_name: prometheus
    static_configs:
      - targets: [\"127.0.0.1:9090\"]
{jobs}"
    )
}

fn job(promise: &Sla, port: u16) -> String {
    let selectors: String =
        promise.selectors().map(|(label, value)| format!("          {label}: {value:?}\n")).collect();
    format!(
        "  - job_name: {job:?}
    static_configs:
      - targets: [\"127.0.0.1:{port}\"]
        labels:
          service: {service:?}
{selectors}",
        job = promise.job_name(),
        service = promise.name(),
    )
}
