//! The exporter at work: its page, and where that is served.

use std::net::SocketAddr;
#[cfg(feature = "page")]
use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;

#[cfg(feature = "process")]
use super::process::Process;
#[cfg(feature = "page")]
use crate::page::Told;

/// The exporter at work. It goes on when the handle is dropped.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(super) inner: PrometheusHandle,
    pub(super) local_addr: Option<SocketAddr>,
    #[cfg(feature = "process")]
    pub(super) process: Option<Process>,
    #[cfg(feature = "page")]
    pub(super) told: Arc<Told>,
}

// ===== impl Handle =====

impl Handle {
    /// Returns all metrics in the Prometheus text format: to be served by a route of one's own, which whoever
    /// reaches the application can then read.
    ///
    /// ```
    /// # fn routes(handle: tower_metrics::exporter::Handle) -> axum::Router {
    /// use axum::{Router, routing::get};
    ///
    /// Router::new().route("/metrics", get(async move || handle.render()))
    /// # }
    /// ```
    #[must_use]
    pub fn render(&self) -> String {
        #[cfg(feature = "process")]
        self.process.iter().for_each(Process::read);
        self.inner.render()
    }

    /// Returns the catalogue as JSON: every metric with its kind, unit, help, labels, and how many series it has on the page of this
    /// moment, and the promises; see [`page`](crate::page#catalogjson).
    #[cfg(feature = "page")]
    #[cfg_attr(docsrs, doc(cfg(feature = "page")))]
    #[must_use]
    pub fn catalog_json(&self) -> String {
        self.told.catalog(&self.render())
    }

    /// Returns the address of the listener, where there is one.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.local_addr
    }
}
