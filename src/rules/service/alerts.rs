//! The alerts of every service: that it is there, that it can be judged, who was refused, how full it is.

use super::Service;
use crate::{
    names,
    promql::{Selector, Set, grouped},
    rules::{
        Alert, Rule,
        config::untemplated,
        link::Part,
        sli::{self, grpc_counter, http_counter, label, of_service, selector},
        slo::labels_of,
    },
};

// ===== impl Service =====

impl Service<'_> {
    pub(super) fn alerts(&self) -> Vec<Rule> {
        let mut rules = Vec::new();
        rules.extend(self.config.alert(
            Alert::ServiceDown,
            format!("{0} == 0\nor\nabsent({0})", of_service(self.sla, Selector::new("up"))),
            &self.scope.alert_labels,
            "{{ $labels.job }} {{ $labels.instance }} is down.",
            "Prometheus cannot scrape it, or knows no instance of it.",
        ));
        rules.extend(self.data_missing());
        rules.extend(self.rejections());
        rules.extend(self.saturation());
        rules.extend(self.cardinality());
        rules
    }

    fn data_missing(&self) -> Vec<Rule> {
        let by = &self.scope.by;
        let up = of_service(self.sla, Selector::new("up"));
        let alert = |expr: String, labels: Vec<(String, String)>, summary: &str| {
            self.config.alert(
                Alert::SloDataMissing,
                expr,
                &[&*self.scope.alert_labels, &*labels].concat(),
                summary,
                "It is up, so no alert about it would fire: its Layer was removed, its metrics or labels were renamed, its \
                 exporter does not have the bounds of the SLA, or it is idle and its Layer was not initialized.",
            )
        };
        let of_instances = self.counters().into_iter().map(|(part, counter, selector)| {
            let expr = format!("{up} == 1\nunless on ({by}, instance) {selector}");
            // An annotation sees the labels of the expression, and not those that the rule adds.
            let summary = format!(
                "{{{{ $labels.instance }}}} of {{{{ $labels.job }}}} exports no {counter} that can be judged."
            );
            alert(expr, vec![("metric".into(), counter)], &summary).map(|rule| rule.about(part))
        });
        let of_objectives = self.merged.slos().filter_map(|slo| {
            let evidence = sli::evidence(&slo)?;
            let expr = format!("max by ({by}) ({up}) == 1\nunless on ({by}) {evidence}");
            let id = untemplated(&slo.id());
            let summary = format!("There is nothing of which {id} of {{{{ $labels.job }}}} could be told.");
            alert(expr, labels_of(&slo), &summary).map(|rule| rule.about(Part::of(&slo)))
        });
        of_instances.flatten().chain(of_objectives).collect()
    }

    /// The counters of which the objectives are told, with the labels by which they are judged.
    fn counters(&self) -> Vec<(Part, String, Selector)> {
        let naming = &self.sla.naming;
        let http = self.merged.is_http().then(|| (Part::Http, naming.http_ended(), http_counter(self.sla)));
        let grpc =
            (!self.sla.grpc.is_empty()).then(|| (Part::Grpc, naming.grpc_ended(), grpc_counter(self.sla)));
        let operations = self.sla.operations.iter().map(|it| {
            let selector = of_service(self.sla, Selector::new(&*it.counter)).unequal(&it.outcome, "");
            (Part::Operations, it.counter.clone(), selector)
        });
        http.into_iter().chain(grpc).chain(operations).collect()
    }

    fn rejections(&self) -> Option<Rule> {
        let threshold = self.config.on(Alert::RateLimitRejections)?.threshold();
        let [limiter, reason] = [names::LIMITER, names::REASON].map(|original| label(self.sla, original));
        let by = format!("{}, {limiter}", self.scope.by);
        let rejected = Set::of([selector(self.sla, &names::REQUESTS_REJECTED_TOTAL)])
            .sum(&format!("{by}, {reason}"), "5m");
        let calls = Set::of([selector(self.sla, &names::LIMITER_CALLS_TOTAL)]).sum(&by, "5m");
        self.config.alert(
            Alert::RateLimitRejections,
            format!(
                "{rejected}\n/ on ({by}) group_left ()\n{}\n> {threshold}\nand\n{rejected} * 300 >= {}",
                grouped(&format!("{calls} > 0")),
                self.config.min_bad_events
            ),
            &self.scope.alert_labels,
            &format!(
                "{{{{ $labels.{limiter} }}}} of {{{{ $labels.job }}}} refuses {{{{ $value | humanizePercentage }}}} of its calls."
            ),
            &format!("The reason is {{{{ $labels.{reason} }}}}."),
        )
    }

    fn saturation(&self) -> Vec<Rule> {
        let Some(setting) = self.config.on(Alert::Saturation) else { return Vec::new() };
        let by = format!("{}, instance", self.scope.by);
        let naming = &self.sla.naming;
        let http = self.merged.is_http().then(|| {
            let gauges = [&names::HTTP_REQUESTS_IN_FLIGHT, &names::HTTP_REQUESTS_IN_FLIGHT_LIMIT];
            (Part::Http, gauges.map(|metric| naming.prometheus_name_of(metric)))
        });
        let operations = self
            .sla
            .operations
            .iter()
            .map(|it| (Part::Operations, [it.gauge.clone(), format!("{}_limit", it.gauge)]));
        let gauges = http.into_iter().chain(operations);
        let rules = gauges.filter_map(|(part, [gauge, limit])| {
            let [in_flight, most] =
                [&gauge, &limit].map(|name| of_service(self.sla, Selector::new(&**name)).to_string());
            let rule = self.config.alert(
                Alert::Saturation,
                format!("sum by ({by}) ({in_flight})\n/\nmax by ({by}) ({most})\n> {}", setting.threshold()),
                &[&*self.scope.alert_labels, &[("metric".into(), gauge.clone())]].concat(),
                "{{ $labels.instance }} of {{ $labels.job }} is {{ $value | humanizePercentage }} full.",
                &format!("So much of what it takes at once is in flight ({gauge})."),
            );
            rule.map(|rule| rule.about(part))
        });
        rules.collect()
    }

    fn cardinality(&self) -> Vec<Rule> {
        let by = format!("{}, instance, {}", self.scope.by, label(self.sla, names::METRIC));
        let [sets, limit, overflow] = [&names::LABEL_SETS, &names::LABEL_SETS_LIMIT, &names::OVERFLOW_TOTAL]
            .map(|metric| selector(self.sla, metric).to_string());
        let metric = format!("{{{{ $labels.{} }}}}", label(self.sla, names::METRIC));
        let growth = self.config.on(Alert::CardinalityGrowth).and_then(|setting| {
            self.config.alert(
                Alert::CardinalityGrowth,
                format!("{sets} / {limit} > {}", setting.threshold()),
                &self.scope.alert_labels,
                &format!(
                    "{metric} of {{{{ $labels.instance }}}} has {{{{ $value | humanizePercentage }}}} of its label sets."
                ),
                "A label of the service's own, or its endpoint function, has many values. Beyond the limit they fold into \
                 _OVERFLOW.",
            )
        });
        let overflow = self.config.alert(
            Alert::CardinalityOverflow,
            format!("sum by ({by}) (increase({overflow}[15m])) > 0"),
            &self.scope.alert_labels,
            &format!("Calls of {metric} of {{{{ $labels.instance }}}} are folded into _OVERFLOW."),
            "Totals stay exact, but these calls are no longer told apart by the service's own labels.",
        );
        growth.into_iter().chain(overflow).collect()
    }
}
