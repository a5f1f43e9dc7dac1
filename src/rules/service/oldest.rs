//! The alert about a single call that hangs, where Layers tell the oldest.

use std::time::Duration;

use super::Service;
use crate::{
    names,
    promql::{Selector, grouped},
    rules::{
        Alert, Rule, Severity,
        link::Part,
        sli::{label, of_service, selector},
    },
    sla::{Objective, Operation, Scope, Slo},
};

/// The calls of which one may be the oldest.
struct Calls<'a> {
    part: Part,
    /// What they are called.
    what: String,
    oldest: Selector,
    in_flight: Selector,
    metric: String,
    /// The labels that tell which of them it is.
    labels: Vec<String>,
    is_promised: &'a dyn Fn(&Slo<'_>) -> bool,
    /// What to do about one that lasts by design.
    hint: &'static str,
}

// ===== impl Service =====

impl Service<'_> {
    pub(super) fn oldest(&self) -> Vec<Rule> {
        let http = self.merged.is_http().then(|| self.oldest_http());
        let grpc = (!self.sla.grpc.is_empty()).then(|| self.oldest_grpc());
        let operations = self.sla.operations.iter().map(|it| self.oldest_operation(it));
        http.into_iter().chain(grpc).chain(operations).flatten().collect()
    }

    fn oldest_http(&self) -> Option<Rule> {
        let labels = [names::METHOD, names::ENDPOINT].map(|original| label(self.sla, original));
        let routes = self.sla.excluded.iter().chain(&self.sla.streams);
        let oldest = selector(self.sla, &names::HTTP_OLDEST_START).outside(&labels[1], routes);
        self.oldest_of(Calls {
            part: Part::Http,
            what: format!("call of {{{{ $labels.{} }}}} {{{{ $labels.{} }}}}", labels[0], labels[1]),
            // Until a route that was not declared has answered, its calls are in flight as of none: also those of a stream.
            oldest: match &*self.sla.streams {
                [] => oldest,
                _ => oldest.unequal(&labels[1], self.sla.naming.no_endpoint()),
            },
            in_flight: selector(self.sla, &names::HTTP_REQUESTS_IN_FLIGHT),
            metric: self.sla.naming.prometheus_name_of(&names::HTTP_OLDEST_START),
            labels: labels.into(),
            is_promised: &|slo| matches!(slo.scope, Scope::Http | Scope::Endpoint(_)),
            hint: "Routes whose answers last by design belong into Sla::streams.",
        })
    }

    /// Streams last by design.
    fn oldest_grpc(&self) -> Option<Rule> {
        let labels: Vec<_> = self.sla.naming.grpc_labels().into_iter().map(|(_, label)| label).collect();
        let method: Vec<_> = labels.iter().map(|label| format!("{{{{ $labels.{label} }}}}")).collect();
        let kind = label(self.sla, names::GRPC_TYPE);
        self.oldest_of(Calls {
            part: Part::Grpc,
            what: format!("gRPC call of {}", method.join("/")),
            oldest: selector(self.sla, &names::GRPC_SERVER_OLDEST_START).equal(&kind, "unary"),
            in_flight: selector(self.sla, &names::GRPC_SERVER_IN_FLIGHT),
            metric: self.sla.naming.prometheus_name_of(&names::GRPC_SERVER_OLDEST_START),
            labels,
            is_promised: &|slo| matches!(slo.scope, Scope::Grpc(_)),
            hint: "Its caller set no deadline that would have ended it.",
        })
    }

    fn oldest_operation(&self, it: &Operation) -> Option<Rule> {
        let (name, metric) = (&it.name, names::OLDEST_START.named(&it.name));
        self.oldest_of(Calls {
            part: Part::Operations,
            what: format!("call of {name}"),
            oldest: of_service(self.sla, Selector::new(&*metric)),
            in_flight: of_service(self.sla, Selector::new(&*it.gauge)),
            metric,
            labels: Vec::new(),
            is_promised: &|slo| matches!(slo.scope, Scope::Operation(it) if it.name == *name),
            hint: "An operation that lasts longer by design is promised a latency that says so.",
        })
    }

    /// One caller waits, and all others are served, so nobody is woken.
    fn oldest_of(&self, calls: Calls<'_>) -> Option<Rule> {
        let setting = self.config.on(Alert::RequestsStuck)?;
        let severity = match setting.severity {
            Severity::Critical => Severity::Warning,
            other => other,
        };
        let longest = self.merged.slos().filter(calls.is_promised).filter_map(|slo| match slo.objective {
            Objective::Latency(latency) => Some(latency.threshold),
            Objective::Availability(_) | Objective::HeadLatency(_) => None,
        });
        let longest = longest.max().unwrap_or(Duration::ZERO).as_secs_f64();
        let by = [&*self.scope.by, "instance"].into_iter().chain(calls.labels.iter().map(|label| &**label));
        let rule = self.config.alert_of(
            Alert::RequestsStuck,
            severity,
            // Exporters of OpenTelemetry and StatsD have nothing that is no number, and keep the start of a call that has ended.
            format!(
                "max by ({}) {}\n> {}",
                by.collect::<Vec<_>>().join(", "),
                grouped(&format!("time() - {}\nand {} > 0", calls.oldest, calls.in_flight)),
                setting.threshold().max(longest)
            ),
            &[&*self.scope.alert_labels, &[("metric".into(), calls.metric)]].concat(),
            &format!(
                "A {} has been in flight for {{{{ $value | humanizeDuration }}}} in {{{{ $labels.instance }}}} of {{{{ $labels.job }}}}.",
                calls.what
            ),
            &format!(
                "It is the oldest of its kind, and others may be answered meanwhile: what it waits for has no timeout, or was \
                 lost. {}",
                calls.hint
            ),
        );
        rule.map(|rule| rule.about(calls.part))
    }
}
