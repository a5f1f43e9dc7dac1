//! Which calls are good and which bad: objectives as sums of rates.

mod calls;

pub(crate) use self::calls::{
    Whose, availability, counted, grpc, grpc_calls, grpc_counter, http_calls, http_cancelled, http_counter,
    http_errors, http_latency, label, leaving, of_service, only_method, operation_calls, selector,
    uncancelled,
};
#[cfg(feature = "page")]
pub(crate) use self::calls::{grpc_client_calls, http_client_calls};
#[cfg(any(feature = "dashboard", feature = "page"))]
pub(crate) use self::calls::{grpc_handled, http_ended, operation_ended};
use self::calls::{only, operation_latency};
use crate::{
    names::{self, Naming},
    promql::{Selector, Set, grouped, indented, sum},
    sla::{Grpc, LatencyObjective, Objective, Scope, Slo},
};

/// What an objective counts.
#[derive(Debug)]
pub(crate) enum Sli {
    /// Of all calls, the bad ones.
    Ratio { all: Set, bad: Set },
    /// Of the histograms of good calls, and of good and cancelled ones, those above the threshold.
    Latency { good: Set, ended: Set, nanos: u64 },
}

// ===== impl Sli =====

impl Sli {
    pub(crate) fn of(slo: &Slo<'_>) -> Self {
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
                http_latency(sla, &leaving, sla.naming.head_histogram(), latency)
            }
            (Scope::Endpoint(it), Objective::Latency(latency)) => {
                http_latency(sla, &Whose::Only(it), &names::HTTP_REQUEST_DURATION_SECONDS, latency)
            }
            (Scope::Endpoint(it), Objective::HeadLatency(latency)) => {
                http_latency(sla, &Whose::Only(it), sla.naming.head_histogram(), latency)
            }
            (Scope::Grpc(it), Objective::Availability(_)) => {
                grpc_calls(sla, it, |other| other.objectives.availability.is_some())
            }
            (Scope::Grpc(it), Objective::Latency(latency) | Objective::HeadLatency(latency)) => {
                let all = grpc(sla, it, &names::GRPC_SERVER_HANDLING_SECONDS, |other| {
                    !other.objectives.latency.is_empty()
                });
                Self::Latency { good: all.clone(), ended: all, nanos: latency.nanos() }
            }
            (Scope::Operation(it), Objective::Availability(_)) => operation_calls(sla, it),
            (Scope::Operation(it), Objective::Latency(latency) | Objective::HeadLatency(latency)) => {
                operation_latency(sla, it, latency)
            }
        }
    }

    /// Narrows what is counted.
    #[cfg(feature = "dashboard")]
    pub(crate) fn map(self, f: impl Fn(Selector) -> Selector) -> Self {
        match self {
            Self::Ratio { all, bad } => Self::Ratio { all: all.map(&f), bad: bad.map(f) },
            Self::Latency { good, ended, nanos } => {
                Self::Latency { good: good.map(&f), ended: ended.map(f), nanos }
            }
        }
    }

    /// What was bad, by these labels; 0 where nothing ever was.
    pub(crate) fn bad(&self, by: &str, window: &str) -> String {
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
    pub(crate) fn total(&self, by: &str, window: &str, bad: &str) -> String {
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
pub(crate) fn comparable(count: &Set, bucket: &Set, window: &str) -> String {
    let scrapes = |set: &Set| set.over("count_over_time", window);
    format!("{}\n<= max without (le) {}", scrapes(count), grouped(&scrapes(bucket)))
}

/// The series that are there if anything can be told of an objective, where that is not the counter of all calls.
pub(crate) fn evidence(slo: &Slo<'_>) -> Option<Selector> {
    let sla = slo.service;
    let of_histogram = |histogram: String, threshold: LatencyObjective| {
        of_service(sla, Selector::new(histogram)).suffixed("_bucket").within(threshold.nanos())
    };
    Some(match (slo.scope, slo.latency().zip(slo.histogram(Naming::prometheus_name_of))) {
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
            of_histogram(histogram, latency).unequal(&sla.naming.grpc_unknown().0, "")
        }
        (Scope::Operation(it), Some((latency, histogram))) => {
            of_histogram(histogram, latency).unequal(&it.outcome, "")
        }
    })
}
