//! Which histogram has which bounds: what every exporter that counts in buckets asks.

use std::collections::{BTreeMap, btree_map::Entry};

use super::bounds::{BYTES, CONNECTION_SECONDS, check};
use crate::{
    names::{self, Metric, Naming},
    sla::{self, Sla},
};

/// What was told of histograms, as the setters of every builder tell it.
#[derive(Clone, Debug)]
pub(super) struct Histograms {
    slas: Vec<Sla>,
    namings: Vec<Naming>,
    bounds: BTreeMap<String, Vec<f64>>,
}

/// The bounds of every histogram, worked out.
pub(super) struct Bounds {
    by_name: BTreeMap<String, Vec<f64>>,
}

// ===== impl Histograms =====

impl Histograms {
    pub(super) fn new() -> Self {
        Self { slas: Vec::new(), namings: vec![Naming::new()], bounds: BTreeMap::new() }
    }

    pub(super) fn sla(&mut self, sla: &Sla) {
        self.slas.push(sla.clone());
    }

    pub(super) fn naming(&mut self, naming: &Naming) {
        self.namings.iter().for_each(|other| naming.assert_beside(other));
        self.namings.push(naming.clone());
    }

    pub(super) fn bounds(&mut self, histogram: String, bounds: &[f64]) {
        check(&histogram, bounds);
        assert!(!self.bounds.contains_key(&histogram), "the bounds of {histogram} are given twice: keep one");
        self.bounds.insert(histogram, bounds.to_vec());
    }

    /// Adds what another builder was told.
    pub(super) fn extend(&mut self, more: Self) {
        self.slas.extend(more.slas);
        more.namings.iter().for_each(|naming| self.naming(naming));
        for (histogram, bounds) in more.bounds {
            self.bounds(histogram, &bounds);
        }
    }

    pub(super) fn worked_out(&self) -> Bounds {
        let told = self.bounds.iter().map(|(histogram, told)| (self.recorded(histogram), told.clone()));
        let mut by_name: BTreeMap<_, _> = told.collect();
        for (histogram, promised) in sla::histogram_bounds(&self.promised()) {
            match by_name.entry(histogram) {
                Entry::Vacant(free) => drop(free.insert(promised)),
                Entry::Occupied(told) => merge(told.into_mut(), promised),
            }
        }
        for naming in self.all_namings() {
            // A name of the house's own need not have the suffix by which the others are found.
            for metric in names::catalog().filter(|metric| metric.kind() == names::Kind::Histogram) {
                by_name.entry(naming.name_of(metric)).or_insert_with(|| defaults(metric));
            }
        }
        Bounds { by_name }
    }

    /// Tells whether a scheme has names that get their unit in Prometheus.
    #[cfg(feature = "prometheus")]
    pub(super) fn appends_units(&self) -> bool {
        self.all_namings().any(Naming::appends_units)
    }

    /// What the page for people has to know.
    #[cfg(feature = "page")]
    pub(super) fn told(&self) -> crate::page::Told {
        crate::page::Told::new(self.slas.clone(), self.all_namings().cloned())
    }

    fn all_namings(&self) -> impl Iterator<Item = &Naming> {
        self.namings.iter().chain(self.slas.iter().map(|sla| &sla.naming))
    }

    /// The name under which a histogram of the catalogue is recorded that has this name in Prometheus; any other keeps its own.
    fn recorded(&self, histogram: &str) -> String {
        let name_in = |naming: &Naming| {
            let metric = names::catalog().find(|metric| naming.prometheus_name_of(metric) == histogram)?;
            Some(naming.name_of(metric))
        };
        self.all_namings().find_map(name_in).unwrap_or_else(|| histogram.to_owned())
    }

    /// The SLAs under their own names, and under each other scheme that a Layer was given.
    fn promised(&self) -> Vec<Sla> {
        let renamed =
            self.namings.iter().flat_map(|naming| self.slas.iter().map(|sla| sla.clone().naming(naming)));
        self.slas.iter().cloned().chain(renamed).collect()
    }
}

// ===== impl Bounds =====

impl Bounds {
    /// The bounds of what nothing was told of, by the end of its name.
    pub(super) const BY_SUFFIX: [(&'static str, &'static [f64]); 2] =
        [("_seconds", &sla::SECONDS), ("_bytes", &BYTES)];

    /// Of whatever has no suffix by which to tell, so that not even that is without bounds.
    pub(super) const OF_THE_REST: &'static [f64] = &sla::SECONDS;

    pub(super) fn by_name(self) -> impl Iterator<Item = (String, Vec<f64>)> {
        self.by_name.into_iter()
    }

    pub(super) fn of(&self, histogram: &str) -> &[f64] {
        match self.by_name.get(histogram) {
            Some(bounds) => bounds,
            None if histogram.ends_with("_bytes") => &BYTES,
            None => &sla::SECONDS,
        }
    }
}

fn defaults(metric: &Metric) -> Vec<f64> {
    match metric.name() {
        "connection_duration_seconds" => CONNECTION_SECONDS.to_vec(),
        _ => sla::SECONDS.to_vec(),
    }
}

fn merge(bounds: &mut Vec<f64>, more: Vec<f64>) {
    bounds.extend(more);
    bounds.sort_by(f64::total_cmp);
    bounds.dedup();
}
