//! What calls there are on a page.

use super::{
    catalog::{Told, is_of},
    exposition::Family,
    signal::Signal,
};
use crate::{
    names::{self, Naming, is_metric_name},
    promql::{Selector, Set},
    sla::{Scope, Sla, Slo, of_naming},
};

/// Every signal of the page, scheme by scheme.
pub(super) fn signals(told: &Told, families: &[Family<'_>]) -> Vec<Signal> {
    let schemes = told.namings.iter().enumerate();
    let calls = schemes.flat_map(|(index, naming)| {
        let sla = service(told, naming);
        let all =
            [Signal::http(&sla), Signal::http_client(&sla), Signal::grpc(&sla), Signal::grpc_client(&sla)];
        let there = all.into_iter().filter(|signal| signal.is_on(families));
        there.map(move |signal| signal.numbered(index).narrowed_to(families))
    });
    // Whoever asks may have a text from anywhere.
    let is_named =
        |family: &&Family<'_>| is_metric_name(family.name.strip_suffix("_total").unwrap_or(family.name));
    let counters = families.iter().filter(|family| is_of(family, &names::TOTAL)).filter(is_named);
    let mut operations: Vec<_> = counters.map(|family| Signal::operation(told, family, families)).collect();
    operations.sort_by(|a, b| a.id.cmp(&b.id));
    let mut signals: Vec<_> = calls.chain(operations).collect();
    let titles: Vec<_> = signals.iter().map(|signal| signal.title.clone()).collect();
    for signal in &mut signals {
        if titles.iter().filter(|title| **title == signal.title).count() > 1 {
            signal.tell_apart();
        }
    }
    signals
}

/// The identity of a signal that a promise is about.
pub(super) fn id_of(told: &Told, slo: &Slo<'_>) -> String {
    let naming = &slo.service.naming;
    let index = told.namings.iter().position(|other| other == naming).unwrap_or_default();
    match slo.scope {
        Scope::Http | Scope::Endpoint(_) => numbered("http", index),
        Scope::Grpc(_) => numbered("grpc", index),
        Scope::Operation(it) => it.counter.clone(),
    }
}

/// Those of a second scheme have a number behind them.
pub(super) fn numbered(id: &str, index: usize) -> String {
    if index == 0 { id.to_owned() } else { format!("{id}-{}", index + 1) }
}

/// What is promised under a scheme, or nothing.
fn service(told: &Told, naming: &Naming) -> Sla {
    of_naming(&told.slas, naming).map_or_else(|| Sla::new("service").naming(naming), |merged| merged.sla)
}

/// What a page of one process has: it is of no job, and of no environment.
pub(super) fn local(sla: &Sla, set: Set) -> Set {
    let without = |selector: Selector, label: &str| selector.without_label(label);
    set.map(|selector| sla.selectors().fold(without(selector, "job"), |it, (label, _)| without(it, label)))
}
