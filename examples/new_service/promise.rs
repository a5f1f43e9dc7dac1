//! What the service promises, said once: for the service itself, and for all that watches it.

use std::time::Duration;

use tower_metrics::{
    dashboard::Dashboards,
    metrics::Unit::Count,
    names::Metric,
    rules::{CustomAlert, Series},
    sla::Sla,
};

/// What the board shows.
pub(crate) const BOARD: [Metric; 5] = [
    Metric::gauge("service_health_status", Count, &["service_name"], "1 is well, 0 is down."),
    Metric::gauge("queue_depth", Count, &["queue_name"], "What waits."),
    Metric::counter("queue_items_processed_total", Count, &["queue_name"], "What waited and was worked off."),
    Metric::counter("batch_operations_total", Count, &["operation", "status"], "Batches, by how they ended."),
    Metric::counter("cache_requests_total", Count, &["result"], "Look-ups, and what they found."),
];

/// One service, one promise.
pub(crate) fn promises() -> Vec<Sla> {
    vec![promise()]
}

/// The first promise of a new service. 99.5 % of calls are answered well, and 95 % within 250 ms; queries are fast.
pub(crate) fn promise() -> Sla {
    Sla::new("new-service")
        .job("new-service")
        .alert_label("team", "api")
        .availability(0.995)
        .latency(0.95, Duration::from_millis(250))
        .high_latency(Duration::from_secs(2))
        .operation("db_query", |it| it.availability(0.999).latency(0.99, Duration::from_millis(50)))
}

/// What the rules do not tell of by themselves.
pub(crate) fn alerts() -> Vec<CustomAlert> {
    let health = CustomAlert::value_below("DependencyDown", Series::new("service_health_status"), 1.0);
    let health = health.of(&promise()).by(["service_name"]);
    vec![
        health
            .summary("{{ $labels.service_name }} is down.")
            .description("Look whether it runs and can be reached, and at what it says of itself."),
    ]
}

/// Boards of what the service measures beside its requests.
pub(crate) fn boards(dashboards: Dashboards) -> Dashboards {
    dashboards.board("New service", BOARD)
}
