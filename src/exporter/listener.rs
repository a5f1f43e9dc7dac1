//! The listener that serves `/metrics`, and nothing else.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, Response, StatusCode,
    header::{ALLOW, CONTENT_TYPE},
};
use http_body_util::Full;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime, task, time,
};

use super::{Error, Handle, error::Kind};

/// How long a client may take to send its request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait after the system had no connection to give, such as no file descriptor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

const EXPOSITION: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

pub(super) async fn bind(address: &str) -> Result<TcpListener, Error> {
    runtime::Handle::try_current().map_err(|_| Kind::NoRuntime)?;
    let port = address.strip_prefix(':').unwrap_or(address);
    let address = match port.parse::<u16>() {
        Ok(port) => format!("127.0.0.1:{port}"),
        Err(_) => address.to_owned(),
    };
    if !address
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && !host.contains('/') && port.parse::<u16>().is_ok())
    {
        return Err(Kind::Address(address).into());
    }
    // A runtime without timers would fail with the first connection: let it fail now.
    drop(time::sleep(Duration::ZERO));
    TcpListener::bind(&address).await.map_err(|error| Kind::Listen(address, error).into())
}

pub(super) async fn serve(listener: TcpListener, handle: Handle) -> Infallible {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(connection(stream, handle.clone()))),
            Err(_) => time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn connection(stream: TcpStream, handle: Handle) {
    let service = service_fn(move |request| {
        let handle = handle.clone();
        async move { Ok::<_, Infallible>(answer(&request, handle).await) }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(REQUEST_TIMEOUT);
    // A client that breaks off is its own affair; the next one gets a connection of its own.
    drop(server.serve_connection(TokioIo::new(stream), service).await);
}

async fn answer<B>(request: &Request<B>, handle: Handle) -> Response<Full<Bytes>> {
    if request.uri().path() != "/metrics" {
        return plain(StatusCode::NOT_FOUND, "the metrics are at /metrics\n");
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "GET or HEAD\n");
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    // A page of many series takes its time, which the service's own requests must not wait for.
    match task::spawn_blocking(move || handle.render()).await {
        Ok(page) => {
            let mut response = plain(StatusCode::OK, page);
            response.headers_mut().insert(CONTENT_TYPE, EXPOSITION);
            response
        }
        Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "the metrics could not be rendered\n"),
    }
}

fn plain(status: StatusCode, text: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, TEXT);
    response
}
