//! Which calls are good and which bad: objectives as sums of rates.

use crate::{
    labels::{UNKNOWN, UNMATCHED},
    names::{self, Metric},
    outcome::Outcome,
    promql::{Selector, Set, grouped, indented, sum},
    sla::{Endpoint, Grpc, LatencyObjective, Objective, Operation, Scope, Sla, Slo},
};

/// What an objective counts.
#[derive(Debug)]
pub(super) enum Sli {
    /// Of all calls, the bad ones.
    Ratio { all: Set, bad: Set },
    /// Of the histograms of good calls, and of good and cancelled ones, those above the threshold.
    Latency { good: Set, ended: Set, nanos: u64 },
}

/// The calls that were cancelled are on neither side; what of the rest is bad.
const BAD_OUTCOMES: [Outcome; 3] = [Outcome::Error, Outcome::Panicked, Outcome::BodyError];

// ===== impl Sli =====

impl Sli {
    pub(super) fn of(slo: &Slo<'_>) -> Self {
        let sla = slo.service;
        match (slo.scope, slo.objective) {
            (Scope::Http, Objective::Availability(_)) => {
                availability(sla, &leaving(sla, |it| it.objectives.availability.is_some()))
            }
            (Scope::Endpoint(it), Objective::Availability(_)) => availability(sla, &Whose::Only(it)),
            (Scope::Http, Objective::Latency(latency)) => {
                let leaving = leaving(sla, |it| !it.objectives.latency.is_empty());
                http_latency(sla, &leaving, &names::HTTP_REQUEST_DURATION_SECONDS, latency)
            }
            (Scope::Http, Objective::HeadLatency(latency)) => {
                let leaving = leaving(sla, |it| !it.objectives.head.is_empty());
                http_latency(sla, &leaving, &names::HTTP_RESPONSE_HEAD_DURATION_SECONDS, latency)
            }
            (Scope::Endpoint(it), Objective::Latency(latency)) => {
                http_latency(sla, &Whose::Only(it), &names::HTTP_REQUEST_DURATION_SECONDS, latency)
            }
            (Scope::Endpoint(it), Objective::HeadLatency(latency)) => {
                http_latency(sla, &Whose::Only(it), &names::HTTP_RESPONSE_HEAD_DURATION_SECONDS, latency)
            }
            (Scope::Grpc(it), Objective::Availability(_)) => {
                let code = label(sla, names::GRPC_CODE);
                let all = grpc(sla, it, &names::GRPC_SERVER_HANDLED_TOTAL, |other| {
                    other.objectives.availability.is_some()
                });
                let all = all.map(|selector| selector.unequal(&code, names::GRPC_CANCELED));
                let bad = all.clone().map(|selector| selector.one_of(&code, &it.bad));
                Self::Ratio { all, bad }
            }
            (Scope::Grpc(it), Objective::Latency(latency) | Objective::HeadLatency(latency)) => {
                let all = grpc(sla, it, &names::GRPC_SERVER_HANDLING_SECONDS, |other| {
                    !other.objectives.latency.is_empty()
                });
                Self::Latency { good: all.clone(), ended: all, nanos: latency.nanos() }
            }
            (Scope::Operation(it), Objective::Availability(_)) => {
                let all = Selector::new(&*it.counter);
                let all = Set::of([of_service(sla, all).unequal(&it.outcome, &it.cancelled)]);
                let bad = all.clone().map(|selector| match &*it.bad {
                    [] => selector.unequal(&it.outcome, &it.completed),
                    bad => selector.one_of(&it.outcome, bad),
                });
                Self::Ratio { all, bad }
            }
            (Scope::Operation(it), Objective::Latency(latency) | Objective::HeadLatency(latency)) => {
                operation_latency(sla, it, latency)
            }
        }
    }

