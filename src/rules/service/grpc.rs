//! The alert about gRPC that is about no single objective.

use super::Service;
use crate::{
    names,
    promql::Set,
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
        let answered = grpc_counter(self.sla).equal(&kind, "unary").unequal(&code, names::GRPC_CANCELED);
        let gauge = self.sla.naming.prometheus_name_of(&names::GRPC_SERVER_IN_FLIGHT);
        let rule = self.config.alert(
            Alert::RequestsStuck,
            format!("sum by ({by}) ({in_flight}) > 0\nunless\n{} > 0", Set::of([answered]).sum(&by, "5m")),
            &[&*self.scope.alert_labels, &[("metric".into(), gauge)]].concat(),
            "gRPC calls are stuck in {{ $labels.instance }} of {{ $labels.job }}: {{ $value }} in flight, none answered.",
            "They are unary and in flight, and none was answered in five minutes: a deadlock, or something that they all wait \
             for.",
        );
        rule.map(|rule| rule.about(Part::Grpc))
    }
}
