//! Connections: open, opened, and how long they lived.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

use std::{io, time::Duration};

use axum::{Router, routing::get};
use futures_util::FutureExt;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_metrics::{
    ConnectionMetricsLayer,
    testing::{Clock, MockClock, Recorder},
};

fn measured() -> (Recorder, MockClock, ConnectionMetricsLayer) {
    let recorder = Recorder::new();
    let (clock, time) = Clock::mock();
    let layer = ConnectionMetricsLayer::new("public").recorder(recorder.shared()).clock(clock);
    (recorder, time, layer)
}

fn open(recorder: &Recorder) -> f64 {
    recorder.gauge("connections_open", [("listener", "public")])
}

fn opened(recorder: &Recorder) -> u64 {
    recorder.counter("connections_total", [("listener", "public")])
}

async fn becomes_open(recorder: &Recorder, connections: f64) {
    let waiting = recorder.until(|recorder| open(recorder) == connections);
    tokio::time::timeout(Duration::from_secs(5), waiting)
        .await
        .unwrap_or_else(|_| panic!("{connections}: {recorder}"));
}

#[tokio::test]
async fn connections_to_axum_are_open_as_long_as_their_sockets() {
    let (recorder, time, layer) = measured();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let app = Router::new().route("/", get(async || "hello"));
    tokio::spawn(async move { axum::serve(listener, layer.layer(app.into_make_service())).await });

    let mut sockets = Vec::new();
    for n in 1..=3 {
        sockets.push(TcpStream::connect(addr).await.unwrap());
        becomes_open(&recorder, f64::from(n)).await;
    }
    // Two requests on one connection are one connection.
    for _ in 0..2 {
        sockets[0].write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut answer = [0; 1024];
        assert!(sockets[0].read(&mut answer).await.unwrap() > 0);
    }
    assert_eq!((open(&recorder), opened(&recorder)), (3.0, 3));

    time.advance(Duration::from_secs(90));
    drop(sockets);
    becomes_open(&recorder, 0.0).await;
    assert_eq!(recorder.samples("connection_duration_seconds", [("listener", "public")]), [90.0; 3]);
    assert_eq!(opened(&recorder), 3);
}

#[test]
fn a_guard_is_a_connection_until_it_is_dropped() {
    let (recorder, time, layer) = measured();
    let guards = [layer.open(), layer.open()];
    assert_eq!((open(&recorder), opened(&recorder)), (2.0, 2));
    time.advance(Duration::from_secs(5));
    drop(guards);
    assert_eq!((open(&recorder), opened(&recorder)), (0.0, 2));
    assert_eq!(recorder.samples("connection_duration_seconds", []), [5.0, 5.0]);
}

#[tokio::test]
async fn a_connection_lasts_to_the_last_clone_of_its_service() {
    let (recorder, _, layer) = measured();
    let echo = || service_fn(async |n: u32| Ok::<_, io::Error>(n));
    let mut make = layer.layer(service_fn(move |()| std::future::ready(Ok::<_, io::Error>(echo()))));
    let service = make.ready().await.unwrap().call(()).await.unwrap();
    let clone = service.clone();
    assert_eq!(service.oneshot(7).await.unwrap(), 7);
    assert_eq!(open(&recorder), 1.0);
    drop(clone);
    assert_eq!(open(&recorder), 0.0);
}

#[tokio::test]
async fn a_connection_whose_service_is_not_made_is_closed_at_once() {
    let (recorder, _, layer) = measured();
    let make = layer.layer(service_fn(async |()| Err::<(), _>(io::Error::other("no service"))));
    assert_eq!(make.oneshot(()).await.unwrap_err().to_string(), "no service");
    assert_eq!((open(&recorder), opened(&recorder)), (0.0, 1));

    let (recorder, _, layer) = measured();
    let mut make = layer.layer(service_fn(|()| std::future::pending::<Result<(), io::Error>>()));
    let mut making = Box::pin(make.call(()));
    assert!(making.as_mut().now_or_never().is_none());
    assert_eq!(open(&recorder), 1.0);
    drop(making);
    assert_eq!(open(&recorder), 0.0);
}
