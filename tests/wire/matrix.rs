//! How every kind of body ends, over both protocols, whatever its reader does: no false drop, no missed drop.

use http::Request;
use http_body_util::{BodyExt, Empty};
use tokio::io::AsyncWriteExt;

use crate::{
    answers::LARGE,
    raw,
    server::{Host, Server, Version, client, soon},
    support::{ended, in_flight},
};

#[derive(Clone, Copy, Debug)]
enum Reader {
    ReadsAll,
    LeavesHalfWay,
    ResetsSocket,
    ResetsStream,
    NeverReads,
}

use Reader::{LeavesHalfWay, NeverReads, ReadsAll, ResetsSocket, ResetsStream};

const READERS: [Reader; 5] = [ReadsAll, LeavesHalfWay, ResetsSocket, ResetsStream, NeverReads];

/// The service's doing: it stands while the client still holds on, and whatever comes of the client.
const ENDED: &str = "completed";
const BROKE: &str = "body_error";
/// The client's doing: in flight until it leaves.
const DROPS: &str = "body_dropped";

#[rustfmt::skip]
const MATRIX: [(&str, &str, [&str; 5]); 19] = [
    // request               status  reads all  half-way   TCP reset  RST_STREAM never reads
    ("GET /ok",              "200", [ENDED,     ENDED,     ENDED,     ENDED,     ENDED]),
    ("GET /empty",           "200", [ENDED,     ENDED,     ENDED,     ENDED,     ENDED]),
    ("GET /length",          "200", [ENDED,     ENDED,     ENDED,     ENDED,     ENDED]),
    ("GET /exact",           "200", [ENDED,     ENDED,     ENDED,     ENDED,     ENDED]),
    ("GET /tells-end",       "200", [ENDED,     ENDED,     ENDED,     ENDED,     ENDED]),
    ("GET /stream",          "200", [ENDED,     ENDED,     ENDED,     ENDED,     ENDED]),
    ("GET /trailers",        "200", [ENDED,     ENDED,     ENDED,     ENDED,     ENDED]),
    ("GET /broken",          "200", [BROKE,     BROKE,     BROKE,     BROKE,     BROKE]),
    // No content by method or status: nobody polls such a body.
    ("HEAD /large-file",     "200", [ENDED,     ENDED,     ENDED,     ENDED,     ENDED]),
    ("HEAD /endless",        "200", [ENDED,     ENDED,     ENDED,     ENDED,     ENDED]),
    ("GET /status204",       "204", [ENDED,     ENDED,     ENDED,     ENDED,     ENDED]),
    ("GET /status304",       "304", [ENDED,     ENDED,     ENDED,     ENDED,     ENDED]),
    // One frame, and the server has it all.
    ("GET /large-full",      "200", [ENDED,     ENDED,     ENDED,     ENDED,     ENDED]),
    // More than anybody between the service and its reader can keep.
    ("GET /large-length",    "200", [ENDED,     DROPS,     DROPS,     DROPS,     DROPS]),
    ("GET /large-file",      "200", [ENDED,     DROPS,     DROPS,     DROPS,     DROPS]),
    ("GET /large-stream",    "200", [ENDED,     DROPS,     DROPS,     DROPS,     DROPS]),
    ("GET /large-trailers",  "200", [ENDED,     DROPS,     DROPS,     DROPS,     DROPS]),
    ("GET /large-broken",    "200", [BROKE,     DROPS,     DROPS,     DROPS,     DROPS]),
    ("GET /endless",         "200", [DROPS,     DROPS,     DROPS,     DROPS,     DROPS]),
];

async fn every_cell(host: Host, version: Version) {
    for (request, status, outcomes) in MATRIX {
        for (reader, outcome) in READERS.into_iter().zip(outcomes) {
            let server = Server::start(host).await;
            let cell = Cell { server: &server, version, request, outcome };
            match reader {
                ReadsAll => cell.read_all().await,
                ResetsStream if version == Version::Http1 => continue,
                _ => cell.read_and_leave(reader).await,
            }
            let labels = [("status", status), ("outcome", outcome)];
            let what = format!("{host:?} {version:?} {request} {reader:?}: {}", server.recorder);
            assert_eq!(
                (server.begun(), server.counted(&labels), ended(&server.recorder)),
                (1, 1, 1),
                "{what}"
            );
        }
    }
}

struct Cell<'a> {
    server: &'a Server,
    version: Version,
    request: &'static str,
    outcome: &'static str,
}

// ===== impl Cell =====

impl Cell<'_> {
    /// Reads to the end; twice as much as is large where there is none.
    async fn read_all(&self) {
        let (method, path) = self.request.split_once(' ').unwrap();
        let request =
            Request::builder().method(method).uri(self.server.uri(path)).body(Empty::new()).unwrap();
        let client = client(self.version);
        let mut read = 0;
        if let Ok(answer) = client.request(request).await {
            let mut body = answer.into_body();
            while let Some(Ok(frame)) = body.frame().await {
                read += frame.data_ref().map_or(0, |data| data.len());
                if read > 2 * LARGE {
                    self.assert_is_in_flight();
                    break;
                }
            }
        }
        // The connection is kept for another request.
        self.server.assert_balanced().await;
        drop(client);
    }

    async fn read_and_leave(&self, reader: Reader) {
        let (method, path) = self.request.split_once(' ').unwrap();
        let mut socket = raw::connect(self.server.addr).await;
        raw::ask(&mut socket, self.version, method, path).await;
        let bytes = match reader {
            NeverReads => 0,
            LeavesHalfWay if self.outcome == DROPS => LARGE / 2,
            _ => 1,
        };
        let read = raw::read(&mut socket, bytes).await;
        assert!(read == bytes || self.outcome == BROKE, "{} {reader:?}: {read} bytes", self.request);

        assert!(soon(|| self.server.answered() == 1).await, "{} has no answer", self.request);
        if self.outcome == DROPS {
            self.assert_is_in_flight();
        } else {
            self.server.assert_balanced().await;
            assert_eq!(self.server.counted(&[("outcome", self.outcome)]), 1, "{} {reader:?}", self.request);
        }

        match reader {
            ResetsStream => {
                socket.write_all(&raw::reset(1)).await.unwrap();
                // What is on its way still comes; the connection goes on.
                tokio::select! {
                    () = self.server.assert_balanced() => {}
                    _ = raw::read(&mut socket, usize::MAX) => panic!("the server closed the connection"),
                }
            }
            ResetsSocket => socket.set_zero_linger().unwrap(),
            _ => {}
        }
        drop(socket);
        self.server.assert_balanced().await;
    }

    fn assert_is_in_flight(&self) {
        let recorder = &self.server.recorder;
        assert_eq!((in_flight(recorder), ended(recorder)), (1.0, 0), "{}: {recorder}", self.request);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn axum_over_http1_ends_every_body_as_the_matrix_says() {
    every_cell(Host::Axum, Version::Http1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn axum_over_http2_ends_every_body_as_the_matrix_says() {
    every_cell(Host::Axum, Version::Http2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hyper_over_http1_ends_every_body_as_the_matrix_says() {
    every_cell(Host::Hyper, Version::Http1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hyper_over_http2_ends_every_body_as_the_matrix_says() {
    every_cell(Host::Hyper, Version::Http2).await;
}
