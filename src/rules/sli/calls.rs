//! The calls of a service, by protocol: all of them, those that count, and which of these are bad.

use super::Sli;
use crate::{
    names::{self, Metric},
    outcome::Outcome,
    promql::{Selector, Set},
    sla::{Endpoint, Grpc, LatencyObjective, Operation, Sla},
};

/// The calls that were cancelled are on neither side; what of the rest is bad.
const BAD_OUTCOMES: [Outcome; 3] = [Outcome::Error, Outcome::Panicked, Outcome::BodyError];

/// What counts the HTTP calls that ended.
pub(crate) fn http_calls(sla: &Sla) -> Selector {
    of_service(sla, Selector::new(sla.naming.http_ended()))
}

/// What counts the gRPC calls that ended.
pub(crate) fn grpc_handled(sla: &Sla) -> Selector {
    of_service(sla, Selector::new(sla.naming.grpc_ended()))
}

/// The counter of HTTP calls, with the labels by which they are judged: without them every call would be good.
pub(crate) fn http_counter(sla: &Sla) -> Selector {
    sla.naming.judging_labels().iter().fold(http_calls(sla), |selector, label| selector.unequal(label, ""))
}

/// The counter of gRPC calls, with the labels by which they are judged.
pub(crate) fn grpc_counter(sla: &Sla) -> Selector {
    let (method, _) = sla.naming.grpc_unknown();
    grpc_handled(sla).unequal(&method, "").unequal(&label(sla, names::GRPC_CODE), "")
}

/// The label of the table as Prometheus has it of this service.
pub(crate) fn label(sla: &Sla, original: &'static str) -> String {
    sla.naming.prometheus_label_of(original)
}

/// A metric of the table, of this service alone.
pub(crate) fn selector(sla: &Sla, metric: &Metric) -> Selector {
    of_service(sla, Selector::new(sla.naming.prometheus_name_of(metric)))
}

pub(crate) fn of_service(sla: &Sla, selector: Selector) -> Selector {
    let selector = selector.equal("job", sla.job_name());
    sla.selectors.iter().fold(selector, |selector, (label, value)| selector.equal(label, value))
}

/// The endpoints that have left a service-wide objective.
pub(crate) fn leaving<'a>(sla: &'a Sla, has_own: impl Fn(&Endpoint) -> bool) -> Whose<'a> {
    Whose::AllBut(sla.endpoints.iter().filter(|it| !it.also_counts && has_own(it)).collect())
}

