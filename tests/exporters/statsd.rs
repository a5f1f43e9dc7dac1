//! StatsD and DogStatsD: lines that a UDP socket reads.

use std::{
    net::UdpSocket,
    thread::{self, JoinHandle},
};

use crate::program::{Program, run};

/// A line of StatsD: what is measured, its values, its type, its tags.
struct Line {
    name: String,
    values: Vec<f64>,
    kind: String,
    tags: String,
}

/// A server that reads all the time, for a socket has room for few datagrams.
pub(crate) struct Server {
    pub(crate) port: u16,
    reading: JoinHandle<Vec<String>>,
}

/// What ends the reading. By the loopback device, datagrams come in the order in which they were sent.
const END: &[u8] = b"end";

impl Server {
    pub(crate) fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        Self { port, reading: thread::spawn(move || read(&socket)) }
    }

    /// All lines that came until now.
    pub(crate) fn lines(self) -> Vec<String> {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.send_to(END, ("127.0.0.1", self.port)).unwrap();
        self.reading.join().unwrap()
    }

    fn read(self) -> Vec<Line> {
        self.lines().iter().map(|text| line(text)).collect()
    }
}

fn read(socket: &UdpSocket) -> Vec<String> {
    let mut datagram = vec![0; 1 << 16];
    let mut lines = Vec::new();
    loop {
        let bytes = socket.recv(&mut datagram).unwrap();
        if &datagram[..bytes] == END {
            return lines;
        }
        assert!(bytes <= 1432, "a datagram that fits every network, not {bytes} bytes");
        lines.extend(std::str::from_utf8(&datagram[..bytes]).unwrap().lines().map(String::from));
    }
}

fn line(line: &str) -> Line {
    let (head, tags) = line.split_once("|#").unwrap_or((line, ""));
    let mut parts = head.split('|');
    let mut values = parts.next().unwrap().split(':');
    let name = values.next().unwrap().to_owned();
    let values = values.map(|value| value.parse().unwrap()).collect();
    Line { name, values, kind: parts.next().unwrap().to_owned(), tags: tags.to_owned() }
}

/// The values of one metric, of one kind, that have this tag.
fn values(lines: &[Line], name: &str, kind: &str, tag: &str) -> Vec<f64> {
    let of_it = lines.iter().filter(|line| line.name == name && line.tags.contains(tag));
    of_it.inspect(|line| assert_eq!(line.kind, kind, "{name}")).flat_map(|line| line.values.clone()).collect()
}

/// What arrives of a hundred calls, those right before the end too; histograms are of this kind.
fn lines_of_a_hundred_calls(scheme: &str, options: &str, histogram: &str) -> Vec<Line> {
    let server = Server::start();
    let mut program = Program::start(&format!("{scheme}://127.0.0.1:{}?{options}", server.port), 100);
    program.call();
    program.end();

    let lines = server.read();
    let counted = |tag| values(&lines, "shop.http_requests_total", "c", tag).iter().sum::<f64>();
    assert_eq!((counted("status:200"), counted("status:500"), counted("")), (90.0, 10.0, 100.0));
    // While nothing is in flight it is no number, of which nothing is sent.
    let oldest = values(&lines, "shop.http_requests_oldest_start_timestamp_seconds", "g", "endpoint:/users");
    assert!(!oldest.is_empty() && oldest.iter().all(|start| *start > 1.7e9), "{oldest:?}");
    let samples = |tag| values(&lines, "shop.http_request_duration_seconds", histogram, tag).len();
    assert_eq!((samples("endpoint:/users"), samples("")), (90, 100));
    lines
}

#[test]
fn statsd_gets_every_call_those_right_before_the_end_too() {
    let lines = lines_of_a_hundred_calls("statsd", "prefix=shop", "h");
    let in_flight = values(&lines, "shop.http_requests_in_flight", "g", "endpoint:/users");
    assert_eq!((in_flight.contains(&1.0), in_flight.last()), (true, Some(&0.0)));
}

#[test]
fn dogstatsd_gets_every_call_aggregated_those_right_before_the_end_too() {
    let lines = lines_of_a_hundred_calls("dogstatsd", "interval=200ms&prefix=shop", "d");
    let of_calls = lines.iter().filter(|line| line.tags.contains("status:200") && line.kind == "c");
    assert!(of_calls.count() < 10, "a counter is sent once an interval, not once a call");
    assert_eq!(values(&lines, "shop.http_requests_in_flight", "g", "").last(), Some(&0.0));
    let own = lines.iter().find(|line| line.name.starts_with("datadog."));
    assert!(own.is_none(), "what the exporter tells of itself goes to nobody");
}

#[test]
fn a_server_that_is_away_keeps_neither_the_calls_nor_the_end_waiting() {
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    // By UDP only who is on the same machine hears it, and the crate of DogStatsD keeps it to itself.
    for (uri, is_told) in [("statsd://127.0.0.1", true), ("dogstatsd://127.0.0.1", false)] {
        let interval = if is_told { "" } else { "?interval=100ms" };
        let output = run(Some(&format!("{uri}:{port}{interval}")), &["--calls", "100"]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.to_lowercase().contains("refused"), "{uri} says so: {said}");
        assert_eq!(output.status.success(), !is_told, "{said}");
    }
}
