//! The dashboard of a service's operations: queries, jobs, inferences, whatever has a promise and is neither HTTP nor gRPC.

use super::{
    frame::Home,
    layout::{Layout, Sized},
    model::{Color, Model, Panel, Unit},
    red::{Promise, Red},
    service::{Service, in_view},
};
use crate::{
    names,
    promql::Selector,
    rules::{link::Part, sli},
    sla::{Operation, Scope},
};

pub(super) fn model(service: &Service<'_>, home: &Home, uid: String) -> Model {
    let mut layout = Layout::default();
    let budgets = service.budgets(Part::Operations);
    layout.row("Overview", budgets.into_iter().map(|panel| (4, 4, panel)));
    for it in &service.sla.operations {
        let red = red(service, it, in_view);
        layout.row(&format!("Operation {}", it.name), panels(service, it, &red));
        for slo in
            service.slos().filter(|slo| matches!(slo.scope, Scope::Operation(of) if of.name == it.name))
        {
            layout.row(&service.slo_title(&slo), service.slo_row(&slo));
        }
    }
    layout.closed_row("The metrics themselves", service.telemetry(true));
    service.frame(uid, home, "operations", Vec::new()).around(layout.finish())
}

/// The calls of an operation, narrowed to what is looked at.
pub(super) fn red(service: &Service<'_>, it: &Operation, narrowed: impl Fn(Selector) -> Selector) -> Red {
    let sla = service.sla;
    let own = |name: &str| narrowed(sli::of_service(sla, Selector::new(name)));
    let (availability, latency) =
        service.promised(|slo| matches!(slo.scope, Scope::Operation(of) if of.name == it.name));
    let judged = || sli::operation_calls(sla, it).map(&narrowed);
    let promise = Promise {
        availability,
        latency,
        judged: judged(),
        timed: sli::operation_ended(sla, it).map(&narrowed),
        timed_are: format!("calls of {} that ended well, or were given up,", it.name),
        until: "the end of the call",
        left_out: String::new(),
    };
    let bad = match &*it.bad {
        [] => format!("every outcome but `{}`", it.completed),
        bad => format!("the outcome {}", bad.join(", ")),
    };
    Red {
        what: format!("calls of {}", it.name),
        per_second: Unit::OperationsPerSecond,
        ended: own(&it.counter),
        judged: judged(),
        bad: format!("{bad}; `{}` is on neither side", it.cancelled),
        duration: own(&it.histogram),
        in_flight: own(&it.gauge),
        promise,
        alert: (None, String::new()),
    }
}

fn panels(service: &Service<'_>, it: &Operation, red: &Red) -> Vec<Sized> {
    let by_outcome = Panel::time_series(
        "Calls by outcome",
        red.per_second,
        &format!("How the calls of {} ended, a second.", it.name),
    )
    .query(red.ended_by(&[&it.outcome]), &format!("{{{{{}}}}}", it.outcome))
    .paint(&it.completed, Color::Green)
    .paint(&it.cancelled, Color::Purple)
    .stacked();
    let limit = service.named(&format!("{}_limit", it.gauge));
    let [in_flight, ratio] = service.saturation(&red.in_flight, &limit, &red.what);
    let oldest = service.named(&names::OLDEST_START.named(&it.name));
    let oldest = service.oldest(&oldest, &red.in_flight, "instance", "call of an instance");
    let by_instance = red.by_instance().map(|(_, _, panel)| (8, 8, panel));
    let stats = [red.success(), red.rate(), red.p99()].map(|panel| (8, 4, panel));
    let graphs = [by_outcome, red.errors(), red.percentiles(), red.heatmap(), in_flight, ratio, oldest];
    stats.into_iter().chain(graphs.map(|panel| (8, 8, panel))).chain(by_instance).collect()
}
