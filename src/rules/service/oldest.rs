//! The alert about a single call that hangs, where Layers tell the oldest.

use std::{collections::BTreeMap, time::Duration};

use super::Service;
use crate::{
    names,
    promql::{Selector, grouped},
    rules::{
        Alert, Rule, Severity,
        link::Part,
        sli::{label, of_service, only_method, selector},
    },
    sla::{Operation, Scope},
};

/// The calls of which one may be the oldest.
struct Calls {
    part: Part,
    /// What they are called.
    what: String,
    oldest: Selector,
    in_flight: Selector,
    /// What tells them from those of other gauges, also where none of them is answered.
    gauge: String,
    /// The labels that tell which of them it is.
    labels: Vec<String>,
    /// The longest that is promised of all.
    promised: Option<Duration>,
    /// Those that are promised something else, with the longest of that.
    own: Vec<(Selector, Duration)>,
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
        let routes = || self.sla.excluded.iter().chain(&self.sla.streams);
        let oldest = || selector(self.sla, &names::HTTP_OLDEST_START);
        let all = oldest().outside(&labels[1], routes());
        let mut promised = self.longest(|scope| match scope {
            Scope::Http => Some(None),
            Scope::Endpoint(it) => Some(Some((&*it.method, &*it.route))),
            Scope::Grpc(_) | Scope::Operation(_) => None,
        });
        let of_all = promised.remove(&None);
        let own = promised.into_iter().filter_map(|(endpoint, longest)| {
            let (method, route) = endpoint.filter(|(_, route)| !routes().any(|it| is_of(route, it)))?;
            Some((oldest().equal(&labels[0], method).equal(&labels[1], route), longest))
        });
        self.oldest_of(Calls {
            part: Part::Http,
            what: format!("call of {{{{ $labels.{} }}}} {{{{ $labels.{} }}}}", labels[0], labels[1]),
            // Until a route that was not declared has answered, its calls are in flight as of none: also those of a stream.
            oldest: match &*self.sla.streams {
                [] => all,
                _ => all.unequal(&labels[1], self.sla.naming.no_endpoint()),
            },
            in_flight: selector(self.sla, &names::HTTP_REQUESTS_IN_FLIGHT),
            gauge: self.sla.naming.prometheus_name_of(&names::HTTP_REQUESTS_IN_FLIGHT),
            promised: of_all,
            own: own.collect(),
            labels: labels.into(),
            hint: "Routes whose answers last by design belong into Sla::streams, and one that takes minutes is promised a \
                   latency of its own.",
        })
    }

    /// Streams last by design.
    fn oldest_grpc(&self) -> Option<Rule> {
        let labels: Vec<_> = self.sla.naming.grpc_labels().into_iter().map(|(_, label)| label).collect();
        let method: Vec<_> = labels.iter().map(|label| format!("{{{{ $labels.{label} }}}}")).collect();
        let kind = label(self.sla, names::GRPC_TYPE);
        let oldest = || selector(self.sla, &names::GRPC_SERVER_OLDEST_START).equal(&kind, "unary");
        let mut promised = self.longest(|scope| match scope {
            Scope::Grpc(it) => Some(it.method.as_ref()),
            Scope::Http | Scope::Endpoint(_) | Scope::Operation(_) => None,
        });
        let of_all = promised.remove(&None);
        let own = promised
            .into_iter()
            .filter_map(|(method, longest)| Some((only_method(self.sla, oldest(), method?), longest)));
        self.oldest_of(Calls {
            part: Part::Grpc,
            what: format!("gRPC call of {}", method.join("/")),
            oldest: oldest(),
            in_flight: selector(self.sla, &names::GRPC_SERVER_IN_FLIGHT),
            gauge: self.sla.naming.prometheus_name_of(&names::GRPC_SERVER_IN_FLIGHT),
            labels,
            promised: of_all,
            own: own.collect(),
            hint: "Its caller set no deadline that would have ended it; a method that takes minutes is promised a latency of its \
                   own.",
        })
    }

    fn oldest_operation(&self, it: &Operation) -> Option<Rule> {
        let name = &it.name;
        let promised = self.longest(|scope| match scope {
            Scope::Operation(other) if other.name == *name => Some(()),
            _ => None,
        });
        self.oldest_of(Calls {
            part: Part::Operations,
            what: format!("call of {name}"),
            oldest: of_service(self.sla, Selector::new(names::OLDEST_START.named(name))),
            in_flight: of_service(self.sla, Selector::new(&*it.gauge)),
            gauge: it.gauge.clone(),
            labels: Vec::new(),
            promised: promised.into_values().next(),
            own: Vec::new(),
            hint: "An operation that lasts longer by design is promised a latency that says so.",
        })
    }

    /// The longest latency that is promised of each of what `of` tells apart, to the head or to the end: no call
    /// ends before its head.
    fn longest<'a, K: Ord>(&'a self, of: impl Fn(Scope<'a>) -> Option<K>) -> BTreeMap<K, Duration> {
        let mut longest = BTreeMap::new();
        for slo in self.merged.slos() {
            if let (Some(which), Some(latency)) = (of(slo.scope), slo.latency()) {
                let longest = longest.entry(which).or_insert(latency.threshold);
                *longest = latency.threshold.max(*longest);
            }
        }
        longest
    }

    /// One caller waits, and all others are served, so nobody is woken.
    fn oldest_of(&self, calls: Calls) -> Option<Rule> {
        let setting = self.config.on(Alert::RequestsStuck)?;
        let severity = match setting.severity {
            Severity::Critical => Severity::Warning,
            other => other,
        };
        let by = [&*self.scope.by, "instance"].into_iter().chain(calls.labels.iter().map(|label| &**label));
        let by = by.collect::<Vec<_>>().join(", ");
        let older = |oldest: &Selector, left: &str, seconds: f64| {
            // Exporters of OpenTelemetry and StatsD have nothing that is no number, and keep the start of a call that has ended.
            let age = format!("time() - {oldest}\nand {} > 0{left}", calls.in_flight);
            format!("max by ({by}) {}\n> {seconds}", grouped(&age))
        };
        let threshold = setting.threshold().max(calls.promised.unwrap_or_default().as_secs_f64());
        // What may last longer by its own promise has no say in how long all others may.
        let own = calls.own.iter().map(|(oldest, longest)| (oldest, longest.as_secs_f64()));
        let own: Vec<_> = own.filter(|(_, longest)| *longest > threshold).collect();
        let left: String = own.iter().map(|(oldest, _)| format!("\nunless {oldest}")).collect();
        let all = [older(&calls.oldest, &left, threshold)];
        let arms = all.into_iter().chain(own.iter().map(|(oldest, longest)| older(oldest, "", *longest)));
        let rule = self.config.alert_of(
            Alert::RequestsStuck,
            severity,
            arms.collect::<Vec<_>>().join("\nor\n"),
            &[&*self.scope.alert_labels, &[("metric".into(), calls.gauge)]].concat(),
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

/// Whether the route is this one, of which a `*` at the end stands for anything.
fn is_of(route: &str, pattern: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => route.starts_with(prefix),
        None => route == pattern,
    }
}
