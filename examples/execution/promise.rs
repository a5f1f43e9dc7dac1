//! What the service promises, said once: for the service itself, and for all that watches it.

use std::time::Duration;

use tower_metrics::{dashboard::Dashboards, sla::Sla};

/// One service, one promise.
pub(crate) fn promises() -> Vec<Sla> {
    vec![promise()]
}

/// What runs commands on servers. 99.5 % of calls are answered well, and 95 % within 250 ms.
pub(crate) fn promise() -> Sla {
    Sla::new("execution")
        .job("execution")
        .alert_label("team", "ops")
        .availability(0.995)
        .latency(0.95, Duration::from_millis(250))
        .high_latency(Duration::from_secs(2))
}

/// Boards of what the service measures beside its requests.
pub(crate) fn boards(dashboards: Dashboards) -> Dashboards {
    dashboards
}
