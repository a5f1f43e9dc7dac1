//! TCP: the messages that `metrics-observer` reads, by the `event.proto` of `metrics-exporter-tcp`.

use std::{
    collections::BTreeMap,
    io::{BufReader, Read},
    net::TcpStream,
};

use prost::{Message, Oneof};
use prost_types::Timestamp;

use crate::{program::Program, programs::free_address};

#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(oneof = "event::Event", tags = "1, 2")]
    event: Option<event::Event>,
}

mod event {
    use super::*;

    #[derive(Clone, PartialEq, Oneof)]
    pub(super) enum Event {
        #[prost(message, tag = "1")]
        Metadata(Metadata),
        #[prost(message, tag = "2")]
        Metric(Metric),
    }
}

#[derive(Clone, PartialEq, Message)]
struct Metadata {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(int32, tag = "2")]
    metric_type: i32,
    #[prost(oneof = "metadata::Unit", tags = "3")]
    unit: Option<metadata::Unit>,
    #[prost(oneof = "metadata::Description", tags = "4")]
    description: Option<metadata::Description>,
}

mod metadata {
    use super::*;

    #[derive(Clone, PartialEq, Oneof)]
    pub(super) enum Unit {
        #[prost(string, tag = "3")]
        UnitValue(String),
    }

    #[derive(Clone, PartialEq, Oneof)]
    pub(super) enum Description {
        #[prost(string, tag = "4")]
        DescriptionValue(String),
    }
}

#[derive(Clone, PartialEq, Message)]
struct Metric {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    timestamp: Option<Timestamp>,
    #[prost(map = "string, string", tag = "3")]
    labels: std::collections::HashMap<String, String>,
    #[prost(oneof = "metric::Operation", tags = "4, 5, 6, 7, 8, 9")]
    operation: Option<metric::Operation>,
}

mod metric {
    use super::*;

    #[derive(Clone, PartialEq, Oneof)]
    pub(super) enum Operation {
        #[prost(uint64, tag = "4")]
        IncrementCounter(u64),
        #[prost(uint64, tag = "5")]
        SetCounter(u64),
        #[prost(double, tag = "6")]
        IncrementGauge(f64),
        #[prost(double, tag = "7")]
        DecrementGauge(f64),
        #[prost(double, tag = "8")]
        SetGauge(f64),
        #[prost(double, tag = "9")]
        RecordHistogram(f64),
    }
}

/// Reads as an observer does.
struct Observer(BufReader<TcpStream>);

impl Observer {
    /// Connects, and is known to the exporter when this returns.
    fn connect(address: &str) -> Self {
        let mut observer = Self(BufReader::new(TcpStream::connect(address).unwrap()));
        let is_described = observer.any(|event| matches!(event, event::Event::Metadata(_)));
        assert!(is_described, "the program describes what it records before it waits");
        observer
    }

    fn all(self) -> Vec<event::Event> {
        self.collect()
    }
}

impl Iterator for Observer {
    type Item = event::Event;

    fn next(&mut self) -> Option<event::Event> {
        let mut length = 0_usize;
        for shift in (0..).step_by(7) {
            let mut byte = [0];
            match self.0.read(&mut byte).unwrap() {
                0 => return None,
                _ => length |= usize::from(byte[0] & 0x7f) << shift,
            }
            if byte[0] < 0x80 {
                break;
            }
        }
        let mut message = vec![0; length];
        self.0.read_exact(&mut message).unwrap();
        Some(Event::decode(&*message).unwrap().event.unwrap())
    }
}

/// What was counted and sampled, by name and status.
fn told(events: Vec<event::Event>) -> BTreeMap<(String, String), u64> {
    let mut told = BTreeMap::new();
    for event in events {
        let event::Event::Metric(metric) = event else { continue };
        let seconds = metric.timestamp.unwrap().seconds;
        assert!(seconds > 1_700_000_000, "{seconds} is no time of today");
        let status = metric.labels.get("status").cloned().unwrap_or_default();
        *told.entry((metric.name, status)).or_default() += match metric.operation.unwrap() {
            metric::Operation::IncrementCounter(value) => value,
            metric::Operation::RecordHistogram(value) => u64::from(value >= 0.0),
            _ => 0,
        };
    }
    told
}

/// What was told of the oldest call.
fn oldest(event: &event::Event) -> Option<f64> {
    match event {
        event::Event::Metric(metric) if metric.name == "http_requests_oldest_start_timestamp_seconds" => {
            let Some(metric::Operation::SetGauge(start)) = metric.operation else { panic!("it is no gauge") };
            Some(start)
        }
        _ => None,
    }
}

#[test]
fn an_observer_gets_every_call_until_the_end_though_another_leaves() {
    let address = free_address();
    let mut program = Program::start(&format!("tcp://{address}"), 1_000);
    let (stays, leaves) = (Observer::connect(&address), Observer::connect(&address));
    drop(leaves);
    program.call();
    program.end();

    let events = stays.all();
    let starts: Vec<f64> = events.iter().filter_map(oldest).collect();
    assert!(starts.iter().any(|start| *start > 1.7e9) && starts.last().unwrap().is_nan(), "{starts:?}");
    let told = told(events);
    let of = |name: &str, status: &str| told.get(&(name.to_owned(), status.to_owned())).copied();
    assert_eq!(of("http_requests_total", "200"), Some(900));
    assert_eq!(of("http_requests_total", "500"), Some(100));
    assert_eq!(of("http_request_duration_seconds", "2xx"), Some(900));
    assert_eq!(of("http_request_duration_seconds", "5xx"), Some(100));
}

#[test]
fn an_observer_that_comes_late_learns_what_the_metrics_are() {
    let address = free_address();
    let mut program = Program::start(&format!("tcp://{address}"), 1);
    program.call();
    let mut observer = Observer(BufReader::new(TcpStream::connect(&address).unwrap()));
    let described = observer.find_map(|event| match event {
        event::Event::Metadata(metadata) if metadata.name == "http_request_duration_seconds" => {
            Some(metadata)
        }
        _ => None,
    });
    program.end();

    let metadata::Unit::UnitValue(unit) = described.as_ref().unwrap().unit.clone().unwrap();
    let metadata::Description::DescriptionValue(help) =
        described.as_ref().unwrap().description.clone().unwrap();
    assert_eq!((described.unwrap().metric_type, &*unit), (2, "seconds"));
    assert!(help.starts_with("Time from the call"), "{help}");
}

/// Whoever has a place is told at once what the metrics are; whoever has none reads the end.
#[test]
fn a_seventeenth_observer_is_sent_away_and_one_that_leaves_makes_room() {
    let address = free_address();
    let mut program = Program::start(&format!("tcp://{address}"), 1);
    program.call();
    let observe = || {
        let mut stream = TcpStream::connect(&address).unwrap();
        let has_place = stream.read(&mut [0]).is_ok_and(|read| read == 1);
        (stream, has_place)
    };
    let mut observers: Vec<_> = (0..16).map(|_| observe()).collect();
    assert!(observers.iter().all(|(_, has_place)| *has_place));
    assert!(!observe().1);
    observers.pop();
    assert!((0..10_000).any(|_| observe().1), "its place stays taken");
    drop(observers);
    program.end();
}
