//! A naming scheme: the names of the table as a house wants them.

use std::collections::BTreeMap;

use metrics::SharedString;

use super::{CATALOG, Metric};

/// The names and labels under which a Layer records, where they are not those of the [`catalog`](super::catalog).
///
/// Two Layers with two schemes live in one process. Give the same scheme to the exporter, which sets the
/// histograms' bounds by name.
///
/// # Examples
///
/// ```
/// use tower_metrics::{HttpMetricsLayer, names::Naming};
///
/// let naming = Naming::new().prefix("shop_").label("endpoint", "route");
/// let layer = HttpMetricsLayer::new().naming(&naming);
/// assert_eq!(naming.name("http_requests_total"), "shop_http_requests_total");
/// # drop(layer);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Naming {
    prefix: String,
    metrics: BTreeMap<&'static str, String>,
    labels: BTreeMap<&'static str, String>,
}

/// What the crate records about itself is the same for every scheme, so no prefix goes before it.
const ABOUT_ITSELF: &str = "tower_metrics_";

// ===== impl Naming =====

impl Naming {
    /// Names everything as the catalogue does.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts `prefix` before every name that is not set by [`metric`](Self::metric), but not before those of
    /// `tower_metrics_…`, in which the crate tells about itself.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse a name that begins so: letters, digits, `_` and `:` are allowed, and
    /// no digit at the beginning.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        assert!(
            self.prefix.is_empty() || is_metric_name(&self.prefix),
            "the prefix {:?} cannot begin a Prometheus metric name: use letters, digits, `_` and `:`, and \
             begin with no digit",
            self.prefix
        );
        self.checked()
    }

    /// Records the metric that the catalogue calls `original` as `name`, without the prefix.
    ///
    /// # Panics
    ///
    /// Panics if the catalogue has no `original`, if Prometheus would refuse `name`, or if another metric
    /// already has it.
    #[must_use]
    pub fn metric(mut self, original: &str, name: impl Into<String>) -> Self {
        let name = name.into();
        let Some(metric) = CATALOG.iter().find(|metric| metric.name() == original) else {
            panic!("there is no metric {original:?} to rename: names::catalog() lists those there are")
        };
        assert_metric_name(&name);
        self.metrics.insert(metric.name(), name);
        self.checked()
    }

    /// Records the label that the catalogue calls `original` as `name`, on every metric that has it.
    ///
    /// # Panics
    ///
    /// Panics if no metric of the catalogue has a label `original`, if Prometheus would refuse or reserves
    /// `name` (`__…`, `le`, `quantile`), or if the metric already has another label of that name.
    #[must_use]
    pub fn label(mut self, original: &str, name: impl Into<String>) -> Self {
        let name = name.into();
        let Some(label) = CATALOG.iter().flat_map(|metric| metric.labels()).find(|label| **label == original)
        else {
            panic!("there is no label {original:?} to rename: names::catalog() lists those there are")
        };
        assert_label_name(&name);
        self.labels.insert(label, name);
        self.checked()
    }

    /// Returns the name under which the metric `original` of the catalogue is recorded.
    ///
    /// # Panics
    ///
    /// Panics if the catalogue has no `original`.
    #[must_use]
    pub fn name(&self, original: &str) -> String {
        let Some(metric) = CATALOG.iter().find(|metric| metric.name() == original) else {
            panic!("there is no metric {original:?}: names::catalog() lists those there are")
        };
        self.name_of(metric)
    }

    pub(crate) fn name_of(&self, metric: &Metric) -> String {
        match self.metrics.get(metric.name()) {
            Some(name) => name.clone(),
            None if metric.name().starts_with(ABOUT_ITSELF) => metric.name().to_owned(),
            None => format!("{}{}", self.prefix, metric.name()),
        }
    }

    pub(crate) fn label_of(&self, original: &'static str) -> SharedString {
        match self.labels.get(original) {
            Some(name) => SharedString::from_owned(name.clone()),
            None => SharedString::const_str(original),
        }
    }

    fn checked(self) -> Self {
        let mut names = BTreeMap::new();
        for metric in CATALOG {
            for name in metric.kind().exported_as(&self.name_of(metric)) {
                if let Some(other) = names.insert(name.clone(), metric.name()) {
                    panic!(
                        "{} and {other} would both be exported as {name:?}: give one of them another name",
                        metric.name()
                    );
                }
            }
            // A client that was told an endpoint has it beside its server.
            let beside: &[&str] =
                if metric.labels().contains(&super::SERVER) { &[super::ENDPOINT] } else { &[] };
            let mut labels = BTreeMap::new();
            for label in metric.labels().iter().chain(beside) {
                if let Some(other) = labels.insert(self.label_of(label), label) {
                    panic!(
                        "the labels {label} and {other} of {} would both be called {:?}: give one of them \
                         another name",
                        metric.name(),
                        self.label_of(label)
                    );
                }
            }
        }
        self
    }
}

pub(crate) fn assert_metric_name(name: &str) {
    assert!(
        is_metric_name(name),
        "{name:?} is no Prometheus metric name: use letters, digits, `_` and `:`, and begin with no digit"
    );
}

/// Refuses what Prometheus would, and names that Layers of this crate have, which are of other labels.
pub(crate) fn assert_free(name: &str) {
    assert_metric_name(name);
    assert!(
        CATALOG.iter().all(|metric| metric.name() != name),
        "{name:?} is recorded by another Layer of this crate: give this metric another name"
    );
}

pub(crate) fn assert_counter_name(name: &str) {
    assert_free(name);
    assert!(is_counter_name(name), "{name:?} names a counter, which ends in `_total`: add it");
}

pub(crate) fn assert_label_name(name: &str) {
    assert!(
        is_label_name(name),
        "{name:?} is no label name for Prometheus: use letters, digits and `_`, begin with no digit and not with \
         `__`, and not `le` or `quantile`, which the exposition itself uses"
    );
}

pub(super) const fn is_metric_name(name: &str) -> bool {
    is_name(name, true)
}

pub(super) const fn is_counter_name(name: &str) -> bool {
    matches!(name.as_bytes(), [.., b'_', b't', b'o', b't', b'a', b'l'])
}

pub(super) const fn is_part_of_histogram(name: &str) -> bool {
    matches!(
        name.as_bytes(),
        [.., b'_', b'b', b'u', b'c', b'k', b'e', b't']
            | [.., b'_', b's', b'u', b'm']
            | [.., b'_', b'c', b'o', b'u', b'n', b't']
    )
}

pub(super) const fn is_label_name(name: &str) -> bool {
    is_name(name, false) && !matches!(name.as_bytes(), [b'_', b'_', ..] | b"le" | b"quantile")
}

/// Letters, digits and `_`, or colons where they may be; no digit at the beginning. In a loop, so that it can be asked
/// while a program is compiled.
const fn is_name(name: &str, with_colons: bool) -> bool {
    let mut rest = name.as_bytes();
    if matches!(rest, [] | [b'0'..=b'9', ..]) {
        return false;
    }
    while let [first, others @ ..] = rest {
        if !(first.is_ascii_alphanumeric() || *first == b'_' || (with_colons && *first == b':')) {
            return false;
        }
        rest = others;
    }
    true
}
