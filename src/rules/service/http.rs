//! The alerts about HTTP that are about no single objective.

use super::Service;
use crate::{
    names,
    promql::{Selector, Set, grouped},
    rules::{
        Alert, Rule,
        sli::{Whose, counted, http_calls, label, selector, uncancelled},
    },
    sla::percentile,
};

// ===== impl Service =====

impl Service<'_> {
    pub(super) fn http_alerts(&self) -> Vec<Rule> {
        let of = |name: &str| self.scope.recorded(&format!("job:http_{name}:rate5m"));
        let high = format!("{:?}", self.sla.high_latency);
        let mut rules = Vec::new();
        let mut add = |rule: Option<Rule>| rules.extend(rule);
        add(self.ratio(
            Alert::HighApiErrorRate,
            &of("bad"),
            &of("judged"),
            "{{ $value | humanizePercentage }} of the HTTP calls of {{ $labels.job }} fail.",
            "They are answered 5xx, return an error, panic, or break off in the body.",
        ));
        for alert in [Alert::HighApiLatency, Alert::HighApiLatencyP95] {
            let Some(setting) = self.config.on(alert) else { continue };
            let percentile = percentile(1.0 - setting.threshold()).to_uppercase();
            add(self.ratio(
                alert,
                &of("slow"),
                &of("timed"),
                &format!("The {percentile} of {{{{ $labels.job }}}} is above {high}."),
                &format!(
                    "{{{{ $value | humanizePercentage }}}} of the calls that are answered well, or given up, take longer than \
                     {high}."
                ),
            ));
        }
        add(self.ratio(
            Alert::HighCancellation,
            &of("cancelled"),
            &format!("({} + {})", of("cancelled"), of("judged")),
            "Callers of {{ $labels.job }} give up {{ $value | humanizePercentage }} of their HTTP calls.",
            "They leave before the response head: their timeout is shorter than what the service takes.",
        ));
        add(self.stuck());
        add(self.traffic_absent());
        rules
    }

    /// More than the alert's threshold of `all` is `bad`, and that is not a handful of events.
    fn ratio(&self, alert: Alert, bad: &str, all: &str, summary: &str, description: &str) -> Option<Rule> {
        let threshold = self.config.on(alert)?.threshold();
        let expr =
            format!("{bad} / ({all} > 0) > {threshold}\nand {bad} * 300 >= {}", self.config.min_bad_events);
        self.config.alert(alert, expr, &self.scope.alert_labels, summary, description)
    }

    fn stuck(&self) -> Option<Rule> {
        let by = format!("{}, instance", self.scope.by);
        let endpoint = label(self.sla, names::ENDPOINT);
        let routes = || self.sla.excluded.iter().chain(&self.sla.streams);
        let in_flight = || selector(self.sla, &names::HTTP_REQUESTS_IN_FLIGHT).outside(&endpoint, routes());
        // Who gives up a call that hangs ends it, and so do scans of what no route matches: neither is a sign of life of the
        // routes. Of what no route matches, every answer is one.
        let answered = uncancelled(self.sla, http_calls(self.sla).outside(&endpoint, routes()));
        let unmatched = self.sla.naming.no_endpoint();
        let stuck = |in_flight: Selector, answered: Selector| {
            format!("sum by ({by}) ({in_flight}) > 0\nunless\n{} > 0", Set::of([answered]).sum(&by, "5m"))
        };
        let of_routes =
            stuck(in_flight().unequal(&endpoint, unmatched), answered.clone().unequal(&endpoint, unmatched));
        let of_the_rest = stuck(in_flight().equal(&endpoint, unmatched), answered);
        let gauge = self.sla.naming.prometheus_name_of(&names::HTTP_REQUESTS_IN_FLIGHT);
        self.config.alert(
            Alert::RequestsStuck,
            format!("{}\nor\n{}", grouped(&of_routes), grouped(&of_the_rest)),
            &[&*self.scope.alert_labels, &[("metric".into(), gauge)]].concat(),
            "HTTP calls are stuck in {{ $labels.instance }} of {{ $labels.job }}: {{ $value }} in flight, none answered.",
            "They are in flight, and none was answered in five minutes: a deadlock, or something that they all wait for. Routes \
             whose answers last by design belong into Sla::streams.",
        )
    }

    fn traffic_absent(&self) -> Option<Rule> {
        let ended = counted(self.sla, &Whose::AllBut(Vec::new()));
        self.config.alert(
            Alert::TrafficAbsent,
            format!("{} == 0", ended.sum(&self.scope.by, "10m")),
            &self.scope.alert_labels,
            "No HTTP call of {{ $labels.job }} has ended in ten minutes.",
            "The service is up and nobody reaches it: a load balancer, a DNS name, a firewall, or the callers are down.",
        )
    }
}
