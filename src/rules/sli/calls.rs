//! The calls of a service, by protocol: all of them, those that count, and which of these are bad.

use super::Sli;
use crate::{
    labels::{UNKNOWN, UNMATCHED},
    names::{self, Metric},
    outcome::Outcome,
    promql::{Selector, Set},
    sla::{Endpoint, Grpc, LatencyObjective, Operation, Sla},
};

/// The calls that were cancelled are on neither side; what of the rest is bad.
const BAD_OUTCOMES: [Outcome; 3] = [Outcome::Error, Outcome::Panicked, Outcome::BodyError];

pub(crate) fn http_calls(sla: &Sla) -> Selector {
    selector(sla, &names::HTTP_REQUESTS_TOTAL)
}

/// The counter of HTTP calls, with the labels by which they are judged: without them every call would be good.
pub(crate) fn http_counter(sla: &Sla) -> Selector {
    let labels = [names::ENDPOINT, names::STATUS, names::OUTCOME];
    labels.into_iter().fold(http_calls(sla), |selector, original| selector.unequal(&label(sla, original), ""))
}

/// The counter of gRPC calls, with the labels by which they are judged.
pub(crate) fn grpc_counter(sla: &Sla) -> Selector {
    let labels = [names::GRPC_SERVICE, names::GRPC_CODE];
    labels.into_iter().fold(selector(sla, &names::GRPC_SERVER_HANDLED_TOTAL), |selector, original| {
        selector.unequal(&label(sla, original), "")
    })
}

/// The label of the table as this service calls it.
pub(crate) fn label(sla: &Sla, original: &'static str) -> String {
    sla.naming.label_of(original).into_owned()
}

/// A metric of the table, of this service alone.
pub(crate) fn selector(sla: &Sla, metric: &Metric) -> Selector {
    of_service(sla, Selector::new(sla.naming.name_of(metric)))
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
    let (status, outcome) = (label(sla, names::STATUS), label(sla, names::OUTCOME));
    let statuses = if sla.counts_429 { "5..|429" } else { "5.." };
    let outcomes = BAD_OUTCOMES.map(Outcome::as_str);
    let bad = all.any(&[&|selector| selector.matched(&status, statuses), &|selector| {
        selector.one_of(&outcome, &outcomes)
    }]);
    Sli::Ratio { all, bad }
}

/// The HTTP calls that tell how the service is doing: what scanners, probes and impatient callers did is left out.
fn judged(sla: &Sla, whose: &Whose<'_>) -> Set {
    let outcome = label(sla, names::OUTCOME);
    counted(sla, whose).map(|selector| selector.unequal(&outcome, Outcome::Cancelled.as_str()))
}

/// The HTTP calls that count for a ratio, cancelled ones too.
pub(crate) fn counted(sla: &Sla, whose: &Whose<'_>) -> Set {
    let (endpoint, status) = (label(sla, names::ENDPOINT), label(sla, names::STATUS));
    let metric = || http_calls(sla);
    match whose {
        Whose::Only(it) => Set::of([only(sla, metric(), it)]),
        Whose::AllBut(left) => {
            let matched = metric().outside(&endpoint, &sla.excluded).unequal(&endpoint, UNMATCHED);
            let unmatched = metric().equal(&endpoint, UNMATCHED).unmatched_by(&status, "4..");
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
    http_timed(sla, whose, metric).map(|selector| selector.matched(&status, "[123]..|none"))
}

/// The histogram of the HTTP calls whose time counts, however they were answered.
fn http_timed(sla: &Sla, whose: &Whose<'_>, metric: &Metric) -> Set {
    let is_head = metric.name() == names::HTTP_RESPONSE_HEAD_DURATION_SECONDS.name();
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
    let code = label(sla, names::GRPC_CODE);
    let all = grpc(sla, it, &names::GRPC_SERVER_HANDLED_TOTAL, has_own);
    let all = all.map(|selector| selector.unequal(&code, names::GRPC_CANCELED));
    let bad = all.clone().map(|selector| selector.one_of(&code, &it.bad));
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
    let only = |method| only_method(sla, selector(sla, metric), method);
    match &it.method {
        Some(method) => Set::of([only(method)]),
        None => {
            let others = sla.grpc.iter().filter(|other| !other.also_counts && has_own(other));
            let left = others.filter_map(|other| other.method.as_ref()).map(only);
            Set::of([selector(sla, metric).unequal(&label(sla, names::GRPC_SERVICE), UNKNOWN)]).without(left)
        }
    }
}

pub(super) fn only_method(sla: &Sla, selector: Selector, (service, method): &(String, String)) -> Selector {
    selector.equal(&label(sla, names::GRPC_SERVICE), service).equal(&label(sla, names::GRPC_METHOD), method)
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
