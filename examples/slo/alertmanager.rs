//! What Alertmanager is configured with: who is told of what, and what is not said beside something worse.

use std::collections::BTreeSet;

use tower_metrics::{
    rules::{Alert, Rules},
    sla::Sla,
};

/// The ratios of which a page says enough.
const RATIOS: [Alert; 4] =
    [Alert::HighApiErrorRate, Alert::HighApiLatency, Alert::HighApiLatencyP95, Alert::HighCancellation];

/// With the folder in which Alertmanager finds its secrets.
pub(crate) fn config(promises: &[Sla], rules: &Rules, secrets: &str) -> String {
    let labels = promises.iter().flat_map(Sla::selectors).map(|(label, _)| label);
    let service: BTreeSet<_> = labels.chain(["job"]).collect();
    let service = service.into_iter().collect::<Vec<_>>().join(", ");
    let groups = rules.groups();
    let alerts = groups.iter().flat_map(|group| group.rules()).filter(|rule| rule.is_alert());
    let teams = alerts.flat_map(|alert| alert.added_labels()).filter(|(label, _)| *label == "team");
    let teams: BTreeSet<_> = teams.map(|(_, team)| team).collect();
    let routes: String = teams.iter().map(|team| route(team)).collect();
    let receivers: String = teams.iter().map(|team| receiver(team, secrets)).collect();
    let [burn, down, stuck, watchdog] =
        [Alert::ErrorBudgetBurn, Alert::ServiceDown, Alert::RequestsStuck, Alert::Watchdog]
            .map(|alert| rules.name(alert));
    let [p95, p99] = [Alert::HighApiLatencyP95, Alert::HighApiLatency].map(|alert| rules.name(alert));
    let ratios = RATIOS.map(|alert| rules.name(alert)).join("|");
    format!(
        r#"# prometheus-alertmanager --config.file=alertmanager.yml
# The secrets are in files that only Alertmanager reads, one each: pagerduty-key, slack-url, watchdog-token.
route:
  # What no team is named for.
  receiver: everybody
  group_by: [alertname, {service}, slo]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 4h
  routes:
    # It fires always. Who is told raises an alarm when it stops.
    - receiver: watchdog
      matchers: ['alertname="{watchdog}"']
      group_wait: 0s
      group_interval: 30s
      repeat_interval: 1m
    - receiver: nobody
      matchers: ['severity="info"']
    - receiver: on-call
      matchers: ['severity="critical"']
      continue: true
{routes}    # What no team took, so that what wakes somebody is on Slack too.
    - receiver: everybody
      matchers: ['severity=~"critical|warning"']
inhibit_rules:
  # A page says what its ticket would.
  - source_matchers: ['alertname="{burn}"', 'severity="critical"']
    target_matchers: ['alertname="{burn}"', 'severity="warning"']
    equal: [{service}, slo]
  # And what the ratios of its service would.
  - source_matchers: ['alertname="{burn}"', 'severity="critical"']
    target_matchers: ['alertname=~"{ratios}"']
    equal: [{service}]
  # A high P95 says what a high P99 would.
  - source_matchers: ['alertname="{p95}"']
    target_matchers: ['alertname="{p99}"']
    equal: [{service}]
  # Where no call is answered, each of them is old: of HTTP, or of gRPC.
  - source_matchers: ['alertname="{stuck}"', 'severity="critical"']
    target_matchers: ['alertname="{stuck}"', 'severity="warning"']
    equal: [{service}, instance, metric]
  # Of an instance that is down nothing else needs to be said.
  - source_matchers: ['alertname="{down}"', 'instance!=""']
    target_matchers: ['alertname!="{down}"']
    equal: [{service}, instance]

receivers:
  - name: nobody
  - name: everybody
    slack_configs:
      - api_url_file: {secrets}/slack-url
        channel: '#alerts'
        send_resolved: true
  - name: watchdog
    webhook_configs:
      - url: https://watchdog.example.com/ping
        send_resolved: false
        http_config:
          authorization:
            credentials_file: {secrets}/watchdog-token
  - name: on-call
    pagerduty_configs:
      - routing_key_file: {secrets}/pagerduty-key
        severity: critical
        # The alerts of a group have different summaries: of two instances that are down, say.
        description: '{{{{ (index .Alerts 0).Annotations.summary }}}}{{{{ if gt (len .Alerts) 1 }}}} (one of {{{{ len .Alerts }}}}){{{{ end }}}}'
        links:
          - href: '{{{{ (index .Alerts 0).Annotations.runbook_url }}}}'
            text: runbook
          - href: '{{{{ (index .Alerts 0).Annotations.dashboard_url }}}}'
            text: dashboard
{receivers}"#
    )
}

fn route(team: &str) -> String {
    format!(
        r#"    - receiver: team-{team}
      matchers: ['team="{team}"', 'severity=~"critical|warning"']
"#
    )
}

fn receiver(team: &str, secrets: &str) -> String {
    format!(
        r#"  - name: team-{team}
    slack_configs:
      - api_url_file: {secrets}/slack-url
        channel: '#{team}-team'
        send_resolved: true
        title: '{{{{ .CommonLabels.alertname }}}} ({{{{ .CommonLabels.severity }}}}): {{{{ (index .Alerts 0).Annotations.summary }}}}{{{{ if gt (len .Alerts) 1 }}}} (one of {{{{ len .Alerts }}}}){{{{ end }}}}'
        text: '{{{{ range .Alerts }}}}{{{{ .Annotations.summary }}}} {{{{ .Annotations.description }}}} {{{{ .Annotations.runbook_url }}}}{{{{ "\n" }}}}{{{{ end }}}}'
"#
    )
}
