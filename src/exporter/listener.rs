//! The listener that serves `/metrics`, the page for people where that is asked for, and nothing else.

use std::{convert::Infallible, io, sync::Arc, thread, time::Duration};

use http_body_util::Full;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime,
    sync::oneshot,
    time,
};

use super::{
    Error,
    answer::{Answer, Renders},
    connections::{Connections, Progress, Room},
    error::Kind,
    token::Token,
};

/// How long a client may take to send its request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection may be there, for request, page and reading together. No scrape of a Prometheus waits longer
/// unless it is told to.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(60);

/// How much the head of a request may take in memory.
const HEAD_BYTES: usize = 16 << 10;

/// How often it is looked for pages that slow readers hold, where no connection comes.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

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
    let bound = TcpListener::bind(&address).await;
    bound.map_err(|source| Kind::Listen { address, purpose: "/metrics", source }.into())
}

/// Serves on a thread of its own. A page of megabytes for many readers would keep the application's workers from its
/// requests, and workers that are stuck would keep the numbers that tell so from whoever asks.
pub(super) async fn start(listener: TcpListener, token: Option<Token>, renders: Renders) -> io::Result<()> {
    let listener = listener.into_std()?;
    let (tell, told) = oneshot::channel();
    let prepare = move || {
        let runtime = runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let context = runtime.enter();
        let (listener, answer) = (TcpListener::from_std(listener)?, Answer::new(renders, token)?);
        drop(context);
        Ok((runtime, listener, answer))
    };
    thread::Builder::new().name("tower-metrics-listener".into()).spawn(move || match prepare() {
        Ok((runtime, listener, answer)) => {
            drop(tell.send(Ok(())));
            match runtime.block_on(serve(listener, answer)) {}
        }
        Err(error) => drop(tell.send(Err(error))),
    })?;
    told.await.expect("the thread tells before it ends")
}

async fn serve(listener: TcpListener, answer: Answer) -> Infallible {
    let answer = Arc::new(answer);
    let mut connections = Connections::default();
    let mut found_full = 0;
    loop {
        let stream = match time::timeout(LOOK_INTERVAL, listener.accept()).await {
            Ok(Ok((stream, _))) => stream,
            Ok(Err(_)) => {
                time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
            Err(_) => {
                connections.let_old_pages_go();
                continue;
            }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

    use std::net::SocketAddr;

    use bytes::Bytes;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpSocket,
    };

    use super::*;

    /// Far more than the system takes for a reader who does not read.
    const PAGE: usize = 24 << 20;

    const ASK: &str = "GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n";

    async fn served() -> SocketAddr {
        let page = Bytes::from(vec![b'x'; PAGE]);
        served_by(move || page.clone()).await
    }

    async fn served_by(render: impl FnMut() -> Bytes + Send + 'static) -> SocketAddr {
        let listener = bind(":0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let renders = Renders { metrics: Box::new(render), catalog: None };
        tokio::spawn(serve(listener, Answer::new(renders, None).unwrap()));
        addr
    }

    async fn connect(addr: SocketAddr, sends: &str) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let mut stream = socket.connect(addr).await.unwrap();
        stream.write_all(sends.as_bytes()).await.unwrap();
        stream
    }

    /// With no more to do, tokio's paused clock runs ahead.
    async fn pass(duration: Duration) {
        time::pause();
        time::sleep(duration).await;
        time::resume();
    }

    #[tokio::test]
    async fn who_does_not_read_its_answer_is_cut_off_after_a_minute() {
        let addr = served().await;
        let (mut in_time, mut late) = (connect(addr, ASK).await, connect(addr, ASK).await);
        for (stream, after, all) in [(&mut in_time, 50, true), (&mut late, 11, false)] {
            assert_eq!(stream.read_u8().await.unwrap(), b'H');
            pass(Duration::from_secs(after)).await;
            let mut rest = Vec::new();
            drop(stream.read_to_end(&mut rest).await);
            assert_eq!(rest.len() > PAGE, all, "{} bytes", rest.len());
        }
    }

    #[tokio::test]
    async fn who_does_not_send_its_request_is_cut_off_after_10_s() {
        let addr = served().await;
        for sends in ["", "GET /metrics HTTP/1.1\r\nhost:"] {
            let mut stream = connect(addr, sends).await;
            let mut other = connect(addr, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
            // The listener has had the first when it answers the second.
            other.read_to_end(&mut Vec::new()).await.unwrap();
            time::pause();
            let begun = time::Instant::now();
            stream.read_to_end(&mut Vec::new()).await.unwrap();
            assert!((9..15).contains(&begun.elapsed().as_secs()), "{sends:?}: {:?}", begun.elapsed());
            time::resume();
        }
    }

    #[tokio::test]
    async fn who_waits_for_a_page_goes_on_waiting_when_others_come() {
        let (end, ended) = std::sync::mpsc::channel();
        let (tell, mut begun) = tokio::sync::mpsc::unbounded_channel();
        let addr = served_by(move || {
            tell.send(()).unwrap();
            ended.recv().unwrap();
            Bytes::from_static(b"page")
        });
        let addr = addr.await;
        let mut waits = connect(addr, ASK).await;
        begun.recv().await.unwrap();
        let mut silent = Vec::new();
        for _ in 0..200 {
            silent.push(connect(addr, "").await);
        }
        // Those who came first have been closed by those who came after.
        silent[0].read_to_end(&mut Vec::new()).await.unwrap();
        end.send(()).unwrap();
        let mut answer = String::new();
        waits.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("page"), "{answer:?}");
    }

    #[tokio::test]
    async fn a_scrape_gets_through_slow_readers_on_every_connection() {
        let addr = served().await;
        let mut slow = Vec::new();
        for _ in 0..128 {
            slow.push(connect(addr, ASK).await);
        }
        for reader in &mut slow {
            assert_eq!(reader.read_u8().await.unwrap(), b'H');
        }
        let mut answer = Vec::new();
        connect(addr, ASK).await.read_to_end(&mut answer).await.unwrap();
        assert!(answer.len() > PAGE);
    }
}
