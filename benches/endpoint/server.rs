//! The application with its metrics, and a bare listener beside it.

use std::{
    convert::Infallible,
    env,
    net::SocketAddr,
    process::{Child, Command},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{net::TcpListener, runtime, time::sleep};
use tower::Layer;
use tower_metrics::{HttpMetricsLayer, exporter::Prometheus};

/// The server as it runs.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) app: SocketAddr,
    pub(crate) metrics: SocketAddr,
    pub(crate) bare: SocketAddr,
}

pub(crate) fn start(sets: usize) -> Server {
    let this = env::current_exe().expect("this program has a file");
    let (child, lines) = crate::again(Command::new(this).args(["serve", &sets.to_string()]), 3);
    let addr = |index: usize| lines[index].parse().expect("it prints its addresses");
    Server { child, app: addr(0), metrics: addr(1), bare: addr(2) }
}

pub(crate) fn serve(sets: usize) {
    let runtime = runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let metrics = Prometheus::new().serve(":0").await.expect("a free port");
        for set in 0..sets {
            let labels = [("endpoint", format!("/route/{set}")), ("status", "2xx".to_owned())];
            metrics::histogram!("http_request_duration_seconds", &labels).record(0.01);
            metrics::counter!("http_requests_total", &labels).increment(1);
        }
        let app = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let bare = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        println!("{}", app.local_addr().expect("it listens"));
        println!("{}", metrics.local_addr().expect("it is served"));
        println!("{}", bare.local_addr().expect("it listens"));
        tokio::spawn(serve_bare(bare));

        let layer = HttpMetricsLayer::new().endpoint(|head| Some(head.uri().path().into()));
        layer.initialize();
        let service = layer.layer(tower::service_fn(answer));
        loop {
            let Ok((stream, _)) = app.accept().await else { continue };
            stream.set_nodelay(true).expect("an option of every socket");
            let service = TowerToHyperService::new(service.clone());
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
}

async fn serve_bare(listener: TcpListener) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let ok = service_fn(async |_: Request<Incoming>| {
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"ok"))))
        });
        tokio::spawn(http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), ok));
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.uri().path() == "/query" {
        sleep(Duration::from_millis(5)).await;
    }
    Ok(Response::new(Full::new(Bytes::from_static(b"hello"))))
}
