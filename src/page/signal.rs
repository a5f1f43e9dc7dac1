//! The calls of one protocol, or of one operation: by which series their rate, errors, duration and number in flight are
//! told.

use serde::Serialize;

use super::{
    catalog::{Told, is_of},
    exposition::Family,
    signals::{local, numbered},
};
use crate::{
    names::{self, Metric},
    outcome::Outcome,
    promql::{Selector, Set},
    rules::sli::{self, Sli, Whose},
    sla::{Grpc, Operation, Sla},
};

/// The calls of one protocol, or of one operation.
#[derive(Debug, Serialize)]
pub(super) struct Signal {
    pub(super) id: String,
    pub(super) title: String,
    kind: Kind,
    /// All calls that ended.
    calls: Set,
    /// Those of which the share of errors is told.
    judged: Set,
    /// Those of `judged` that are errors.
    bad: Set,
    /// The histograms, without `_bucket`, of the calls whose time is told.
    duration: Option<Set>,
    in_flight: Option<String>,
    in_flight_limit: Option<String>,
    oldest_start: Option<String>,
    /// The labels that tell one row of a table from the others.
    rows: Vec<String>,
    status: Option<String>,
    outcome: Option<String>,
}

/// What kind of calls.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Http,
    HttpClient,
    Grpc,
    GrpcClient,
    Operation,
}

// ===== impl Signal =====

impl Signal {
    pub(super) fn http(sla: &Sla) -> Self {
        let everybody = Whose::AllBut(Vec::new());
        let timed = sli::http_ended(sla, &everybody, &names::HTTP_REQUEST_DURATION_SECONDS);
        Self {
            calls: local(sla, Set::of([sli::http_calls(sla)])),
            duration: Some(local(sla, timed)),
            rows: labels(sla, &[names::METHOD, names::ENDPOINT]),
            ..Self::of_http(sla, sli::availability(sla, &everybody))
        }
        .named("http", "HTTP requests", Kind::Http)
        .in_flight(
            sla,
            [
                &names::HTTP_REQUESTS_IN_FLIGHT,
                &names::HTTP_REQUESTS_IN_FLIGHT_LIMIT,
                &names::HTTP_OLDEST_START,
            ],
        )
    }

    pub(super) fn http_client(sla: &Sla) -> Self {
        let timed = sli::selector(sla, &names::HTTP_CLIENT_REQUEST_DURATION_SECONDS);
        Self {
            calls: local(sla, Set::of([Selector::new(sla.naming.http_client_ended())])),
            duration: Some(local(sla, Set::of([timed]))),
            rows: labels(sla, &[names::METHOD, names::SERVER]),
            ..Self::of_http(sla, sli::http_client_calls(sla))
        }
        .named("http_client", "Outgoing HTTP requests", Kind::HttpClient)
        .in_flight(
            sla,
            [
                &names::HTTP_CLIENT_REQUESTS_IN_FLIGHT,
                &names::HTTP_CLIENT_REQUESTS_IN_FLIGHT_LIMIT,
                &names::HTTP_CLIENT_OLDEST_START,
            ],
        )
    }

    pub(super) fn grpc(sla: &Sla) -> Self {
        let all = sla.grpc.iter().find(|it| it.method.is_none()).cloned().unwrap_or_else(|| Grpc::new(None));
        let timed = sli::grpc(sla, &all, &names::GRPC_SERVER_HANDLING_SECONDS, |_| false);
        Self {
            calls: local(sla, Set::of([sli::grpc_handled(sla)])),
            duration: Some(local(sla, timed)),
            ..Self::of_grpc(sla, sli::grpc_calls(sla, &all, |_| false))
        }
        .named("grpc", "gRPC calls", Kind::Grpc)
        .in_flight(
            sla,
            [
                &names::GRPC_SERVER_IN_FLIGHT,
                &names::GRPC_SERVER_IN_FLIGHT_LIMIT,
                &names::GRPC_SERVER_OLDEST_START,
            ],
        )
    }

    pub(super) fn grpc_client(sla: &Sla) -> Self {
        Self {
            calls: Set::of([Selector::new(sla.naming.grpc_client_ended())]),
            duration: Some(local(sla, Set::of([sli::selector(sla, &names::GRPC_CLIENT_HANDLING_SECONDS)]))),
            ..Self::of_grpc(sla, sli::grpc_client_calls(sla))
        }
        .named("grpc_client", "Outgoing gRPC calls", Kind::GrpcClient)
        .in_flight(
            sla,
            [
                &names::GRPC_CLIENT_IN_FLIGHT,
                &names::GRPC_CLIENT_IN_FLIGHT_LIMIT,
                &names::GRPC_CLIENT_OLDEST_START,
            ],
        )
    }

