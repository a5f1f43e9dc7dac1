//! The rules of one service: rate, errors and duration by job, and the alerts that are about no single objective.

mod alerts;
mod grpc;
mod http;
mod recorded;

use std::time::Duration;

use super::{
    Group,
    config::{Config, Scope},
};
use crate::sla::{Sla, Slo};

/// How often rules are evaluated. What is summed from recorded series counts on it.
pub(super) const INTERVAL: Duration = Duration::from_secs(30);

/// What runs as one job: the promises of the same job and selectors, taken together.
#[derive(Debug)]
pub(super) struct Merged {
    /// What all of them say.
    pub(super) sla: Sla,
    /// Each.
    all: Vec<Sla>,
}

/// Takes the promises of the same job and selectors together.
///
/// Refuses promises of one job of which one selects a part of what the other does: what is recorded of both would be
/// mixed.
pub(super) fn merged(slas: &[Sla]) -> Vec<Merged> {
    let mut services: Vec<Merged> = Vec::new();
    for sla in slas {
        let is_same = |service: &&mut Merged| {
            service.sla.job_name() == sla.job_name() && service.sla.selectors == sla.selectors
        };
        if let Some(service) = services.iter_mut().find(is_same) {
            service.sla.take_in(sla);
            service.all.push(sla.clone());
            continue;
        }
        if let Some(other) = services.iter().find(|service| service.sla.overlaps(sla)) {
            panic!(
                "the SLAs {} and {} are of the job {:?}, and one selects a part of the other: give both the same selector \
                 labels, such as .selector(\"env\", …)",
                other.sla.name(),
                sla.name(),
                sla.job_name()
            );
        }
        services.push(Merged { sla: sla.clone(), all: vec![sla.clone()] });
    }
    services
}

/// The group of a service.
pub(super) fn group(config: &Config, merged: &Merged) -> Group {
    let service = Service { config, merged, sla: &merged.sla, scope: Scope::of(&merged.sla) };
    let mut group = Group::new(format!("service-{}", service.scope.key), INTERVAL);
    if merged.is_http() {
        group.rules.extend(service.red());
        group.rules.extend(service.sli());
        group.rules.extend(service.http_alerts());
    }
    if !merged.sla.grpc.is_empty() {
        group.rules.extend(service.grpc_stuck());
    }
    group.rules.push(service.rate_limit_exceeded());
    group.rules.extend(service.alerts());
    service.scope.labelled(group)
}

/// A service, and what every rule of it needs.
struct Service<'a> {
    config: &'a Config,
    merged: &'a Merged,
    sla: &'a Sla,
    scope: Scope,
}

// ===== impl Merged =====

impl Merged {
    pub(super) fn is_http(&self) -> bool {
        self.all.iter().any(Sla::is_http)
    }

    /// The objectives of all promises, each judged as all of them say.
    pub(super) fn slos(&self) -> impl Iterator<Item = Slo<'_>> {
        self.all.iter().flat_map(Sla::slos).map(|slo| Slo { service: &self.sla, ..slo })
    }
}
