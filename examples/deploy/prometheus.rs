//! What Prometheus is configured with: the jobs of the house and of the stack itself, and where each is found.

use tower_metrics::sla::Sla;

use crate::HEAD;

/// What watches the services, by job and port, and so has to be watched too.
pub(crate) const STACK: [(&str, u16); 5] = [
    ("prometheus", 9090),
    ("alertmanager", 9093),
    ("victoria-metrics", 8428),
    ("grafana", 3000),
    ("node", 9100),
];

/// Where the jobs of the services are, in the containers' network.
const SERVICES: [(&str, &str); 6] = [
    ("platform-backend", "backend:9301"),
    ("platform-engine", "engine:9302"),
    ("platform-executor", "executor:9303"),
    ("orchestrator", "orchestrator:9311"),
    ("execution", "execution:9321"),
    ("new-service", "new-service:9331"),
];

/// `/run/secrets` is where containers find their secrets, and what `deploy/start` puts another folder in the place of.
pub(crate) fn config(promises: &[Sla]) -> String {
    let stack: String = STACK.iter().map(|(job, _)| stack_job(job)).collect();
    let services: String = promises.iter().map(service_job).collect();
    format!(
        "{HEAD}# prometheus --config.file=prometheus.yml --storage.tsdb.retention.time={days}d
global:
  scrape_interval: 15s
  scrape_timeout: 5s
  evaluation_interval: 30s
  external_labels:
    house: tower

rule_files: [rules.yml]

alerting:
  alertmanagers:
    - scheme: https
      tls_config: {{ca_file: /run/secrets/ca.crt}}
      file_sd_configs:
        - files: [targets/alertmanager.yml]

# What is asked of months and years.
remote_write:
  - url: http://victoria-metrics:8428/api/v1/write

# Where a job is, `targets` says: Prometheus reads it again when it changes.
scrape_configs:
{stack}{services}",
        days = days(promises),
    )
}

/// Where each job is found by the names of `compose.yaml`: the files of the folder `targets`.
pub(crate) fn targets(promises: &[Sla]) -> Vec<(String, String)> {
    let file = |job: &str, address: &str| (format!("{job}.yml"), format!("{HEAD}- targets: [{address:?}]\n"));
    let stack = STACK.iter().map(|(job, port)| {
        let host = if *job == "node" { "node-exporter" } else { job };
        file(job, &format!("{host}:{port}"))
    });
    let services = promises.iter().map(|promise| {
        let job = promise.job_name();
        let (_, address) = SERVICES
            .iter()
            .find(|(name, _)| *name == job)
            .expect("every service of the house has an address");
        file(job, address)
    });
    stack.chain(services).collect()
}

/// A period is told from its days, and some more, so that none is missing at its end.
fn days(promises: &[Sla]) -> u64 {
    let periods = promises.iter().map(Sla::period_length).map(|period| period.as_secs() / 86_400);
    periods.max().unwrap_or_default() + 10
}

/// VictoriaMetrics is the one that services read history from, and they speak no TLS.
fn stack_job(job: &str) -> String {
    let tls = match job {
        "victoria-metrics" => "",
        _ => "    scheme: https\n    tls_config: {ca_file: /run/secrets/ca.crt}\n",
    };
    format!(
        "  - job_name: {job}
{tls}    file_sd_configs:
      - files: [targets/{job}.yml]
"
    )
}

fn service_job(promise: &Sla) -> String {
    let job = promise.job_name();
    let labels = [("service", promise.name())].into_iter().chain(promise.selectors());
    let labels: String = labels
        .map(|(label, value)| format!("      - {{target_label: {label}, replacement: {value:?}}}\n"))
        .collect();
    format!(
        "  - job_name: {job}
    file_sd_configs:
      - files: [targets/{job}.yml]
    relabel_configs:
{labels}"
    )
}
