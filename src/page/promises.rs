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
    sla::{Merged, Objective, Scope, Sla, Slo, by_service},
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
    Availability {
        all: Set,
        bad: Set,
    },
    Latency {
        threshold_seconds: f64,
        good: Set,
        ended: Set,
    },
    /// Told by another histogram than the durations of the calls.
    HeadLatency {
        threshold_seconds: f64,
        good: Set,
        ended: Set,
    },
}

// ===== impl Promise =====

impl Promise {
    /// All objectives of all SLAs, those of one service judged together, as its rules judge them.
    pub(super) fn all(told: &Told) -> Vec<Self> {
        let services = by_service(&told.slas);
        let mut all: Vec<Self> = Vec::new();
        for mut promise in services.iter().flat_map(Merged::slos).map(|slo| Self::new(told, &slo)) {
            // Rules refuse two of one name; whoever only looks shall see both.
            while all.iter().any(|other| other.id == promise.id) {
                promise.id.push('\'');
            }
            all.push(promise);
        }
        all
    }

    fn new(told: &Told, slo: &Slo<'_>) -> Self {
        let sla = slo.service;
        let local = |set| local(sla, set);
        let told_by = match Sli::of(slo) {
            Sli::Ratio { all, bad } => ToldBy::Availability { all: local(all), bad: local(bad) },
            Sli::Latency { good, ended, nanos } => {
                let (threshold_seconds, good, ended) = (seconds(nanos), local(good), local(ended));
                match is_of_head(slo) {
                    true => ToldBy::HeadLatency { threshold_seconds, good, ended },
                    false => ToldBy::Latency { threshold_seconds, good, ended },
                }
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

/// Tells whether it is about the time to the response head, where that is not what all times are.
fn is_of_head(slo: &Slo<'_>) -> bool {
    let naming = &slo.service.naming;
    matches!(slo.objective, Objective::HeadLatency(_))
        && naming.head_histogram().name() != names::HTTP_REQUEST_DURATION_SECONDS.name()
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
