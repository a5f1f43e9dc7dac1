//! What the rules were told, and what every rule of one service has in common.

use std::{collections::BTreeMap, time::Duration};

use super::{Alert, Group, Rule, Severity, alert::Setting, link::Dashboards};
use crate::{promql::quoted, sla::Sla};

/// What the rules were told.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) settings: BTreeMap<Alert, Setting>,
    pub(super) min_bad_events: u32,
    pub(super) runbook_url: Option<String>,
    pub(super) dashboards: Option<Dashboards>,
    pub(super) house: String,
}

/// What the alerts of one service carry and read.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// What tells it from every other service.
    pub(super) key: String,
    /// Its job and its selectors.
    labels: Vec<(String, String)>,
    /// The labels by which its series are summed.
    pub(super) by: String,
    /// The matchers of what is recorded of it.
    pub(super) matchers: String,
    pub(super) alert_labels: Vec<(String, String)>,
}

// ===== impl Config =====

impl Config {
    pub(super) fn set(&mut self, alert: Alert) -> &mut Setting {
        self.settings.get_mut(&alert).expect("every alert has a setting")
    }

    pub(super) fn name(&self, alert: Alert) -> &str {
        &self.settings.get(&alert).expect("every alert has a setting").name
    }

    /// The setting of an alert that is on.
    pub(super) fn on(&self, alert: Alert) -> Option<&Setting> {
        self.settings.get(&alert).filter(|setting| setting.is_on)
    }

    /// The alert with its own severity, if it is on.
    pub(super) fn alert(
        &self,
        alert: Alert,
        expr: String,
        labels: &[(String, String)],
        summary: &str,
        description: &str,
    ) -> Option<Rule> {
        let severity = self.on(alert)?.severity;
        self.alert_of(alert, severity, expr, labels, summary, description)
    }

    /// The alert with this severity, if it is on.
    pub(super) fn alert_of(
        &self,
        alert: Alert,
        severity: Severity,
        expr: String,
        labels: &[(String, String)],
        summary: &str,
        description: &str,
    ) -> Option<Rule> {
        let setting = self.on(alert)?;
        let annotation = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let told = [annotation("summary", summary), annotation("description", description)];
        let rule = self.told(&setting.name, expr, setting.hold, told);
        Some(rule.label("severity", severity.as_str()).labels(labels))
    }

    /// An alert with these annotations, and with where to read on.
    pub(super) fn told(
        &self,
        name: &str,
        expr: String,
        hold: Duration,
        annotations: impl IntoIterator<Item = (String, String)>,
    ) -> Rule {
        let runbook = self.runbook_url.as_ref();
        let runbook = runbook.map(|url| ("runbook_url".into(), format!("{url}#{}", name.to_lowercase())));
        Rule {
            name: name.into(),
            expr,
            is_alert: true,
            hold,
            labels: Vec::new(),
            annotations: annotations.into_iter().chain(runbook).collect(),
            part: None,
        }
    }
}

// ===== impl Scope =====

impl Scope {
    pub(super) fn of(sla: &Sla) -> Self {
        let job = [("job".to_owned(), sla.job_name().to_owned())];
        let labels: Vec<_> = job.into_iter().chain(sla.selectors.iter().cloned()).collect();
        let names: Vec<_> = labels.iter().map(|(label, _)| &**label).collect();
        let selectors = sla.selectors.iter().map(|(label, value)| format!(",{label}={value}"));
        let matchers: Vec<_> =
            labels.iter().map(|(label, value)| format!("{label}={}", quoted(value))).collect();
        Self {
            key: format!("{}{}", sla.job_name(), selectors.collect::<String>()),
            by: names.join(", "),
            matchers: matchers.join(","),
            alert_labels: sla
                .alert_labels
                .iter()
                .map(|(name, value)| (name.clone(), untemplated(value)))
                .collect(),
            labels,
        }
    }

    /// The group, of which every rule says whose it is.
    pub(super) fn labelled(&self, mut group: Group) -> Group {
        for rule in &mut group.rules {
            let own = rule.labels.len();
            for (label, value) in &self.labels {
                let value = if rule.is_alert { untemplated(value) } else { value.clone() };
                rule.labels.push((label.clone(), value));
            }
            rule.labels.rotate_left(own);
        }
        group
    }

    /// What was recorded of this service under `name`.
    pub(super) fn recorded(&self, name: &str) -> String {
        format!("{name}{{{}}}", self.matchers)
    }
}

/// A text that Prometheus expands as a template, and that is none.
pub(super) fn untemplated(text: &str) -> String {
    text.replace("{{", "{{ \"{{\" }}")
}
