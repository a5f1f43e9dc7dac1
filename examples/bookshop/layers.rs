//! The promise, and all that measures the shop, made in one place: a test has only to say where it records to.

use std::{sync::Arc, time::Duration};

use tower_metrics::{
    ConnectionMetricsLayer, HttpMetricsLayer, Operation, RejectionLayer, metrics::Recorder, sla::Sla,
};

/// How many orders are taken at once.
pub(crate) const ORDERS_AT_ONCE: usize = 2;

const ENDPOINTS: [(&str, &str); 3] = [("GET", "/books"), ("GET", "/books/{id}"), ("POST", "/orders/{id}")];

pub(crate) fn promise() -> Sla {
    Sla::new("bookshop").availability(0.999).latency(0.99, Duration::from_millis(100))
}

/// What the parts of the shop are measured by.
#[derive(Clone, Debug)]
pub(crate) struct Layers {
    pub(crate) http: HttpMetricsLayer,
    pub(crate) connections: ConnectionMetricsLayer,
    pub(crate) orders: RejectionLayer,
    pub(crate) bank: HttpMetricsLayer,
    pub(crate) query: Operation<1>,
}

// ===== impl Layers =====

impl Layers {
    pub(crate) fn new() -> Self {
        Self {
            http: HttpMetricsLayer::axum().endpoints(ENDPOINTS).sla(&promise()),
            connections: ConnectionMetricsLayer::new("public"),
            orders: RejectionLayer::new("orders"),
            bank: HttpMetricsLayer::client().servers(["bank.example"]),
            query: Operation::new("db_query").labels(["query"]),
        }
    }

    /// Lets all of them record to this recorder, on whichever thread they are called.
    #[cfg_attr(not(test), expect(dead_code, reason = "the program has one recorder, which is global"))]
    pub(crate) fn recorder(self, recorder: &Arc<dyn Recorder + Send + Sync>) -> Self {
        Self {
            http: self.http.recorder(Arc::clone(recorder)),
            connections: self.connections.recorder(Arc::clone(recorder)),
            orders: self.orders.recorder(Arc::clone(recorder)),
            bank: self.bank.recorder(Arc::clone(recorder)),
            query: self.query.recorder(Arc::clone(recorder)),
        }
    }

    /// Makes what is known at startup, at zero.
    pub(crate) fn initialize(&self) {
        self.http.initialize();
        self.bank.initialize();
        for query in ["all", "find", "take"] {
            self.query.initialize_with([query]);
        }
    }
}
