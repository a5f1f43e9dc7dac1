//! What the three services of the platform promise, said once: for the services themselves, and for all that watches them.

use std::time::Duration;

use tower_metrics::{dashboard::Dashboards, sla::Sla};

/// The services, in the order in which they call each other.
pub(crate) fn promises() -> Vec<Sla> {
    vec![backend(), engine(), executor()]
}

/// What users call: 99.5 % of calls are answered well, and 95 % within 250 ms.
pub(crate) fn backend() -> Sla {
    Sla::new("backend")
        .job("platform-backend")
        .alert_label("team", "api")
        .availability(0.995)
        .latency(0.95, Duration::from_millis(250))
        .high_latency(Duration::from_secs(2))
}

/// What judges the last hour: 95 % of inferences within 500 ms.
pub(crate) fn engine() -> Sla {
    Sla::new("engine")
        .job("platform-engine")
        .alert_label("team", "ml")
        .availability(0.99)
        .high_latency(Duration::from_secs(2))
}

/// What acts.
pub(crate) fn executor() -> Sla {
    Sla::new("executor")
        .job("platform-executor")
        .alert_label("team", "ops")
        .availability(0.99)
        .high_latency(Duration::from_secs(2))
}

/// Boards of what the services measure beside their requests.
pub(crate) fn boards(dashboards: Dashboards) -> Dashboards {
    dashboards
}
