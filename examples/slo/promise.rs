//! What the example's service promises: said once, for the service itself (`examples/axum.rs`) and for all that is written
//! about it.

use std::time::Duration;

use tower_metrics::sla::Sla;

/// 99.9 % of calls are answered well and 99 % within 100 ms; reports may take longer; queries are fast.
pub(crate) fn promise() -> Sla {
    Sla::new("shop")
        .job("shop-backend")
        .selector("env", "demo")
        .alert_label("team", "shop") // who is told
        .availability(0.999)
        .latency(0.99, Duration::from_millis(100))
        .head_latency(0.99, Duration::from_millis(100))
        .endpoint("POST", "/reports", |it| it.availability(0.99).latency(0.95, Duration::from_secs(2)))
        .operation("db_query", |it| it.availability(0.999).latency(0.99, Duration::from_millis(50)))
        .streams(["/stream"])
}
