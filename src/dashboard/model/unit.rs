//! Units, as Grafana knows them.

use serde::Serialize;

/// Units of Grafana, by their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(in crate::dashboard) enum Unit {
    /// A number without a unit.
    #[serde(rename = "short")]
    Number,
    /// Between 0 and 1, shown as a percentage.
    #[serde(rename = "percentunit")]
    Share,
    #[serde(rename = "s")]
    Seconds,
    #[serde(rename = "percent")]
    Percent,
    #[serde(rename = "ms")]
    Milliseconds,
    #[serde(rename = "µs")]
    Microseconds,
    #[serde(rename = "ns")]
    Nanoseconds,
    #[serde(rename = "bytes")]
    Bytes,
    #[serde(rename = "kbytes")]
    Kibibytes,
    #[serde(rename = "mbytes")]
    Mebibytes,
    #[serde(rename = "gbytes")]
    Gibibytes,
    #[serde(rename = "tbytes")]
    Tebibytes,
    #[serde(rename = "binBps")]
    BytesPerSecond,
    #[serde(rename = "bps")]
    BitsPerSecond,
    #[serde(rename = "Kbits")]
    KilobitsPerSecond,
    #[serde(rename = "Mbits")]
    MegabitsPerSecond,
    #[serde(rename = "Gbits")]
    GigabitsPerSecond,
    #[serde(rename = "Tbits")]
    TerabitsPerSecond,
    #[serde(rename = "reqps")]
    RequestsPerSecond,
    #[serde(rename = "ops")]
    OperationsPerSecond,
    #[serde(rename = "mps")]
    MessagesPerSecond,
    #[serde(rename = "cps")]
    CountsPerSecond,
}

// ===== impl Unit =====

impl Unit {
    /// That of a metric's values.
    pub(in crate::dashboard) fn of(unit: metrics::Unit) -> Self {
        match unit {
            metrics::Unit::Count => Self::Number,
            metrics::Unit::Percent => Self::Percent,
            metrics::Unit::Seconds => Self::Seconds,
            metrics::Unit::Milliseconds => Self::Milliseconds,
            metrics::Unit::Microseconds => Self::Microseconds,
            metrics::Unit::Nanoseconds => Self::Nanoseconds,
            metrics::Unit::Tebibytes => Self::Tebibytes,
            metrics::Unit::Gibibytes => Self::Gibibytes,
            metrics::Unit::Mebibytes => Self::Mebibytes,
            metrics::Unit::Kibibytes => Self::Kibibytes,
            metrics::Unit::Bytes => Self::Bytes,
            metrics::Unit::TerabitsPerSecond => Self::TerabitsPerSecond,
            metrics::Unit::GigabitsPerSecond => Self::GigabitsPerSecond,
            metrics::Unit::MegabitsPerSecond => Self::MegabitsPerSecond,
            metrics::Unit::KilobitsPerSecond => Self::KilobitsPerSecond,
            metrics::Unit::BitsPerSecond => Self::BitsPerSecond,
            metrics::Unit::CountPerSecond => Self::CountsPerSecond,
        }
    }

    /// That of a counter's rate. Of seconds a second it is the share of the time.
    pub(in crate::dashboard) fn per_second(unit: metrics::Unit) -> Self {
        match unit {
            metrics::Unit::Count => Self::CountsPerSecond,
            metrics::Unit::Bytes => Self::BytesPerSecond,
            metrics::Unit::Seconds => Self::Share,
            _ => Self::Number,
        }
    }
}
