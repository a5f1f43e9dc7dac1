//! The servers under test, and how a client reaches them.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::net::TcpListener;
use tower::{BoxError, Service, ServiceBuilder, util::MapRequestLayer};
use tower_metrics::{HttpMetricsLayer, testing::Recorder};

use crate::support::{ended, in_flight, quiet_panics};

pub(crate) type AnyBody = UnsyncBoxBody<Bytes, BoxError>;
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
    begun: Arc<AtomicU64>,
}

// ===== impl Server =====

impl Server {
    pub(crate) async fn start(host: Host) -> Self {
        quiet_panics();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (recorder, begun) = (Recorder::new(), Arc::new(AtomicU64::new(0)));
        let count = Arc::clone(&begun);
        match host {
            Host::Axum => {
                let front = MapRequestLayer::new(move |request: axum::extract::Request| {
                    count.fetch_add(1, Ordering::SeqCst);
                    request
                });
                let handler = async |request: axum::extract::Request| {
                    answer(request).await.unwrap_or_else(|_| Response::new(boxed(Full::default())))
                };
                let app = axum::Router::new()
                    .route("/{what}", axum::routing::any(handler))
                    .layer(HttpMetricsLayer::axum().recorder(recorder.shared()))
                    .layer(front);
                tokio::spawn(async move { axum::serve(listener, app).await });
            }
            Host::Hyper => {
                let service = ServiceBuilder::new()
                    .map_request(move |request: Request<hyper::body::Incoming>| {
                        count.fetch_add(1, Ordering::SeqCst);
                        request
                    })
                    .layer(HttpMetricsLayer::new().recorder(recorder.shared()))
                    .service_fn(answer);
                tokio::spawn(serve(listener, service));
            }
        }
        Self { addr, recorder, begun }
    }

    pub(crate) fn uri(&self, path: &str) -> http::Uri {
        format!("http://{}{path}", self.addr).parse().unwrap()
    }

    pub(crate) fn counted(&self, labels: &[(&str, &str)]) -> u64 {
        self.recorder.counter("http_requests_total", labels)
    }

    /// Waits until nothing is in flight, for a second at most, and asserts that nothing was lost on the way.
    pub(crate) async fn assert_balanced(&self) {
        let settled = async {
            while in_flight(&self.recorder) != 0.0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let is_settled = tokio::time::timeout(Duration::from_secs(1), settled).await.is_ok();
        assert!(is_settled, "calls are still in flight: {}", self.recorder);
        assert_eq!(self.begun.load(Ordering::SeqCst), ended(&self.recorder), "{}", self.recorder);
        assert_eq!(
            self.recorder.samples("http_request_duration_seconds", &[]).len() as u64,
            ended(&self.recorder)
        );
    }

    /// Calls that were begun, as counted in front of the Layer.
    pub(crate) fn begun(&self) -> u64 {
        self.begun.load(Ordering::SeqCst)
    }
}

pub(crate) fn client(version: Version) -> AnyClient {
    Client::builder(TokioExecutor::new()).http2_only(version == Version::Http2).build_http()
}

async fn serve<S, B>(listener: TcpListener, service: S)
where
    S: Service<Request<hyper::body::Incoming>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let service = TowerToHyperService::new(service.clone());
        tokio::spawn(async move {
            let server = auto::Builder::new(TokioExecutor::new());
            // Connections break off here by design.
            drop(server.serve_connection_with_upgrades(TokioIo::new(stream), service).await);
        });
    }
}

async fn answer<B>(request: Request<B>) -> Result<Response<AnyBody>, BoxError> {
    let chunk = || Frame::data(Bytes::from_static(&[b'.'; 1024]));
    Ok(match request.uri().path() {
        "/ok" => Response::new(boxed(Full::from("ok"))),
        "/status204" => Response::builder().status(204).body(boxed(Full::from("never sent")))?,
        "/status304" => Response::builder().status(304).body(boxed(Full::from("never sent")))?,
        "/upgrade" => Response::builder()
            .status(101)
            .header("connection", "upgrade")
            .header("upgrade", "echo")
            .body(boxed(Empty::new()))?,
        "/error" => return Err(io::Error::other("as asked").into()),
        "/panic" => panic!("as asked"),
        "/hang" => std::future::pending().await,
        "/stream" => {
            Response::new(StreamBody::new(stream::repeat_with(move || Ok(chunk())).take(8)).boxed_unsync())
        }
        "/endless" => Response::new(one_by_one(stream::repeat_with(move || Ok(chunk())))),
        "/broken" => Response::new(one_by_one(stream::iter([Ok(chunk()), Err("broken, as asked".into())]))),
        "/trailers" => {
            let frames = [Ok(chunk()), Ok(Frame::trailers(crate::support::trailers()))];
            Response::new(StreamBody::new(stream::iter(frames)).boxed_unsync())
        }
        _ => Response::builder().status(StatusCode::NOT_FOUND).body(boxed(Empty::new()))?,
    })
}

fn boxed(body: impl Body<Data = Bytes, Error = Infallible> + Send + 'static) -> AnyBody {
    body.map_err(|never| match never {}).boxed_unsync()
}

/// A body that is pending before each frame, which makes hyper send what it has.
fn one_by_one(frames: impl Stream<Item = Result<Frame<Bytes>, BoxError>> + Send + 'static) -> AnyBody {
    let frames = frames.then(async |frame| {
        tokio::task::yield_now().await;
        frame
    });
    StreamBody::new(frames).boxed_unsync()
}
