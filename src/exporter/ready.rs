//! What is begun once the recorder of the Prometheus exporter is the global one.

#[cfg(feature = "page")]
use std::sync::Arc;
use std::{net::SocketAddr, time::Duration};

use metrics::Gauge;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;

#[cfg(feature = "process")]
use super::process::Process;
use super::{
    Error, Handle,
    answer::{Render, Renders},
    error::Kind,
    listener,
    token::Token,
    upkeep,
};
#[cfg(feature = "page")]
use crate::page::Told;

/// Upkeep, and the handle.
pub(super) struct Ready {
    pub(super) inner: PrometheusHandle,
    pub(super) upkeep_interval: Duration,
    pub(super) upkept: Gauge,
    #[cfg(feature = "process")]
    pub(super) process: bool,
    #[cfg(feature = "page")]
    pub(super) told: Arc<Told>,
}

/// A listener of `/metrics` that answers nobody yet.
pub(super) struct Bound {
    pub(super) listener: TcpListener,
    pub(super) local_addr: SocketAddr,
    pub(super) token: Option<Token>,
    #[cfg(feature = "page")]
    pub(super) page: bool,
}

// ===== impl Ready =====

impl Ready {
    pub(super) fn start(self) -> Result<Handle, Error> {
        upkeep::keep_up(self.inner.clone(), self.upkeep_interval, self.upkept).map_err(Kind::Upkeep)?;
        Ok(Handle {
            inner: self.inner,
            local_addr: None,
            #[cfg(feature = "process")]
            process: self.process.then(Process::described),
            #[cfg(feature = "page")]
            told: self.told,
        })
    }
}

// ===== impl Bound =====

impl Bound {
    pub(super) async fn serve(self, handle: Handle) -> Result<Handle, Error> {
        let handle = Handle { local_addr: Some(self.local_addr), ..handle };
        let rendered = handle.clone();
        let renders =
            Renders { metrics: Box::new(move || rendered.render().into()), catalog: self.catalog(&handle) };
        listener::start(self.listener, self.token, renders).await.map_err(Kind::Start)?;
        Ok(handle)
    }

    /// What the page for people reads, where that is served.
    #[cfg(feature = "page")]
    fn catalog(&self, handle: &Handle) -> Option<Render> {
        let handle = handle.clone();
        self.page.then(|| Box::new(move || handle.catalog_json().into()) as _)
    }

    #[cfg(not(feature = "page"))]
    fn catalog(&self, _: &Handle) -> Option<Render> {
        None
    }
}
