//! The catalogue as JSON: every metric of the crate and of the page, and what the page for people needs to know of them.

use metrics::Unit;
use serde::Serialize;

use super::{
    exposition::{Family, families},
    promises::Promise,
    signal::Signal,
    signals::signals,
};
use crate::{
    names::{self, Metric, Naming},
    sla::Sla,
};

/// What was told of the metrics when the exporter was set up.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) slas: Vec<Sla>,
    /// Every scheme once.
    pub(crate) namings: Vec<Naming>,
}

/// The whole document.
#[derive(Debug, Serialize)]
struct Catalog<'a> {
    version: &'static str,
    metrics: Vec<Described<'a>>,
    signals: Vec<Signal>,
    refusals: Refusals,
    promises: Vec<Promise>,
}

/// One metric.
#[derive(Debug, Serialize)]
struct Described<'a> {
    name: String,
    kind: &'a str,
    unit: Option<&'static str>,
    help: &'a str,
    labels: Vec<String>,
    series: usize,
    /// Its name in the catalogue of the crate, where it is one of that.
    of: Option<&'static str>,
}

/// Where refusals are counted.
#[derive(Debug, Serialize)]
struct Refusals {
    rejected: String,
    calls: String,
    limiter: String,
    reason: String,
}

// ===== impl Told =====

impl Told {
    pub(crate) fn new(slas: Vec<Sla>, namings: impl IntoIterator<Item = Naming>) -> Self {
        Self { slas: once(slas), namings: once(namings) }
    }

    /// The catalogue of what stands on `page`, which is in the Prometheus text format.
    pub(crate) fn catalog(&self, page: &str) -> String {
        let families = families(page);
        let catalog = Catalog {
            version: env!("CARGO_PKG_VERSION"),
            metrics: self.metrics(&families),
            signals: signals(self, &families),
            refusals: self.refusals(&families),
            promises: Promise::all(self),
        };
        serde_json::to_string(&catalog).expect("it has names for keys, and finite numbers")
    }

    /// Those of the page, and those of the crate that it does not have.
    fn metrics<'a>(&self, families: &[Family<'a>]) -> Vec<Described<'a>> {
        let exported: Vec<_> = families.iter().map(|family| (family, self.original(family))).collect();
        let is_there = |metric: &Metric| {
            exported.iter().any(|(_, original)| original.is_some_and(|it| it.name() == metric.name()))
        };
        let absent = names::catalog().filter(|metric| !is_there(metric)).map(Described::absent);
        let there = exported.iter().map(|(family, original)| Described::exported(family, *original));
        let mut metrics: Vec<_> = there.chain(absent).collect();
        metrics.sort_by(|a, b| a.name.cmp(&b.name));
        metrics
    }

    /// The metric of the catalogue that it is; by its name where nothing describes it.
    fn original(&self, family: &Family<'_>) -> Option<&'static Metric> {
        let is_named = |metric: &Metric| {
            let mut names = self.namings.iter().map(|naming| naming.prometheus_name_of(metric));
            family.help.is_empty() && names.any(|name| name == family.name)
        };
        names::catalog().find(|metric| is_of(family, metric) || is_named(metric))
    }

    fn refusals(&self, families: &[Family<'_>]) -> Refusals {
        let rejected = &names::REQUESTS_REJECTED_TOTAL;
        let is_there = |naming: &&Naming| {
            let name = naming.prometheus_name_of(rejected);
            families.iter().any(|family| family.name == name)
        };
        let naming = self.namings.iter().find(is_there).cloned().unwrap_or_default();
        Refusals {
            rejected: naming.prometheus_name_of(rejected),
            calls: naming.prometheus_name_of(&names::LIMITER_CALLS_TOTAL),
            limiter: naming.prometheus_label_of(names::LIMITER),
            reason: naming.prometheus_label_of(names::REASON),
        }
    }
}

/// Each once, in the order in which they came.
fn once<T: PartialEq>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut once = Vec::new();
    for it in all {
        if !once.contains(&it) {
            once.push(it);
        }
    }
    once
}

/// Tells whether a metric of the page is this one of the catalogue, whatever a scheme or a Layer calls it: what describes
/// it says so in the words of the catalogue.
pub(super) fn is_of(family: &Family<'_>, metric: &Metric) -> bool {
    family.kind == metric.kind().as_str() && family.help == metric.help()
}

// ===== impl Described =====

impl<'a> Described<'a> {
    fn exported(family: &Family<'a>, of: Option<&'static Metric>) -> Self {
        Self {
            name: family.name.to_owned(),
            kind: family.kind,
            unit: of.map_or_else(|| unit_in(family.name), |metric| Some(metric.unit().as_str())),
            help: family.help,
            labels: family.labels.iter().map(|label| (*label).to_owned()).collect(),
            series: family.series,
            of: of.map(|metric| metric.name()),
        }
    }

    fn absent(metric: &'static Metric) -> Self {
        Self {
            name: metric.name().to_owned(),
            kind: metric.kind().as_str(),
            unit: Some(metric.unit().as_str()),
            help: metric.help(),
            labels: metric.labels().iter().map(|label| (*label).to_owned()).collect(),
            series: 0,
            of: Some(metric.name()),
        }
    }
}

/// The unit that a name tells by its end, as names of Prometheus do.
fn unit_in(name: &str) -> Option<&'static str> {
    let name = name.strip_suffix("_total").unwrap_or(name);
    [Unit::Seconds, Unit::Bytes].map(|unit| unit.as_str()).into_iter().find(|unit| name.ends_with(unit))
}