    /// What was bad, by these labels; 0 where nothing ever was.
    pub(super) fn bad(&self, by: &str, window: &str) -> String {
        match self {
            Self::Ratio { all, bad } => {
                format!("{}\nor\n0 * {}", bad.sum(by, window), all.sum(by, window))
            }
            Self::Latency { ended, nanos, .. } => {
                let in_time = ended.clone().map(|selector| selector.suffixed("_bucket").within(*nanos));
                let ended = ended.clone().map(|selector| selector.suffixed("_count"));
                let late = format!(
                    "clamp_min(\n  {} - sum without (le) {},\n  0\n)",
                    indented(&ended.rates_grouped(window)),
                    indented(&grouped(&in_time.rates(window))),
                );
                sum(by, &format!("{late}\nand {}", grouped(&comparable(&ended, &in_time, window))))
            }
        }
    }

    /// What was good or bad, by these labels, where `bad` is what [`bad`](Self::bad) was recorded as.
    pub(super) fn total(&self, by: &str, window: &str, bad: &str) -> String {
        match self {
            Self::Ratio { all, .. } => all.sum(by, window),
            Self::Latency { good, nanos, .. } => {
                let in_time = good.clone().map(|selector| selector.suffixed("_bucket").within(*nanos));
                format!(
                    "{}\n+ on ({by}) {bad}",
                    grouped(&format!("{}\nor\nsum by ({by}) (0 * {bad})", in_time.sum(by, window)))
                )
            }
        }
    }
}

/// The series of which the bucket was scraped as often as the count.
///
/// An instance that lacks the bound, or that had it for a part of the window because it was restarted with another
/// threshold, has calls in its count that no bucket tells of. So has one whose bound was spelled otherwise before, of
/// which the calls between two scrapes are lost to both spellings.
pub(super) fn comparable(count: &Set, bucket: &Set, window: &str) -> String {
    let scrapes = |set: &Set| set.over("count_over_time", window);
    format!("{}\n<= max without (le) {}", scrapes(count), grouped(&scrapes(bucket)))
}

/// The series that are there if anything can be told of an objective, where that is not the counter of all calls.
pub(super) fn evidence(slo: &Slo<'_>) -> Option<Selector> {
    let sla = slo.service;
    let of_histogram = |histogram: String, threshold: LatencyObjective| {
        of_service(sla, Selector::new(histogram)).suffixed("_bucket").within(threshold.nanos())
    };
    Some(match (slo.scope, slo.latency().zip(slo.histogram())) {
        (Scope::Http, None) | (Scope::Grpc(Grpc { method: None, .. }) | Scope::Operation(_), None) => {
            return None;
        }
        (Scope::Http, Some((latency, histogram))) => {
            of_histogram(histogram, latency).unequal(&label(sla, names::STATUS), "")
        }
        (Scope::Endpoint(it), None) => only(sla, http_counter(sla), it),
        (Scope::Endpoint(it), Some((latency, histogram))) => {
            only(sla, of_histogram(histogram, latency), it).unequal(&label(sla, names::STATUS), "")
        }
        (Scope::Grpc(Grpc { method: Some(method), .. }), None) => only_method(sla, grpc_counter(sla), method),
        (Scope::Grpc(Grpc { method: Some(method), .. }), Some((latency, histogram))) => {
            only_method(sla, of_histogram(histogram, latency), method)
        }
        (Scope::Grpc(_), Some((latency, histogram))) => {
            of_histogram(histogram, latency).unequal(&label(sla, names::GRPC_SERVICE), "")
        }
        (Scope::Operation(it), Some((latency, histogram))) => {
            of_histogram(histogram, latency).unequal(&it.outcome, "")
        }
    })
}

pub(super) fn http_calls(sla: &Sla) -> Selector {
    selector(sla, &names::HTTP_REQUESTS_TOTAL)
}

/// The counter of HTTP calls, with the labels by which they are judged: without them every call would be good.
pub(super) fn http_counter(sla: &Sla) -> Selector {
    let labels = [names::ENDPOINT, names::STATUS, names::OUTCOME];
    labels.into_iter().fold(http_calls(sla), |selector, original| selector.unequal(&label(sla, original), ""))
}

