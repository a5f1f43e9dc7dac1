//! The alert about gRPC that is about no single objective.

use super::Service;
use crate::{
    names,
    promql::{Selector, Set, sum},
    rules::{
        Alert, Rule,
        link::Part,
        sli::{grpc_counter, label, selector},
    },
};

// ===== impl Service =====

impl Service<'_> {
    /// Streams last by design, so a hang is told of unary calls.
    pub(super) fn grpc_stuck(&self) -> Option<Rule> {
        let by = format!("{}, instance", self.scope.by);
        let (kind, code) = (label(self.sla, names::GRPC_TYPE), label(self.sla, names::GRPC_CODE));
        let in_flight = selector(self.sla, &names::GRPC_SERVER_IN_FLIGHT).equal(&kind, "unary");
        // Who gives up a call that hangs ends it, and that is no sign of life.
        let cancelled = self.sla.naming.grpc_code(names::GRPC_CANCELED);
        let answered = |calls: Selector| Set::of([calls.unequal(&code, &cancelled)]).rates("5m");
        let answered = match self.sla.naming.types_grpc_calls() {
            true => answered(grpc_counter(self.sla).equal(&kind, "unary")),
            // What counts the calls has no type, but what is in flight has.
            false => {
                let (method, _) = self.sla.naming.grpc_unknown();
                format!("{}\nand on ({by}, {method}) {in_flight}", answered(grpc_counter(self.sla)))
            }
        };
        let gauge = self.sla.naming.prometheus_name_of(&names::GRPC_SERVER_IN_FLIGHT);
        let rule = self.config.alert(
            Alert::RequestsStuck,
            format!("sum by ({by}) ({in_flight}) > 0\nunless\n{} > 0", sum(&by, &answered)),
            &[&*self.scope.alert_labels, &[("metric".into(), gauge)]].concat(),
            "gRPC calls are stuck in {{ $labels.instance }} of {{ $labels.job }}: {{ $value }} in flight, none answered.",
            "They are unary and in flight, and none was answered in five minutes: a deadlock, or something that they all wait \
             for.",
        );
        rule.map(|rule| rule.about(Part::Grpc))
    }
}
