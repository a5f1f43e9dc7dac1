//! The single objectives of an SLA, each with what it is measured by.

#[cfg(any(feature = "dashboard", feature = "page"))]
use super::share::percent;
#[cfg(feature = "rules")]
use super::share::percentile;
use super::{Endpoint, Grpc, LatencyObjective, Operation, Sla, objectives::Objectives};
use crate::names::{self, Metric, Naming};

/// Under which name a metric is looked for: where it is recorded, or in Prometheus.
pub(crate) type NameOf = fn(&Naming, &Metric) -> String;

/// One objective of an SLA.
#[cfg_attr(not(feature = "rules"), expect(dead_code, reason = "bounds need less of it than rules do"))]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slo<'a> {
    pub(crate) sla: &'a Sla,
    /// What all promises of the service say together.
    pub(crate) service: &'a Sla,
    pub(crate) scope: Scope<'a>,
    pub(crate) objective: Objective,
}

/// Which calls an objective is about.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "rules"), expect(dead_code, reason = "bounds need less of it than rules do"))]
pub(crate) enum Scope<'a> {
    Http,
    Endpoint(&'a Endpoint),
    Grpc(&'a Grpc),
    Operation(&'a Operation),
}

/// What is promised of them.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "rules"), expect(dead_code, reason = "bounds need less of it than rules do"))]
pub(crate) enum Objective {
    Availability(f64),
    Latency(LatencyObjective),
    HeadLatency(LatencyObjective),
}

// ===== impl Slo =====

impl Slo<'_> {
    /// The histogram that tells it, where it is a latency, by the name that `name_of` gives to those of the catalogue.
    pub(crate) fn histogram(&self, name_of: NameOf) -> Option<String> {
        let naming = &self.service.naming;
        match (self.objective, self.scope) {
            (Objective::Availability(_), _) => None,
            (Objective::HeadLatency(_), _) => Some(name_of(naming, naming.head_histogram())),
            (Objective::Latency(_), Scope::Http | Scope::Endpoint(_)) => {
                Some(name_of(naming, &names::HTTP_REQUEST_DURATION_SECONDS))
            }
            (Objective::Latency(_), Scope::Grpc(_)) => {
                Some(name_of(naming, &names::GRPC_SERVER_HANDLING_SECONDS))
            }
            (Objective::Latency(_), Scope::Operation(operation)) => Some(operation.histogram.clone()),
        }
    }

    pub(crate) fn latency(&self) -> Option<LatencyObjective> {
        match self.objective {
            Objective::Availability(_) => None,
            Objective::Latency(latency) | Objective::HeadLatency(latency) => Some(latency),
        }
    }
}

#[cfg(feature = "rules")]
impl Slo<'_> {
    /// What tells it from every other objective: the value of the label `slo`.
    pub(crate) fn id(&self) -> String {
        let of = match self.scope {
            Scope::Http => String::new(),
            Scope::Endpoint(Endpoint { method, route, .. }) => format!("-{method}-{route}"),
            Scope::Grpc(Grpc { method: None, .. }) => "-grpc".into(),
            Scope::Grpc(Grpc { method: Some((service, method)), .. }) => format!("-grpc-{service}/{method}"),
            Scope::Operation(Operation { name, .. }) => format!("-operation-{name}"),
        };
        let what = match self.objective {
            Objective::Availability(_) => "availability".into(),
            Objective::Latency(latency) => format!("latency-{}", percentile(latency.quantile)),
            Objective::HeadLatency(latency) => format!("head-latency-{}", percentile(latency.quantile)),
        };
        // VictoriaMetrics takes the labels of recording rules for templates too, so no value may look like one.
        format!("{}{of}-{what}", self.sla.name()).replace("{{", "{").replace("}}", "}")
    }

    /// The promise in words: `99 % within 100ms`.
    #[cfg(any(feature = "dashboard", feature = "page"))]
    pub(crate) fn promise(&self) -> String {
        let share = percent(self.share());
        match self.objective {
            Objective::Availability(_) => format!("{share} good"),
            Objective::Latency(latency) => format!("{share} within {:?}", latency.threshold),
            Objective::HeadLatency(latency) => {
                format!("{share} with a response head within {:?}", latency.threshold)
            }
        }
    }

    /// The share of calls that are to be good.
    pub(crate) fn share(&self) -> f64 {
        match self.objective {
            Objective::Availability(share) => share,
            Objective::Latency(latency) | Objective::HeadLatency(latency) => latency.quantile,
        }
    }
}

// ===== impl Sla =====

impl Sla {
    /// All objectives: service-wide, then by endpoint, gRPC and operation, in the order in which they were promised.
    pub(crate) fn slos(&self) -> Vec<Slo<'_>> {
        let http = [(Scope::Http, &self.http)];
        let endpoints = self.endpoints.iter().map(|it| (Scope::Endpoint(it), &it.objectives));
        let grpc = self.grpc.iter().map(|it| (Scope::Grpc(it), &it.objectives));
        let operations = self.operations.iter().map(|it| (Scope::Operation(it), &it.objectives));
        let scopes = http.into_iter().chain(endpoints).chain(grpc).chain(operations);
        scopes.flat_map(|(scope, objectives)| self.slos_of(scope, objectives)).collect()
    }

    fn slos_of<'a>(&'a self, scope: Scope<'a>, objectives: &'a Objectives) -> impl Iterator<Item = Slo<'a>> {
        let availability = objectives.availability.map(Objective::Availability);
        let latency = objectives.latency.iter().copied().map(Objective::Latency);
        let head = objectives.head.iter().copied().map(Objective::HeadLatency);
        let all = availability.into_iter().chain(latency).chain(head);
        all.map(move |objective| Slo { sla: self, service: self, scope, objective })
    }
}
