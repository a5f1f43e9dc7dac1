//! The promises of an SLA, each with the series by which it is told how much of it is left.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    catalog::Told,
    signals::{id_of, local},
};
use crate::{
    clock::seconds,
    names,
    promql::Set,
    rules::sli::{self, Sli},
    sla::{Scope, Sla, Slo, of_naming},
};

/// One objective.
#[derive(Debug, Serialize)]
pub(super) struct Promise {
    id: String,
    service: String,
    signal: String,
    title: String,
    /// The share of calls that are to be good.
    objective: f64,
    /// The labels of the one row of the table that it is about, where it is about one.
    row: Option<BTreeMap<String, String>>,
    #[serde(flatten)]
    told_by: ToldBy,
}

/// What it is told by; see [`Sli`].
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum ToldBy {
    Availability { all: Set, bad: Set },
    Latency { threshold_seconds: f64, good: Set, ended: Set },
}

// ===== impl Promise =====

impl Promise {
    /// All objectives of all SLAs, those of one naming scheme judged together.
    pub(super) fn all(told: &Told) -> Vec<Self> {
        let services = told.namings.iter().filter_map(|naming| of_naming(&told.slas, naming));
        services
            .flat_map(|service| service.slos().map(|slo| Self::new(told, &slo)).collect::<Vec<_>>())
            .collect()
    }

    fn new(told: &Told, slo: &Slo<'_>) -> Self {
        let sla = slo.service;
        let local = |set| local(sla, set);
        let told_by = match Sli::of(slo) {
            Sli::Ratio { all, bad } => ToldBy::Availability { all: local(all), bad: local(bad) },
            Sli::Latency { good, ended, nanos } => {
                ToldBy::Latency { threshold_seconds: seconds(nanos), good: local(good), ended: local(ended) }
            }
        };
        Self {
            id: slo.id(),
            service: slo.sla.name().into(),
            signal: id_of(told, slo),
            title: format!("{}{}", about(slo), slo.promise()),
            objective: slo.share(),
            row: row(sla, slo),
            told_by,
        }
    }
}

/// What it is about, where that is not the service as a whole.
fn about(slo: &Slo<'_>) -> String {
    match slo.scope {
        Scope::Http => String::new(),
        Scope::Endpoint(it) => format!("{} {}: ", it.method, it.route),
        Scope::Grpc(it) => match &it.method {
            Some((service, method)) => format!("{service}/{method}: "),
            None => "gRPC: ".into(),
        },
        Scope::Operation(it) => format!("{}: ", it.name),
    }
}

fn row(sla: &Sla, slo: &Slo<'_>) -> Option<BTreeMap<String, String>> {
    let label = |original| sli::label(sla, original);
    match slo.scope {
        Scope::Http | Scope::Operation(_) => None,
        Scope::Endpoint(it) => Some(BTreeMap::from([
            (label(names::METHOD), it.method.clone()),
            (label(names::ENDPOINT), it.route.clone()),
        ])),
        Scope::Grpc(it) => {
            let (service, method) = it.method.as_ref()?;
            Some(sla.naming.grpc_method(service, method).into_iter().collect())
        }
    }
}
