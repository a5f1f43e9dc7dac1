//! What Grafana is provisioned with: whom it asks, and where the dashboards are.

use crate::HEAD;

/// Two data sources, of which the dashboards ask the first until somebody chooses the other.
pub(crate) fn datasources() -> String {
    format!(
        "{HEAD}apiVersion: 1
datasources:
  - name: Prometheus
    uid: prometheus
    type: prometheus
    access: proxy
    url: https://prometheus:9090
    isDefault: true
    editable: false
    jsonData:
      httpMethod: POST
      # Of the scrapes: `$__rate_interval` is made of it.
      timeInterval: 15s
      tlsAuthWithCACert: true
    secureJsonData:
      tlsCACert: $__file{{/run/secrets/ca.crt}}
  # What is older than Prometheus keeps.
  - name: VictoriaMetrics
    uid: victoria-metrics
    type: prometheus
    access: proxy
    url: http://victoria-metrics:8428
    isDefault: false
    editable: false
    jsonData:
      httpMethod: POST
      timeInterval: 15s
"
    )
}

/// The folder of dashboards, which nobody can save over.
pub(crate) fn dashboards() -> String {
    format!(
        "{HEAD}apiVersion: 1
providers:
  - name: tower-metrics
    type: file
    disableDeletion: true
    allowUiUpdates: false
    updateIntervalSeconds: 30
    options:
      path: /etc/grafana/dashboards
"
    )
}
