//! The same Layer on plain hyper: a `service_fn`, an endpoint told by a function, HTTP/1.1 and HTTP/2.
//!
//! ```text
//! cargo run --example hyper
//! ```

use std::{convert::Infallible, error::Error};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::net::TcpListener;
use tower::{ServiceBuilder, service_fn};
use tower_metrics::{HttpMetricsLayer, exporter};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    exporter::Prometheus::new().serve("127.0.0.1:9000").await?;

    let layer = layer();
    layer.initialize();
    let service = ServiceBuilder::new().layer(layer).service(service_fn(hello));

    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!("application  http://127.0.0.1:3000/hello/ada");
    println!("metrics      http://127.0.0.1:9000/metrics");
    loop {
        let (stream, _) = listener.accept().await?;
        let service = TowerToHyperService::new(service.clone());
        tokio::spawn(async move {
            let server = auto::Builder::new(TokioExecutor::new());
            if let Err(error) = server.serve_connection(TokioIo::new(stream), service).await {
                eprintln!("a connection broke off: {error}");
            }
        });
    }
}

pub(crate) fn layer() -> HttpMetricsLayer {
    HttpMetricsLayer::new()
        .endpoints([("GET", "/hello/{name}")])
        .endpoint(|head| head.uri().path().starts_with("/hello/").then(|| "/hello/{name}".into()))
}

pub(crate) async fn hello<B>(request: Request<B>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(match request.uri().path().strip_prefix("/hello/") {
        Some(name) => Response::new(format!("hello, {name}\n").into()),
        None => {
            let mut response = Response::new(Full::default());
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        }
    })
}
