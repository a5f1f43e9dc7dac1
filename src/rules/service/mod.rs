//! The rules of one service: rate, errors and duration by job, and the alerts that are about no single objective.

mod alerts;
mod grpc;
mod http;
mod oldest;
mod recorded;

use std::time::Duration;

use super::{
    Group,
    config::{Config, Scope},
};
use crate::sla::{Merged, Sla};

/// How often rules are evaluated. What is summed from recorded series counts on it.
pub(super) const INTERVAL: Duration = Duration::from_secs(30);

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
    group.rules.extend(service.oldest());
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
