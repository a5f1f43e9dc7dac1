//! The alerts, by name, with their thresholds.

use std::{collections::BTreeMap, time::Duration};

/// An alert that the rules can hold. Its variants tell when it fires, unless a parameter was set otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Alert {
    /// An objective's error budget burns too fast: critical for 2 % of it in an hour or 5 % in six, warning for 10 % in a
    /// day or in three. One for each objective, by the label `slo`. A page ends half an hour after its cause at the latest.
    ErrorBudgetBurn,
    /// More than 5 % of the HTTP calls of five minutes are bad, for five minutes.
    HighApiErrorRate,
    /// More than 1 % of the HTTP calls of five minutes are longer than [`Sla::high_latency`](crate::sla::Sla::high_latency),
    /// so the P99 is above it, for five minutes.
    HighApiLatency,
    /// More than 5 % of them are, so the P95 is above it, for five minutes.
    HighApiLatencyP95,
    /// An instance cannot be scraped, or none is there, for one minute. Critical.
    ServiceDown,
    /// Callers gave up more than 10 % of the HTTP calls of five minutes, for five minutes.
    HighCancellation,
    /// An instance has HTTP calls, or unary gRPC calls, in flight and answered none in five minutes, for five minutes.
    /// Critical. Calls that their callers gave up are no answers. On an instance without other calls, a single one of ten
    /// minutes is told too: name routes that last by design in [`Sla::streams`](crate::sla::Sla::streams).
    ///
    /// Where a Layer was told to tell [the oldest](crate::HttpMetricsLayer::oldest_start_timestamp), also a single call that is
    /// older than 300 seconds for five minutes, though all others are answered: of HTTP, of unary gRPC and of the operations of
    /// the promise. Where a longer latency is promised of the whole service, of gRPC as a whole or of the operation, it is older
    /// than that; where one is promised of an endpoint or a gRPC method, to the end or to the head, calls of that one alone may be
    /// so old. One caller waits then, so that is a warning at most; of a total hang both are told. All have the label `metric`,
    /// the gauge of what is in flight, by which Alertmanager holds back the warnings that a page says already, and no others.
    ///
    /// Where the promise names any stream, this warning leaves out all that is `unmatched`, which a stream of a route that has not
    /// answered yet is too. So that a hang of another such route is told, declare the routes by
    /// [`HttpMetricsLayer::endpoints`](crate::HttpMetricsLayer::endpoints) and call
    /// [`initialize`](crate::HttpMetricsLayer::initialize).
    RequestsStuck,
    /// An instance is up and exports nothing of a metric that an objective needs, or no instance of the job has the bucket
    /// of a threshold, for ten minutes.
    SloDataMissing,
    /// A limiter refused more than 5 % of the calls of five minutes that reached it, for one reason, for ten minutes.
    RateLimitRejections,
    /// More than 80 % of the calls that an instance takes at once are in flight, for five minutes. It needs a Layer that was
    /// told its [`in_flight_limit`](crate::HttpMetricsLayer::in_flight_limit).
    Saturation,
    /// The label sets of users' own labels are more than 80 % of what they may be, for fifteen minutes.
    CardinalityGrowth,
    /// Calls of the last fifteen minutes were folded into `_OVERFLOW`.
    CardinalityOverflow,
    /// Less than 90 % of an objective's period is in Prometheus, so its budget is that of the days there are. Info.
    SloHistoryShort,
    /// Always fires, so that its absence tells of a broken chain from Prometheus to whoever is woken. Severity `none`.
    Watchdog,
    /// The service is up and no HTTP call ended in ten minutes, for five minutes. Off unless asked for.
    TrafficAbsent,
    /// The HTTP call rate, error rate or mean duration is outside of the band of its last 24 hours, for fifteen minutes.
    /// Info, never a page; off unless asked for.
    Anomaly,
}

/// How much an alert matters: the value of the label `severity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// Somebody is woken: `critical`.
    Critical,
    /// Somebody looks at it during the day: `warning`.
    Warning,
    /// It is there to be seen: `info`.
    Info,
    /// It is for machines: `none`.
    None,
}

