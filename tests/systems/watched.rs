//! What watches a system: a Prometheus with its rules, so many times as fast, and an Alertmanager that tells the test.

use std::time::Duration;

use serde_json::Value;
use tokio::{sync::mpsc, time::timeout};

use crate::programs::{Running, Scratch, Server, faster, free_address, receivers};

/// A job of Prometheus: its name, the addresses that it scrapes, and the labels that they are given.
pub(crate) type Job<'a> = (&'a str, Vec<&'a str>, Vec<(&'a str, &'a str)>);

/// What fired in the last minute, but for what always does, what wants 27 days of history, and what fires until a target was
/// scraped for the first time: that takes longer than a hold of a second.
pub(crate) const FIRED: &str =
    "last_over_time(ALERTS{alertstate=\"firing\",alertname!~\"ServiceDown|SloHistoryShort|Watchdog\"}[60s])";

/// 1 while a service is down, and nothing while none is.
pub(crate) const IS_DOWN: &str = "ALERTS{alertstate=\"firing\",alertname=\"ServiceDown\"}";

/// Prometheus and Alertmanager at work.
pub(crate) struct Watched {
    pub(crate) prometheus: Server,
    _alertmanager: Running,
    hears: mpsc::UnboundedReceiver<(String, Value)>,
    /// The alerts that were told, in their order.
    told: Vec<Value>,
    _scratch: Scratch,
}

// ===== impl Watched =====

impl Watched {
    /// Scrapes these jobs each second and judges them by these rules, whose windows and holds are `speed` times as short.
    pub(crate) async fn start(name: &str, jobs: &[Job<'_>], rules: &str, speed: u64) -> Self {
        let scratch = Scratch::new(name);
        scratch.write("rules.yml", &faster(rules, speed));
        let (webhook, hears) = receivers().await;
        scratch.write(
            "alertmanager.yml",
            &format!(
                "route: {{receiver: all, group_by: ['...'], group_wait: 0s, group_interval: 1s}}\n\
                 receivers:\n  - name: all\n    webhook_configs: [{{url: 'http://{webhook}/all'}}]\n"
            ),
        );
        let alertmanager = free_address();
        let program = Running::alertmanager(&scratch, "alertmanager.yml", &alertmanager);
        let jobs: String = jobs
            .iter()
            .map(|(job, addresses, labels)| {
                let labels: String =
                    labels.iter().map(|(label, value)| format!("          {label}: {value:?}\n")).collect();
                let labels = if labels.is_empty() { labels } else { format!("        labels:\n{labels}") };
                format!(
                    "  - job_name: {job:?}\n    static_configs:\n      - targets: {addresses:?}\n{labels}"
                )
            })
            .collect();
        let config = scratch.write(
            "prometheus.yml",
            &format!(
                "global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}\n\
                 rule_files: [rules.yml]\n\
                 alerting: {{alertmanagers: [{{static_configs: [{{targets: [{alertmanager:?}]}}]}}]}}\n\
                 scrape_configs:\n{jobs}"
            ),
        );
        let prometheus = Server::prometheus(&config);
        Self { prometheus, _alertmanager: program, hears, told: Vec::new(), _scratch: scratch }
    }

    /// Waits until somebody is told that this alert, with these labels, is `firing` or `resolved`; returns what was told.
    pub(crate) async fn until(&mut self, alert: &str, status: &str, labels: &[(&str, &str)]) -> Value {
        let is_it = |told: &Value| {
            told["status"] == status
                && told["labels"]["alertname"] == alert
                && labels.iter().all(|(label, value)| told["labels"][*label] == *value)
        };
        let mut from = 0;
        let waiting = async {
            loop {
                if let Some(found) = self.told[from..].iter().find(|told| is_it(told)) {
                    return found.clone();
                }
                from = self.told.len();
                let (_, what) = self.hears.recv().await.unwrap();
                self.told.extend(what["alerts"].as_array().unwrap().iter().cloned());
            }
        };
        let found = timeout(Duration::from_secs(120), waiting).await.ok();
        found.unwrap_or_else(|| panic!("nobody was told that {alert} is {status}: {:#?}", self.told))
    }

    /// Forgets what was told until now, so that the same alert has to be told again.
    pub(crate) fn forget(&mut self) {
        self.hear();
        self.told.clear();
    }

    fn hear(&mut self) {
        while let Ok((_, what)) = self.hears.try_recv() {
            self.told.extend(what["alerts"].as_array().unwrap().iter().cloned());
        }
    }

    /// The alerts that were told as firing until now, each once.
    pub(crate) fn fired(&mut self) -> Vec<String> {
        self.hear();
        let firing = self.told.iter().filter(|told| told["status"] == "firing");
        let mut names: Vec<_> =
            firing.map(|told| told["labels"]["alertname"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names.dedup();
        names
    }
}