    /// The calls that a counter of the page tells of, as they are promised; else failures are those that the crate names.
    pub(super) fn operation(told: &Told, family: &Family<'_>, families: &[Family<'_>]) -> Self {
        let promised = told.slas.iter().find_map(|sla| {
            let it = sla.operations.iter().find(|it| it.counter == family.name)?;
            Some((sla.clone(), it.clone()))
        });
        let (sla, it) = promised.unwrap_or_else(|| {
            let mut it = Operation::new(family.name.strip_suffix("_total").unwrap_or(family.name).to_owned());
            // Words of the user's own may tell of anything.
            it.bad = [Outcome::Error, Outcome::Panicked].map(|outcome| outcome.as_str().to_owned()).into();
            family.name.clone_into(&mut it.counter);
            let outcomes = told.namings.iter().map(|naming| naming.prometheus_label_of(names::OUTCOME));
            it.outcome =
                outcomes.into_iter().find(|label| family.labels.contains(&**label)).unwrap_or(it.outcome);
            (Sla::new("service"), it)
        });
        let there = |name: &str, metric: &Metric| {
            families
                .iter()
                .any(|family| family.name == name && is_of(family, metric))
                .then(|| name.to_owned())
        };
        let timed = there(&it.histogram, &names::DURATION).map(|_| sli::operation_ended(&sla, &it));
        Self {
            id: family.name.to_owned(),
            title: it.name.clone(),
            kind: Kind::Operation,
            calls: local(&sla, Set::of([Selector::new(&*it.counter)])),
            duration: timed.map(|set| local(&sla, set)),
            in_flight: there(&it.gauge, &names::IN_FLIGHT),
            in_flight_limit: there(&format!("{}_limit", it.gauge), &names::IN_FLIGHT_LIMIT),
            oldest_start: there(&names::OLDEST_START.named(&it.name), &names::OLDEST_START),
            rows: family
                .labels
                .iter()
                .filter(|label| **label != it.outcome)
                .map(|it| (*it).to_owned())
                .collect(),
            status: None,
            outcome: Some(it.outcome.clone()),
            ..match family.labels.contains(&*it.outcome) {
                true => Self::judged_by(&sla, sli::operation_calls(&sla, &it)),
                // How its calls ended is told by a label that nobody told of.
                false => Self::unjudged(),
            }
        }
    }

    fn of_http(sla: &Sla, sli: Sli) -> Self {
        Self {
            status: Some(sli::label(sla, names::STATUS)),
            outcome: sla.naming.outcome_label(),
            ..Self::judged_by(sla, sli)
        }
    }

    fn of_grpc(sla: &Sla, sli: Sli) -> Self {
        Self {
            rows: sla.naming.grpc_labels().into_iter().map(|(_, label)| label).collect(),
            status: Some(sli::label(sla, names::GRPC_CODE)),
            ..Self::judged_by(sla, sli)
        }
    }

    fn judged_by(sla: &Sla, sli: Sli) -> Self {
        match sli {
            Sli::Ratio { all, bad } => {
                Self { judged: local(sla, all), bad: local(sla, bad), ..Self::unjudged() }
            }
            Sli::Latency { .. } => Self::unjudged(),
        }
    }

    fn unjudged() -> Self {
        Self {
            id: String::new(),
            title: String::new(),
            kind: Kind::Operation,
            calls: Set::of([]),
            judged: Set::of([]),
            bad: Set::of([]),
            duration: None,
            in_flight: None,
            in_flight_limit: None,
            oldest_start: None,
            rows: Vec::new(),
            status: None,
            outcome: None,
        }
    }

    fn named(self, id: &str, title: &str, kind: Kind) -> Self {
        Self { id: id.into(), title: title.into(), kind, ..self }
    }

    /// The gauges: of the number, of how many there may be, and of when the oldest began.
    fn in_flight(self, sla: &Sla, gauges: [&Metric; 3]) -> Self {
        let [in_flight, in_flight_limit, oldest_start] =
            gauges.map(|gauge| Some(sla.naming.prometheus_name_of(gauge)));
        Self { in_flight, in_flight_limit, oldest_start, ..self }
    }

    /// Without the gauges that a Layer has only where it was told.
    pub(super) fn narrowed_to(self, families: &[Family<'_>]) -> Self {
        let on =
            |gauge: Option<String>| gauge.filter(|name| families.iter().any(|family| family.name == *name));
        Self { in_flight_limit: on(self.in_flight_limit), oldest_start: on(self.oldest_start), ..self }
    }

    pub(super) fn numbered(self, index: usize) -> Self {
        Self { id: numbered(&self.id, index), ..self }
    }

    /// Says in the title what counts it, where two schemes are on one page.
    pub(super) fn tell_apart(&mut self) {
        if let Some(counter) = self.calls.metrics().next() {
            self.title = format!("{} ({counter})", self.title);
        }
    }

    /// Tells whether anything of it is exported.
    pub(super) fn is_on(&self, families: &[Family<'_>]) -> bool {
        let is_there = |name: &str| families.iter().any(|family| family.series > 0 && family.name == name);
        let names = self.calls.metrics().map(|name| name.strip_suffix("_count").unwrap_or(name));
        let timed = self.duration.iter().flat_map(Set::metrics);
        names.chain(timed).chain(self.in_flight.as_deref()).any(is_there)
    }
}

fn labels(sla: &Sla, originals: &[&'static str]) -> Vec<String> {
    originals.iter().map(|original| sli::label(sla, original)).collect()
}