/// The counter of gRPC calls, with the labels by which they are judged.
pub(super) fn grpc_counter(sla: &Sla) -> Selector {
    let labels = [names::GRPC_SERVICE, names::GRPC_CODE];
    labels.into_iter().fold(selector(sla, &names::GRPC_SERVER_HANDLED_TOTAL), |selector, original| {
        selector.unequal(&label(sla, original), "")
    })
}

/// The label of the table as this service calls it.
pub(super) fn label(sla: &Sla, original: &'static str) -> String {
    sla.naming.label_of(original).into_owned()
}

/// A metric of the table, of this service alone.
pub(super) fn selector(sla: &Sla, metric: &Metric) -> Selector {
    of_service(sla, Selector::new(sla.naming.name_of(metric)))
}

pub(super) fn of_service(sla: &Sla, selector: Selector) -> Selector {
    let selector = selector.equal("job", sla.job_name());
    sla.selectors.iter().fold(selector, |selector, (label, value)| selector.equal(label, value))
}

/// The endpoints that have left a service-wide objective.
pub(super) fn leaving<'a>(sla: &'a Sla, has_own: impl Fn(&Endpoint) -> bool) -> Whose<'a> {
    Whose::AllBut(sla.endpoints.iter().filter(|it| !it.also_counts && has_own(it)).collect())
}

/// Whose calls count.
#[derive(Debug)]
pub(super) enum Whose<'a> {
    AllBut(Vec<&'a Endpoint>),
    Only(&'a Endpoint),
}

/// Of the HTTP calls that tell how the service is doing, the bad ones.
pub(super) fn availability(sla: &Sla, whose: &Whose<'_>) -> Sli {
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
pub(super) fn counted(sla: &Sla, whose: &Whose<'_>) -> Set {
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

fn only(sla: &Sla, selector: Selector, it: &Endpoint) -> Selector {
    selector.equal(&label(sla, names::METHOD), &it.method).equal(&label(sla, names::ENDPOINT), &it.route)
}

/// Of the HTTP calls that were answered well, or given up, those that took longer than the threshold.
pub(super) fn http_latency(sla: &Sla, whose: &Whose<'_>, metric: &Metric, latency: LatencyObjective) -> Sli {
    let is_head = metric.name() == names::HTTP_RESPONSE_HEAD_DURATION_SECONDS.name();
    let streams: &[String] = if is_head { &[] } else { &sla.streams };
    let all = match whose {
        Whose::Only(it) => Set::of([only(sla, selector(sla, metric), it)]),
        Whose::AllBut(left) => {
            let routes = sla.excluded.iter().chain(streams);
            let all = selector(sla, metric).outside(&label(sla, names::ENDPOINT), routes);
            // The metric of what is left out is suffixed with that of the rest.
            Set::of([all]).without(left.iter().map(|it| only(sla, selector(sla, metric), it)))
        }
    };
    let status = label(sla, names::STATUS);
    Sli::Latency {
        good: all.clone().map(|selector| selector.matched(&status, "[123]..")),
        ended: all.map(|selector| selector.matched(&status, "[123]..|none")),
        nanos: latency.nanos(),
    }
}

fn grpc(sla: &Sla, it: &Grpc, metric: &Metric, has_own: impl Fn(&Grpc) -> bool) -> Set {
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

fn only_method(sla: &Sla, selector: Selector, (service, method): &(String, String)) -> Selector {
    selector.equal(&label(sla, names::GRPC_SERVICE), service).equal(&label(sla, names::GRPC_METHOD), method)
}

fn operation_latency(sla: &Sla, it: &Operation, latency: LatencyObjective) -> Sli {
    let all = of_service(sla, Selector::new(&*it.histogram));
    let (good, ended) = match &*it.bad {
        [] => (
            all.clone().equal(&it.outcome, &it.completed),
            all.one_of(&it.outcome, &[&it.completed, &it.cancelled]),
        ),
        bad => {
            let ended = all.none_of(&it.outcome, bad);
            (ended.clone().unequal(&it.outcome, &it.cancelled), ended)
        }
    };
    Sli::Latency { good: Set::of([good]), ended: Set::of([ended]), nanos: latency.nanos() }
}
