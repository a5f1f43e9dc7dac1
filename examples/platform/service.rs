//! What the three services have in common: where they listen, who they are told of, what is measured of each, and their end.

use std::{
    future::pending,
    io::{self, BufRead, BufReader},
    thread,
};

use axum::{Router, error_handling::HandleErrorLayer, http::StatusCode, routing::get};
use tokio::{
    net::TcpListener,
    signal::{self, unix},
    sync::oneshot,
};
use tower::{BoxError, ServiceBuilder, limit::GlobalConcurrencyLimitLayer, load_shed::LoadShedLayer};
use tower_http::catch_panic::CatchPanicLayer;
use tower_metrics::{
    HttpMetricsLayer, RejectionLayer,
    exporter::{Handle, Prometheus},
    sla::Sla,
};

use crate::{faults::Faults, flags::Flags};

/// How many calls a service takes at once.
const MOST_AT_ONCE: usize = 1_000;

/// A service of the platform: what it is called, where it listens unless told otherwise, and the flags that it has beside
/// the common ones.
pub(crate) struct Role {
    pub(crate) name: &'static str,
    pub(crate) port: u16,
    pub(crate) metrics_port: u16,
    pub(crate) flags: &'static [&'static str],
}

/// A service that listens, and answers nobody yet.
pub(crate) struct Service {
    sla: Sla,
    listener: TcpListener,
    metrics: Handle,
    has_faults: bool,
    parent: Option<oneshot::Receiver<()>>,
    pub(crate) peers: Peers,
}

/// Where the services are: `HOST:PORT` each.
#[derive(Clone, Debug)]
pub(crate) struct Peers {
    pub(crate) backend: String,
    pub(crate) engine: String,
    pub(crate) executor: String,
}

// ===== impl Role =====

impl Role {
    pub(crate) fn flags(&self) -> Vec<String> {
        let common =
            ["--addr", "--metrics-addr", "--backend", "--engine", "--executor", "--faults", "--under-parent"];
        common.iter().chain(self.flags).map(|flag| (*flag).to_owned()).collect()
    }
}

// ===== impl Service =====

impl Service {
    /// Serves metrics, listens, prints both addresses, and learns where the others are.
    pub(crate) async fn start(
        role: &Role,
        sla: Sla,
        exporter: Prometheus,
        flags: &Flags,
    ) -> Result<Self, BoxError> {
        let Role { name, port, metrics_port, .. } = role;
        let addr = flags.text("--addr", &format!("127.0.0.1:{port}"));
        let metrics_addr = flags.text("--metrics-addr", &format!("127.0.0.1:{metrics_port}"));
        let metrics = exporter.sla(&sla).process().page().serve(metrics_addr).await?;
        let listener =
            TcpListener::bind(&addr).await.map_err(|error| format!("cannot listen on {addr}: {error}"))?;
        println!("{name:<16}  http://{}", listener.local_addr()?);
        let metrics_addr = metrics.local_addr().expect("it was served");
        println!("{:<16}  http://{metrics_addr}/metrics", format!("{name} metrics"));

        let (peers, parent) = match flags.has("--under-parent") {
            true => Peers::told().map(|(peers, parent)| (peers, Some(parent)))?,
            false => (Peers::given(flags)?, None),
        };
        Ok(Self { sla, listener, metrics, has_faults: flags.has("--faults"), parent, peers })
    }

    /// Answers until told to end.
    pub(crate) async fn serve(
        self,
        app: Router,
        endpoints: &[(&'static str, &'static str)],
        faults: &Faults,
    ) -> Result<(), BoxError> {
        let app = if self.has_faults { app.merge(faults.routes()) } else { app };
        // Above so many at once a call is refused, and counted as such, in the place of all of them becoming slow.
        let overload = ServiceBuilder::new()
            .layer(HandleErrorLayer::new(async |_: BoxError| StatusCode::SERVICE_UNAVAILABLE))
            .layer(RejectionLayer::new("overload").around(LoadShedLayer::new()))
            .layer(GlobalConcurrencyLimitLayer::new(MOST_AT_ONCE));
        let endpoints = endpoints.iter().copied().chain([("GET", "/health")]);
        let layer = HttpMetricsLayer::axum()
            .sla(&self.sla)
            .endpoints(endpoints)
            .in_flight_limit(MOST_AT_ONCE)
            .oldest_start_timestamp();
        layer.initialize();
        // All that the promise needs is exported, with its bounds; what is not would be said here.
        self.sla.check(&self.metrics.render())?.complete()?;
        let app = app
            .layer(overload)
            .route("/health", get(async || "well\n"))
            .layer(layer)
            // Outside, so that the panic passes the metrics before it becomes the 500 that they already tell.
            .layer(CatchPanicLayer::new());

        println!("ready");
        axum::serve(self.listener, app).with_graceful_shutdown(told_to_end(self.parent)).await?;
        Ok(())
    }
}

/// By whoever runs it, or because whoever started it is gone.
async fn told_to_end(parent: Option<oneshot::Receiver<()>>) {
    let parent_is_gone = async {
        match parent {
            Some(parent) => drop(parent.await),
            None => pending().await,
        }
    };
    tokio::select! {
        () = terminated() => {}
        () = parent_is_gone => {}
    }
}

/// Ctrl-C, or what a container's runtime sends first.
pub(crate) async fn terminated() {
    let mut terminate =
        unix::signal(unix::SignalKind::terminate()).expect("a runtime with IO hears of signals");
    tokio::select! {
        _ = signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

// ===== impl Peers =====

impl Peers {
    fn given(flags: &Flags) -> Result<Self, String> {
        Ok(Self {
            backend: flags.peer("--backend", "127.0.0.1:3000")?,
            engine: flags.peer("--engine", "127.0.0.1:8000")?,
            executor: flags.peer("--executor", "127.0.0.1:4000")?,
        })
    }

    /// By the parent, on standard input: a line each. The parent never closes it, so its end is the end of the parent, even
    /// of one that was killed.
    fn told() -> io::Result<(Self, oneshot::Receiver<()>)> {
        let mut lines = BufReader::new(io::stdin()).lines();
        let mut next = || lines.next().unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()));
        let peers = Self { backend: next()?, engine: next()?, executor: next()? };
        let (gone, parent) = oneshot::channel();
        thread::spawn(move || {
            lines.for_each(drop);
            gone.send(())
        });
        Ok((peers, parent))
    }
}
