//! What is begun once the recorder of the Prometheus exporter is the global one.

use std::{net::SocketAddr, time::Duration};

use metrics::Gauge;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;

#[cfg(feature = "process")]
use super::process::Process;
use super::{Error, Handle, error::Kind, listener, token::Token, upkeep};

/// Upkeep, and the handle.
pub(super) struct Ready {
    pub(super) inner: PrometheusHandle,
    pub(super) upkeep_interval: Duration,
    pub(super) upkept: Gauge,
    #[cfg(feature = "process")]
    pub(super) process: bool,
}

/// A listener of `/metrics` that answers nobody yet.
pub(super) struct Bound {
    pub(super) listener: TcpListener,
    pub(super) local_addr: SocketAddr,
    pub(super) token: Option<Token>,
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
        })
    }
}

// ===== impl Bound =====

impl Bound {
    pub(super) async fn serve(self, handle: Handle) -> Result<Handle, Error> {
        let handle = Handle { local_addr: Some(self.local_addr), ..handle };
        let rendered = handle.clone();
        let render = move || rendered.render().into();
        listener::start(self.listener, self.token, render).await.map_err(Kind::Start)?;
        Ok(handle)
    }
}
