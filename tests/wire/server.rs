//! The servers under test, and how a client reaches them.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Empty;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::net::{TcpListener, TcpSocket};
use tower::{BoxError, Service, ServiceBuilder, util::MapRequestLayer};
use tower_metrics::{HttpMetricsLayer, testing::Recorder};

use crate::{
    answers::Seen,
    support::{ended, quiet_panics},
};

pub(crate) type AnyClient = Client<HttpConnector, Empty<Bytes>>;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Host {
    Axum,
    Hyper,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Version {
    Http1,
    Http2,
}

pub(crate) const ALL: [(Host, Version); 4] = [
    (Host::Axum, Version::Http1),
    (Host::Axum, Version::Http2),
    (Host::Hyper, Version::Http1),
    (Host::Hyper, Version::Http2),
];

/// A server whose calls are counted twice: by a counter in front of the Layer, and by the Layer.
pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    pub(crate) recorder: Recorder,
    pub(crate) seen: Arc<Seen>,
}

// ===== impl Server =====

impl Server {
    pub(crate) async fn start(host: Host) -> Self {
        match host {
            Host::Axum => Self::start_axum(),
            Host::Hyper => Self::start_hyper(auto::Builder::new(TokioExecutor::new())),
        }
    }

    fn start_axum() -> Self {
        let (server, listener) = Self::listen();
        let (front, behind) = (Arc::clone(&server.seen), Arc::clone(&server.seen));
        let front = MapRequestLayer::new(move |request: axum::extract::Request| {
            front.begun.fetch_add(1, Ordering::SeqCst);
            request
        });
        let handler =
            async move |request: axum::extract::Request| behind.answer(request).await.unwrap_or_default();
        let app = axum::Router::new()
            .route("/{what}", axum::routing::any(handler))
            .layer(HttpMetricsLayer::axum().recorder(server.recorder.shared()))
            .layer(front);
        tokio::spawn(async move { axum::serve(listener, app).await });
        server
    }

    pub(crate) fn start_hyper(builder: auto::Builder<TokioExecutor>) -> Self {
        let (server, listener) = Self::listen();
        let (front, behind) = (Arc::clone(&server.seen), Arc::clone(&server.seen));
        let service = ServiceBuilder::new()
            .map_request(move |request: Request<hyper::body::Incoming>| {
                front.begun.fetch_add(1, Ordering::SeqCst);
                request
            })
            .layer(HttpMetricsLayer::new().recorder(server.recorder.shared()))
            .service_fn(move |request| {
                let behind = Arc::clone(&behind);
                async move { behind.answer(request).await }
            });
        tokio::spawn(serve(listener, service, builder));
        server
    }

    fn listen() -> (Self, TcpListener) {
        quiet_panics();
        let socket = TcpSocket::new_v4().unwrap();
        // Left alone, the kernel would let it grow beyond any body.
        socket.set_send_buffer_size(64 * 1024).unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let listener = socket.listen(1024).unwrap();
        let addr = listener.local_addr().unwrap();
        (Self { addr, recorder: Recorder::new(), seen: Arc::new(Seen::new()) }, listener)
    }

    pub(crate) fn uri(&self, path: &str) -> http::Uri {
        format!("http://{}{path}", self.addr).parse().unwrap()
    }

    pub(crate) fn counted(&self, labels: &[(&str, &str)]) -> u64 {
        self.recorder.counter("http_requests_total", labels)
    }

    /// Waits until nothing is in flight, for a second at most, and asserts that nothing was lost on the way.
    pub(crate) async fn assert_balanced(&self) {
        // A call that ends leaves the gauge before it is counted, and a client may be gone before its call begins.
        let is_balanced = self.recorder.until(|it| self.begun() == ended(it) && it.balance().is_ok());
        let is_balanced = tokio::time::timeout(Duration::from_secs(1), is_balanced).await;
        assert!(is_balanced.is_ok(), "{} calls were begun: {}", self.begun(), self.recorder);
        self.recorder.assert_balanced();
    }

    /// Calls that were begun, as counted in front of the Layer.
    pub(crate) fn begun(&self) -> u64 {
        self.seen.begun.load(Ordering::SeqCst)
    }

    /// Calls that the service behind the Layer has answered.
    pub(crate) fn answered(&self) -> u64 {
        self.seen.answered.load(Ordering::SeqCst)
    }
}

/// Whether it comes true within a second.
pub(crate) async fn soon(is_true: impl Fn() -> bool) -> bool {
    let comes_true = async {
        while !is_true() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(1), comes_true).await.is_ok()
}

pub(crate) fn client(version: Version) -> AnyClient {
    Client::builder(TokioExecutor::new()).http2_only(version == Version::Http2).build_http()
}

async fn serve<S, B>(listener: TcpListener, service: S, builder: auto::Builder<TokioExecutor>)
where
    S: Service<Request<hyper::body::Incoming>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let service = TowerToHyperService::new(service.clone());
        let builder = builder.clone();
        tokio::spawn(async move {
            // Connections break off here by design.
            drop(builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await);
        });
    }
}
