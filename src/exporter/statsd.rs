//! `statsd://…`: every sample as a line of StatsD, by UDP, with the tags of DogStatsD.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use cadence::MetricSink;
use metrics_exporter_statsd::StatsdBuilder;

use super::{
    Error,
    clean::Clean,
    error::Kind,
    flush::Flush,
    health::Health,
    plan::{Build, Part},
    target::Target,
};
use crate::names::EXPORT_FAILURES_TOTAL;

/// As many lines as can wait to be sent. Beyond, they are lost, and counted.
const QUEUE: usize = 1 << 14;

/// How long a line waits for others that go with it: a server's socket has room for some hundreds of datagrams, however small.
const GATHER: Duration = Duration::from_millis(10);

/// What fits into one datagram on every network.
const DATAGRAM_BYTES: usize = 1432;

/// Where the recorder writes its lines.
struct Queue {
    lines: mpsc::SyncSender<Message>,
    lost: Arc<AtomicU64>,
}

enum Message {
    Line(String),
    Flush(mpsc::Sender<()>),
}

/// What waits for its datagram.
struct Datagrams {
    socket: UdpSocket,
    waiting: Vec<u8>,
    /// Whether more waits than the count of failures, which a failure to send it must not raise for ever.
    is_of_calls: bool,
    lost: Arc<AtomicU64>,
    health: Arc<Health>,
}

pub(super) fn plan(mut target: Target) -> Result<Build, Error> {
    let prefix = target.prefix()?;
    target.without_path()?;
    target.finish("write prefix=NAME")?;
    let socket = connect(&target).map_err(|error| Kind::Resolve(target.address(), error))?;
    let to = target.shown().to_owned();
    Ok(Box::new(move || build(socket, prefix.as_deref(), to)))
}

fn build(socket: UdpSocket, prefix: Option<&str>, to: String) -> Result<Part, Error> {
    let (lines, queued) = mpsc::sync_channel(QUEUE);
    let lost = Arc::<AtomicU64>::default();
    let health = Arc::new(Health::new("statsd", &to));
    let datagrams = Datagrams {
        socket,
        waiting: Vec::with_capacity(DATAGRAM_BYTES),
        is_of_calls: false,
        lost: Arc::clone(&lost),
        health: Arc::clone(&health),
    };
    let thread = thread::Builder::new().name("tower-metrics-statsd".into());
    thread.spawn(move || datagrams.run(&queued)).map_err(Kind::Background)?;
    let flush = lines.clone();
    let failures = Arc::clone(&health);
    let run = move || {
        let (tell, told) = mpsc::channel();
        let gone = "its thread has ended";
        flush.send(Message::Flush(tell)).map_err(|_| gone)?;
        told.recv().map_err(|_| gone)?;
        failures.why().map_or(Ok(()), Err)
    };
    // Host and port are those of the queue's socket, and are not read.
    let builder = StatsdBuilder::from("", 0).with_sink(Queue { lines, lost });
    let recorder = builder.build(prefix).map_err(|error| Kind::Build(to.clone(), error.to_string()))?;
    Ok(Part {
        recorder: Box::new(Clean::new(recorder)),
        flush: Some(Flush { to, run: Box::new(run) }),
        health: Some(health),
    })
}

/// A socket that is connected is told when nobody listens.
fn connect(target: &Target) -> io::Result<UdpSocket> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    let mut addresses: Vec<_> = target.address().to_socket_addrs()?.collect();
    // Of `localhost`, where most servers listen to IPv4 alone, and by UDP nobody says so.
    addresses.sort_by_key(SocketAddr::is_ipv6);
    for address in addresses {
        let from = match address {
            SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
            SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
        };
        match UdpSocket::bind(from).and_then(|socket| socket.connect(address).map(|()| socket)) {
            Ok(socket) => return Ok(socket),
            Err(error) => last = error,
        }
    }
    Err(last)
}

// ===== impl Queue =====

impl MetricSink for Queue {
    fn emit(&self, line: &str) -> io::Result<usize> {
        if self.lines.try_send(Message::Line(line.to_owned())).is_err() {
            // Counted by the thread: the counter would come back here.
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }
}

// ===== impl Datagrams =====

impl Datagrams {
    fn run(mut self, queued: &mpsc::Receiver<Message>) {
        while let Ok(mut message) = queued.recv() {
            thread::sleep(GATHER);
            loop {
                match message {
                    Message::Line(line) => self.add(&line),
                    Message::Flush(done) => {
                        self.send();
                        // That nobody took the last one is told late.
                        thread::sleep(GATHER);
                        if let Some(refused) = self.socket.take_error().ok().flatten() {
                            self.health.failed(1, &refused);
                        }
                        // Who waited for it may have given up.
                        let _ = done.send(());
                    }
                }
                match queued.try_recv() {
                    Ok(more) => message = more,
                    Err(_) => break,
                }
            }
            self.send();
        }
    }

    fn add(&mut self, line: &str) {
        if self.waiting.len() + 1 + line.len() > DATAGRAM_BYTES {
            self.send();
        }
        if !self.waiting.is_empty() {
            self.waiting.push(b'\n');
        }
        self.waiting.extend_from_slice(line.as_bytes());
        self.is_of_calls |= !line.contains(EXPORT_FAILURES_TOTAL.name());
    }

    fn send(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        // That nobody took the one before is told now, and would be told in place of sending this one.
        let refused = self.socket.take_error().ok().flatten();
        let sent = self.socket.send(&self.waiting);
        self.waiting.clear();
        if std::mem::take(&mut self.is_of_calls) {
            match refused.map_or(sent, Err) {
                Ok(_) => self.health.succeeded(),
                Err(error) => self.health.failed(1, &error),
            }
        }
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            self.health.failed(lost, &"more is recorded than can be sent, and lines are lost");
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

    use super::*;
    use crate::testing::Recorder;

    #[test]
    fn that_nobody_listens_is_counted_and_the_count_does_not_raise_itself() {
        let recorder = Recorder::new();
        let health = Arc::new(Health::new("statsd", "statsd://127.0.0.1"));
        health.register(&*recorder.shared());
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let nobody = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        socket.connect(nobody).unwrap();
        let lost = Arc::new(AtomicU64::new(3));
        let mut datagrams =
            Datagrams { socket, waiting: Vec::new(), is_of_calls: false, lost, health: Arc::clone(&health) };
        let failed = || recorder.counter("tower_metrics_export_failures_total", [("exporter", "statsd")]);
        for expected in [3, 4, 5] {
            datagrams.add("calls_total:1|c");
            datagrams.send();
            assert_eq!(failed(), expected, "lines that were lost at first, then what was not taken");
        }
        for _ in 0..3 {
            datagrams.add("tower_metrics_export_failures_total:1|c|#exporter:statsd");
            datagrams.send();
        }
        assert_eq!(failed(), 5);
        assert!(health.why().unwrap().to_lowercase().contains("refused"));
    }
}