/// What an alert is set to.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) name: String,
    pub(super) is_on: bool,
    pub(super) severity: Severity,
    /// A share; of [`Alert::RequestsStuck`], seconds.
    pub(super) threshold: Option<f64>,
    pub(super) hold: Duration,
}

// ===== impl Alert =====

impl Alert {
    /// Every alert, in the order of their declaration.
    pub const ALL: [Self; 16] = [
        Self::ErrorBudgetBurn,
        Self::HighApiErrorRate,
        Self::HighApiLatency,
        Self::HighApiLatencyP95,
        Self::ServiceDown,
        Self::HighCancellation,
        Self::RequestsStuck,
        Self::SloDataMissing,
        Self::RateLimitRejections,
        Self::Saturation,
        Self::CardinalityGrowth,
        Self::CardinalityOverflow,
        Self::SloHistoryShort,
        Self::Watchdog,
        Self::TrafficAbsent,
        Self::Anomaly,
    ];

    /// Returns the name in the rules, unless [`Rules::rename`](super::Rules::rename) set another.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ErrorBudgetBurn => "ErrorBudgetBurn",
            Self::HighApiErrorRate => "HighAPIErrorRate",
            Self::HighApiLatency => "HighAPILatency",
            Self::HighApiLatencyP95 => "HighAPILatencyP95",
            Self::ServiceDown => "ServiceDown",
            Self::HighCancellation => "HighCancellation",
            Self::RequestsStuck => "RequestsStuck",
            Self::SloDataMissing => "SloDataMissing",
            Self::RateLimitRejections => "RateLimitRejections",
            Self::Saturation => "Saturation",
            Self::CardinalityGrowth => "CardinalityGrowth",
            Self::CardinalityOverflow => "CardinalityOverflow",
            Self::SloHistoryShort => "SloHistoryShort",
            Self::Watchdog => "Watchdog",
            Self::TrafficAbsent => "TrafficAbsent",
            Self::Anomaly => "Anomaly",
        }
    }

    fn setting(self) -> Setting {
        let (severity, threshold, minutes) = match self {
            Self::ErrorBudgetBurn => (Severity::Critical, None, 0),
            Self::HighApiErrorRate | Self::HighApiLatencyP95 => (Severity::Warning, Some(0.05), 5),
            Self::HighApiLatency => (Severity::Warning, Some(0.01), 5),
            Self::ServiceDown => (Severity::Critical, None, 1),
            Self::HighCancellation => (Severity::Warning, Some(0.1), 5),
            Self::RequestsStuck => (Severity::Critical, Some(300.0), 5),
            Self::SloDataMissing => (Severity::Warning, None, 10),
            Self::RateLimitRejections => (Severity::Warning, Some(0.05), 10),
            Self::Saturation => (Severity::Warning, Some(0.8), 5),
            Self::CardinalityGrowth => (Severity::Warning, Some(0.8), 15),
            Self::CardinalityOverflow => (Severity::Warning, None, 0),
            Self::SloHistoryShort => (Severity::Info, Some(0.9), 0),
            Self::Watchdog => (Severity::None, None, 0),
            Self::TrafficAbsent => (Severity::Warning, None, 5),
            Self::Anomaly => (Severity::Info, None, 15),
        };
        Setting {
            name: self.as_str().into(),
            is_on: !matches!(self, Self::TrafficAbsent | Self::Anomaly),
            severity,
            threshold,
            hold: Duration::from_secs(minutes * 60),
        }
    }
}

// ===== impl Setting =====

impl Setting {
    pub(super) fn all() -> BTreeMap<Alert, Self> {
        Alert::ALL.into_iter().map(|alert| (alert, alert.setting())).collect()
    }

    pub(super) fn threshold(&self) -> f64 {
        self.threshold.expect("the expression of this alert has a threshold")
    }
}

// ===== impl Severity =====

impl Severity {
    /// Returns the label value: `critical`, `warning`, `info` or `none`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::None => "none",
        }
    }
}
