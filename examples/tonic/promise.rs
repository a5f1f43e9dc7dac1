//! What the example's gRPC service promises: said once, for the service itself and for all that `examples/slo` writes about it.

use std::time::Duration;

use tower_metrics::sla::Sla;

/// 99 % of calls are answered well and 99 % within 100 ms; lists may take longer.
pub(crate) fn promise() -> Sla {
    Sla::new("orders").grpc(|it| it.availability(0.99).latency(0.99, Duration::from_millis(100))).grpc_method(
        "shop.Orders",
        "List",
        |it| it.latency(0.95, Duration::from_secs(2)),
    )
}
