//! The listener that serves `/metrics`, and nothing else.

use std::{convert::Infallible, sync::Arc, time::Duration};

use http_body_util::Full;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime, time,
};

use super::{
    Error,
    answer::Answer,
    connections::{Connections, Progress, Room},
    error::Kind,
};

/// How long a client may take to send its request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection may be there, for request, page and reading together. No scrape of a Prometheus waits longer
/// unless it is told to.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(60);

/// How much the head of a request may take in memory.
const HEAD_BYTES: usize = 16 << 10;

/// How long to wait after the system had no connection to give, such as no file descriptor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long to wait after so many newcomers found all connections taken: who opens them without end takes no more from
/// the application than that many in this time. Meanwhile, the others stand in the system's queue.
const FULL_PAUSE: (usize, Duration) = (4, Duration::from_millis(1));

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

pub(super) async fn serve(listener: TcpListener, answer: Answer) -> Infallible {
    let answer = Arc::new(answer);
    let mut connections = Connections::default();
    let mut found_full = 0;
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let room = connections.make_room();
        if room != Room::None {
            connections.spawn(|progress| connection(stream, Arc::clone(&answer), progress));
        }
        if room != Room::Free {
            found_full += 1;
        }
        if found_full == FULL_PAUSE.0 {
            found_full = 0;
            time::sleep(FULL_PAUSE.1).await;
        }
    }
}

/// One request, which is all that a scrape is: every limit on it is one on the connection.
async fn connection(stream: TcpStream, answer: Arc<Answer>, progress: Arc<Progress>) {
    let service = service_fn(move |request| {
        progress.asked();
        let (answer, progress) = (Arc::clone(&answer), Arc::clone(&progress));
        async move {
            let response = answer.to(&request).await;
            if response.status().is_success() {
                progress.answered(response.body());
            }
            Ok::<_, Infallible>(response.map(Full::new))
        }
    });
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST_TIMEOUT)
        .keep_alive(false)
        .max_buf_size(HEAD_BYTES);
    let server = server.serve_connection(TokioIo::new(stream), service);
    // A client that breaks off is its own affair; the next one gets a connection of its own.
    drop(time::timeout(CONNECTION_TIMEOUT, server).await);
}
