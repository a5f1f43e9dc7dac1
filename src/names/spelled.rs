//! Names and labels as a scheme has them: where they are recorded, and in Prometheus. No two may become one.

use std::{borrow::Cow, collections::BTreeMap};

use metrics::{SharedString, Unit};

use super::{
    CATALOG, GRPC_SERVICE, HTTP_REQUEST_DURATION_SECONDS, HTTP_RESPONSE_HEAD_DURATION_SECONDS, Metric,
    Naming,
    scheme::{exported, underscored},
};

/// What the crate records about itself is the same for every scheme, so no prefix goes before it.
const ABOUT_ITSELF: &str = "tower_metrics_";

// ===== impl Naming =====

impl Naming {
    pub(crate) fn name_of(&self, metric: &Metric) -> String {
        if metric.name() == HTTP_RESPONSE_HEAD_DURATION_SECONDS.name()
            && self.ends_with_head(&HTTP_REQUEST_DURATION_SECONDS)
        {
            return self.name_of(&HTTP_REQUEST_DURATION_SECONDS);
        }
        if let Some(name) = self.metrics.get(metric.name()) {
            return name.clone();
        }
        if metric.name().starts_with(ABOUT_ITSELF) {
            return metric.name().to_owned();
        }
        self.scheme
            .metric(metric, &self.prefix)
            .unwrap_or_else(|| format!("{}{}", self.prefix, metric.name()))
    }

    pub(crate) fn prometheus_name_of(&self, metric: &Metric) -> String {
        self.exported_as(&self.name_of(metric), metric.unit())
    }

    /// The name of a metric in Prometheus, by the one that a Layer gave it.
    pub(crate) fn exported_as(&self, name: &str, unit: Unit) -> String {
        if self.is_opentelemetry() { exported(name, unit) } else { name.to_owned() }
    }

    pub(crate) fn label_of(&self, original: &'static str) -> SharedString {
        match (self.labels.get(original), self.scheme.label(original)) {
            (Some(name), _) => SharedString::from_owned(name.clone()),
            (None, name) => SharedString::const_str(name.unwrap_or(original)),
        }
    }

    pub(crate) fn prometheus_label_of(&self, original: &'static str) -> String {
        self.without_dots(&self.label_of(original)).into_owned()
    }

    /// Refuses another scheme of which a name would be another metric's here.
    pub(crate) fn assert_beside(&self, other: &Self) {
        let mine: BTreeMap<_, _> = self.all_exported().collect();
        for (name, theirs) in other.all_exported() {
            if let Some(mine) = mine.get(&name).filter(|mine| **mine != theirs) {
                panic!(
                    "one scheme exports {mine} as {name:?}, and another one {theirs}: give one of them another name"
                );
            }
        }
    }

    /// A label as Prometheus has it, by the name that a Layer gave it.
    pub(crate) fn prometheus_label(&self, label: &str) -> String {
        self.without_dots(label).into_owned()
    }

    /// The labels that the scheme adds to those of a metric, or to some of its series, as Prometheus has them.
    pub(crate) fn labels_beside(&self, metric: &Metric) -> impl Iterator<Item = String> + '_ {
        self.scheme.added(metric).iter().map(|label| self.prometheus_label_of(label))
    }

    /// What would be a name in Prometheus.
    pub(super) fn without_dots<'a>(&self, name: &'a str) -> Cow<'a, str> {
        if self.is_opentelemetry() { underscored(name).into() } else { name.into() }
    }

    /// The names in the exposition, each with that of its metric in the catalogue.
    fn all_exported(&self) -> impl Iterator<Item = (String, &'static str)> + '_ {
        let is_of_its_own = |metric: &&&Metric| {
            metric.name() != HTTP_RESPONSE_HEAD_DURATION_SECONDS.name()
                || !self.ends_with_head(&HTTP_REQUEST_DURATION_SECONDS)
        };
        CATALOG.iter().filter(is_of_its_own).flat_map(|metric| {
            let name = self.prometheus_name_of(metric);
            let names = metric.kind().exported_as(&name);
            names.map(|name| (name, metric.name())).collect::<Vec<_>>()
        })
    }

    pub(super) fn checked(self) -> Self {
        let mut names = BTreeMap::new();
        for (name, metric) in self.all_exported() {
            if let Some(other) = names.insert(name.clone(), metric) {
                panic!(
                    "{metric} and {other} would both be exported as {name:?}: give one of them another name"
                );
            }
        }
        for metric in CATALOG {
            let is_there = |label: &&&str| !(self.is_opentelemetry() && **label == GRPC_SERVICE);
            let mut labels = BTreeMap::new();
            for label in metric.labels().iter().filter(is_there).chain(self.scheme.added(metric)) {
                let name = self.prometheus_label_of(label);
                if let Some(other) = labels.insert(name.clone(), label) {
                    panic!(
                        "the labels {label} and {other} of {} would both be called {name:?}: give one of them \
                         another name",
                        metric.name(),
                    );
                }
            }
        }
        self
    }
}
