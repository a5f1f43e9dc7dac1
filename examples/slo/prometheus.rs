//! What Prometheus is configured with: the job that the rules select, and where the rules are.

use tower_metrics::sla::Sla;

pub(crate) fn config(promise: &Sla) -> String {
    let selectors: String =
        promise.selectors().map(|(label, value)| format!("          {label}: {value:?}\n")).collect();
    format!(
        "# prometheus --config.file=prometheus.yml --storage.tsdb.retention.time=40d
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
  - job_name: {job:?}
    static_configs:
      - targets: [\"127.0.0.1:9000\"]
        labels:
          service: {service:?}
{selectors}",
        job = promise.job_name(),
        service = promise.name(),
    )
}
