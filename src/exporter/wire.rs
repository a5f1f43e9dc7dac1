//! What `metrics-observer` reads: the messages of `event.proto` of `metrics-exporter-tcp`, each behind its length.

use std::{collections::BTreeMap, time::SystemTime};

use bytes::Bytes;
use metrics::{Key, SharedString, Unit};
use prost::{Enumeration, Message, Oneof};
use prost_types::Timestamp;

#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(oneof = "Of", tags = "1, 2")]
    of: Option<Of>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Of {
    #[prost(message, tag = "1")]
    Metadata(Metadata),
    #[prost(message, tag = "2")]
    Metric(Metric),
}

#[derive(Clone, PartialEq, Message)]
struct Metadata {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(enumeration = "MetricType", tag = "2")]
    metric_type: i32,
    /// Where there is none, it is left out, and not sent empty.
    #[prost(string, optional, tag = "3")]
    unit: Option<String>,
    #[prost(string, optional, tag = "4")]
    description: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct Metric {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    timestamp: Option<Timestamp>,
    #[prost(btree_map = "string, string", tag = "3")]
    labels: BTreeMap<String, String>,
    #[prost(oneof = "Operation", tags = "4, 5, 6, 7, 8, 9")]
    operation: Option<Operation>,
}

/// What kind of metric it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
pub(super) enum MetricType {
    Counter = 0,
    Gauge = 1,
    Histogram = 2,
}

/// What was done to a metric.
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

pub(super) fn metadata(
    name: &str,
    metric_type: MetricType,
    unit: Option<Unit>,
    help: &SharedString,
) -> Bytes {
    let of = Of::Metadata(Metadata {
        name: name.to_owned(),
        metric_type: metric_type.into(),
        unit: unit.map(|unit| unit.as_str().to_owned()),
        description: Some(help.to_string()),
    });
    Event { of: Some(of) }.encode_length_delimited_to_vec().into()
}

pub(super) fn metric(key: &Key, at: SystemTime, operation: Operation) -> Bytes {
    let labels = key.labels().map(|label| (label.key().to_owned(), label.value().to_owned()));
    let of = Of::Metric(Metric {
        name: key.name().to_owned(),
        timestamp: Some(at.into()),
        labels: labels.collect(),
        operation: Some(operation),
    });
    Event { of: Some(of) }.encode_length_delimited_to_vec().into()
}
