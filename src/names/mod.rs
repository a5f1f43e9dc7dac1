//! The one table of metrics, and the naming schemes that turn its names into those of OpenTelemetry, of axum-prometheus, or
//! of a house's own.
//!
//! The page `docs/migrating.md` of the repository tells users of axum-prometheus, opentelemetry-instrumentation-tower and
//! tonic_prometheus_layer what to change, which series stay, and which numbers change.
//!
//! Descriptions, the README's table, bounds and tests derive from this table. Names and labels are API:
//! changing one is a breaking change.

#[cfg(feature = "rules")]
mod asked;
mod dress;
mod naming;
mod scheme;
mod spelled;
mod table;
mod valid;

use std::fmt;

use metrics::Unit;

pub use self::naming::Naming;
#[cfg(feature = "page")]
pub(crate) use self::valid::is_metric_name;
pub(crate) use self::{
    dress::Ended,
    scheme::unit_in,
    table::*,
    valid::{assert_counter_name, assert_free, assert_label_name, assert_metric_name},
};

/// One metric: what it is called, what it counts and by which labels.
///
/// Those of this crate are in the [`catalog`]. One of your own is declared as a `const`, for what is made of such
/// declarations, such as a dashboard; a name that Prometheus would refuse does not compile then:
///
/// ```
/// use tower_metrics::{metrics::Unit, names::Metric};
///
/// const ORDERS: Metric = Metric::counter("orders_placed_total", Unit::Count, &["plan"], "Orders placed, by plan.");
/// assert_eq!(ORDERS.labels(), ["plan"]);
/// ```
#[derive(Clone, Copy)]
pub struct Metric {
    name: &'static str,
    kind: Kind,
    unit: Unit,
    labels: &'static [&'static str],
    help: &'static str,
}

/// What kind of metric it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A value that only rises.
    Counter,
    /// A value that rises and falls.
    Gauge,
    /// A distribution, counted in buckets.
    Histogram,
}

/// Lists every metric that this crate can record, under its name before any [`Naming`]. `<name>` stands for what a
/// Layer around any service was called.
///
/// # Examples
///
/// ```
/// use tower_metrics::names::{Kind, catalog};
///
/// let histograms: Vec<_> = catalog().filter(|metric| metric.kind() == Kind::Histogram).collect();
/// assert!(histograms.iter().all(|metric| metric.name().ends_with("_seconds")));
/// ```
pub fn catalog() -> impl Iterator<Item = &'static Metric> {
    CATALOG.into_iter()
}

// ===== impl Metric =====

impl Metric {
    /// Declares a counter of one's own.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the name or a label, or if the name does not end in `_total`; in a `const`, it does
    /// not compile.
    #[must_use]
    pub const fn counter(
        name: &'static str,
        unit: Unit,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        assert!(valid::is_counter_name(name), "the name of a counter ends in `_total`: add it");
        Self::declared(name, Kind::Counter, unit, labels, help)
    }

    /// Declares a gauge of one's own.
    ///
    /// # Panics
    ///
    /// As [`counter`](Self::counter) does, but for the end of the name.
    #[must_use]
    pub const fn gauge(
        name: &'static str,
        unit: Unit,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self::declared(name, Kind::Gauge, unit, labels, help)
    }

    /// Declares a histogram of one's own, by its name without `_bucket`, `_sum` or `_count`.
    ///
    /// # Panics
    ///
    /// As [`counter`](Self::counter) does, but for the end of the name: it has none of these three.
    #[must_use]
    pub const fn histogram(
        name: &'static str,
        unit: Unit,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        assert!(
            !valid::is_part_of_histogram(name),
            "a histogram is declared by its name without `_bucket`, `_sum` or `_count`: leave that out"
        );
        Self::declared(name, Kind::Histogram, unit, labels, help)
    }

    const fn declared(
        name: &'static str,
        kind: Kind,
        unit: Unit,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        assert!(
            valid::is_metric_name(name),
            "this is no Prometheus metric name: use letters, digits, `_` and `:`, and begin with no digit"
        );
        let mut rest = labels;
        while let [label, others @ ..] = rest {
            assert!(
                valid::is_label_name(label),
                "this is no label name for Prometheus: use letters, digits and `_`, begin with no digit and not with `__`, and not \
                 `le` or `quantile`, which the exposition itself uses"
            );
            rest = others;
        }
        Self { name, kind, unit, labels, help }
    }

    /// Returns the name, before any [`Naming`].
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The name with `<name>` in it replaced.
    pub(crate) fn named(&self, name: &str) -> String {
        self.name.replace("<name>", name)
    }

    /// Returns the kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the unit of its values.
    #[must_use]
    pub const fn unit(&self) -> Unit {
        self.unit
    }

    /// Returns the label names, before any [`Naming`], in the order in which they are exported.
    #[must_use]
    pub const fn labels(&self) -> &'static [&'static str] {
        self.labels
    }

    /// Returns the help text that stands in the exposition.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        self.help
    }
}

impl fmt::Debug for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metric").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}

// ===== impl Kind =====

impl Kind {
    /// Returns the word that Prometheus has for it: `counter`, `gauge` or `histogram`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }

    /// The names in the exposition of a metric of this kind: a histogram has three more.
    pub(crate) fn exported_as(self, name: &str) -> impl Iterator<Item = String> {
        let suffixes: &[&str] = match self {
            Self::Histogram => &["", "_bucket", "_sum", "_count"],
            Self::Counter | Self::Gauge => &[""],
        };
        suffixes.iter().map(move |suffix| format!("{name}{suffix}"))
    }
}