/// Whose calls count.
#[derive(Debug)]
pub(crate) enum Whose<'a> {
    AllBut(Vec<&'a Endpoint>),
    Only(&'a Endpoint),
}

/// Of the HTTP calls that tell how the service is doing, the bad ones.
pub(crate) fn availability(sla: &Sla, whose: &Whose<'_>) -> Sli {
    let all = judged(sla, whose);
    let statuses = if sla.counts_429 { "5..|429" } else { "5.." };
    let bad = failed(sla, &all, statuses, &BAD_OUTCOMES);
    Sli::Ratio { all, bad }
}

/// Of the HTTP calls that the service makes and does not give up, the bad ones.
#[cfg(feature = "page")]
pub(crate) fn http_client_calls(sla: &Sla) -> Sli {
    // Its metrics have the label also under a scheme that has none for servers.
    let outcome = sla.naming.outcome_label().unwrap_or_else(|| label(sla, names::OUTCOME));
    let status = label(sla, names::STATUS);
    let calls = of_service(sla, Selector::new(sla.naming.http_client_ended()));
    let all = Set::of([calls.unequal(&outcome, Outcome::Cancelled.as_str())]);
    let words = BAD_OUTCOMES.map(Outcome::as_str);
    let bad = all.any(&[&|it| it.matched(&status, "5.."), &|it| it.one_of(&outcome, &words)]);
    Sli::Ratio { all, bad }
}

/// The calls that failed as callers see it: answered 5xx, or, by what stands in front, because they were not answered.
pub(crate) fn http_errors(sla: &Sla) -> Set {
    let all = Set::of([http_calls(sla)]);
    match sla.naming.no_status() {
        "" => failed(sla, &all, "5..", &[Outcome::Error, Outcome::Panicked]),
        // The status says it.
        _ => all.map(|selector| selector.matched(&label(sla, names::STATUS), "5..")),
    }
}

/// Those of such a status, and those that ended so, as far as the scheme tells.
fn failed(sla: &Sla, all: &Set, statuses: &str, outcomes: &[Outcome]) -> Set {
    let status = label(sla, names::STATUS);
    let of_status = |selector: Selector| selector.matched(&status, statuses);
    let Some(outcome) = sla.naming.outcome_label() else { return all.clone().map(of_status) };
    let words: Vec<_> = outcomes.iter().map(|outcome| outcome.as_str()).collect();
    all.any(&[&of_status, &|selector| selector.one_of(&outcome, &words)])
}

/// The calls that their callers gave up before the head.
pub(crate) fn http_cancelled(sla: &Sla, whose: &Whose<'_>) -> Set {
    let (label, word) = sla.naming.cancelled();
    counted(sla, whose).map(|selector| selector.equal(&label, word))
}

/// The HTTP calls that tell how the service is doing: what scanners, probes and impatient callers did is left out.
fn judged(sla: &Sla, whose: &Whose<'_>) -> Set {
    counted(sla, whose).map(|selector| uncancelled(sla, selector))
}

/// Without the calls that their callers gave up before the head.
pub(crate) fn uncancelled(sla: &Sla, selector: Selector) -> Selector {
    let (label, word) = sla.naming.cancelled();
    selector.unequal(&label, word)
}

/// The HTTP calls that count for a ratio, cancelled ones too.
pub(crate) fn counted(sla: &Sla, whose: &Whose<'_>) -> Set {
    let (endpoint, status) = (label(sla, names::ENDPOINT), label(sla, names::STATUS));
    let metric = || http_calls(sla);
    let unmatched = sla.naming.no_endpoint();
    match whose {
        Whose::Only(it) => Set::of([only(sla, metric(), it)]),
        Whose::AllBut(left) => {
            let matched = metric().outside(&endpoint, &sla.excluded).unequal(&endpoint, unmatched);
            let unmatched = metric().equal(&endpoint, unmatched).unmatched_by(&status, "4..");
            Set::of([matched, unmatched]).without(left.iter().map(|it| only(sla, metric(), it)))
        }
    }
}

pub(super) fn only(sla: &Sla, selector: Selector, it: &Endpoint) -> Selector {
    selector.equal(&label(sla, names::METHOD), &it.method).equal(&label(sla, names::ENDPOINT), &it.route)
}

/// Of the HTTP calls that were answered well, or given up, those that took longer than the threshold.
pub(crate) fn http_latency(sla: &Sla, whose: &Whose<'_>, metric: &Metric, latency: LatencyObjective) -> Sli {
    let status = label(sla, names::STATUS);
    Sli::Latency {
        good: http_timed(sla, whose, metric).map(|selector| selector.matched(&status, "[123]..")),
        ended: http_ended(sla, whose, metric),
        nanos: latency.nanos(),
    }
}

/// The histogram of the HTTP calls that were answered well, or given up.
pub(crate) fn http_ended(sla: &Sla, whose: &Whose<'_>, metric: &Metric) -> Set {
    let status = label(sla, names::STATUS);
    let statuses = format!("[123]..|{}", sla.naming.no_status());
    let ended = http_timed(sla, whose, metric).map(|selector| selector.matched(&status, &statuses));
    match (sla.naming.no_status(), sla.naming.outcome_label()) {
        // What failed without a status is not among what was given up.
        ("", Some(outcome)) => {
            let failed = [Outcome::Error, Outcome::Panicked].map(Outcome::as_str);
            ended.map(|selector| selector.none_of(&outcome, &failed))
        }
        _ => ended,
    }
}

/// The histogram of the HTTP calls whose time counts, however they were answered.
fn http_timed(sla: &Sla, whose: &Whose<'_>, metric: &Metric) -> Set {
    let is_head = metric.name() == sla.naming.head_histogram().name();
    let streams: &[String] = if is_head { &[] } else { &sla.streams };
    match whose {
        Whose::Only(it) => Set::of([only(sla, selector(sla, metric), it)]),
        Whose::AllBut(left) => {
            let routes = sla.excluded.iter().chain(streams);
            let all = selector(sla, metric).outside(&label(sla, names::ENDPOINT), routes);
            // The metric of what is left out is suffixed with that of the rest.
            Set::of([all]).without(left.iter().map(|it| only(sla, selector(sla, metric), it)))
        }
    }
}

/// Of the gRPC calls that tell how the service is doing, without those of methods that have their own, the bad ones.
pub(crate) fn grpc_calls(sla: &Sla, it: &Grpc, has_own: impl Fn(&Grpc) -> bool) -> Sli {
    judged_by_code(sla, it, grpc_of(sla, it, grpc_handled, has_own))
}

/// Of the gRPC calls that the service makes and does not give up, the bad ones.
#[cfg(feature = "page")]
pub(crate) fn grpc_client_calls(sla: &Sla) -> Sli {
    let calls = of_service(sla, Selector::new(sla.naming.grpc_client_ended()));
    judged_by_code(sla, &Grpc::new(None), Set::of([calls]))
}

/// Without the calls that were given up, which are on neither side; those of the promise's codes are bad.
fn judged_by_code(sla: &Sla, it: &Grpc, calls: Set) -> Sli {
    let code = label(sla, names::GRPC_CODE);
    let all = calls.map(|selector| selector.unequal(&code, &sla.naming.grpc_code(names::GRPC_CANCELED)));
    let codes: Vec<_> = it.bad.iter().map(|code| sla.naming.grpc_code(code)).collect();
    let bad = all.clone().map(|selector| selector.one_of(&code, &codes));
    Sli::Ratio { all, bad }
}

/// Of the calls of an operation that were not given up, the bad ones.
pub(crate) fn operation_calls(sla: &Sla, it: &Operation) -> Sli {
    let all = of_service(sla, Selector::new(&*it.counter));
    let all = Set::of([all.unequal(&it.outcome, &it.cancelled)]);
    let bad = all.clone().map(|selector| match &*it.bad {
        [] => selector.unequal(&it.outcome, &it.completed),
        bad => selector.one_of(&it.outcome, bad),
    });
    Sli::Ratio { all, bad }
}

/// A metric of the gRPC calls that count, without those of methods that have their own.
pub(crate) fn grpc(sla: &Sla, it: &Grpc, metric: &Metric, has_own: impl Fn(&Grpc) -> bool) -> Set {
    grpc_of(sla, it, |sla| selector(sla, metric), has_own)
}

fn grpc_of(sla: &Sla, it: &Grpc, calls: impl Fn(&Sla) -> Selector, has_own: impl Fn(&Grpc) -> bool) -> Set {
    let only = |method| only_method(sla, calls(sla), method);
    match &it.method {
        Some(method) => Set::of([only(method)]),
        None => {
            let others = sla.grpc.iter().filter(|other| !other.also_counts && has_own(other));
            let left = others.filter_map(|other| other.method.as_ref()).map(only);
            let (label, unknown) = sla.naming.grpc_unknown();
            Set::of([calls(sla).unequal(&label, unknown)]).without(left)
        }
    }
}

pub(crate) fn only_method(sla: &Sla, selector: Selector, (service, method): &(String, String)) -> Selector {
    let labels = sla.naming.grpc_method(service, method);
    labels.iter().fold(selector, |selector, (label, value)| selector.equal(label, value))
}

pub(super) fn operation_latency(sla: &Sla, it: &Operation, latency: LatencyObjective) -> Sli {
    let ended = operation_ended(sla, it);
    let good = match &*it.bad {
        [] => Set::of([of_service(sla, Selector::new(&*it.histogram)).equal(&it.outcome, &it.completed)]),
        _ => ended.clone().map(|selector| selector.unequal(&it.outcome, &it.cancelled)),
    };
    Sli::Latency { good, ended, nanos: latency.nanos() }
}

/// The histogram of the calls of an operation that ended well, or were given up.
pub(crate) fn operation_ended(sla: &Sla, it: &Operation) -> Set {
    let all = of_service(sla, Selector::new(&*it.histogram));
    Set::of([match &*it.bad {
        [] => all.one_of(&it.outcome, &[&it.completed, &it.cancelled]),
        bad => all.none_of(&it.outcome, bad),
    }])
}
