//! The dashboard of a service's gRPC calls.

use super::{
    frame::Home,
    layout::{Layout, Sized},
    model::{Color, Model, Panel, Unit, Variable},
    red::{Promise, Red},
    service::{Service, in_view},
};
use crate::{
    names,
    promql::Selector,
    rules::{link::Part, sli},
    sla::{Grpc, Scope},
};

/// What is well is green, what the server did is red, and what the caller did is neither.
const CODES: [(&str, Color); 9] = [
    ("OK", Color::Green),
    ("Canceled", Color::Purple),
    ("NotFound", Color::Blue),
    ("ResourceExhausted", Color::LightBlue),
    ("DeadlineExceeded", Color::Orange),
    ("Unavailable", Color::Red),
    ("Internal", Color::Red),
    ("Unknown", Color::Red),
    ("DataLoss", Color::Red),
];

pub(super) fn model(service: &Service<'_>, home: &Home, uid: String) -> Model {
    let it = Calls { service, red: red(service, |selector| narrowed(service, in_view(selector))) };
    let mut layout = Layout::default();
    layout.row("Overview", service.overview(&it.red, Part::Grpc));
    layout.row("Rate, errors, duration", it.red());
    layout.row("By instance", it.red.by_instance());
    for slo in service.slos_of(Part::Grpc) {
        layout.row(&service.slo_title(&slo), service.slo_row(&slo));
    }
    layout.row("Streams and messages", it.streams());
    layout.row("Refusals", service.refusals());
    layout.closed_row("The metrics themselves", service.telemetry(false));

    let mut calls = sli::grpc_handled(service.sla).rematched("job", "$job");
    let mut variables = Vec::new();
    for (original, label) in labels(service) {
        let what = match original {
            names::GRPC_SERVICE => "The gRPC services that are looked at.",
            _ => "The methods that are looked at.",
        };
        variables.push(Variable::values(original, &label, &calls.to_string(), ".+", what));
        calls = calls.matched(&label, &format!("${original}"));
    }
    service.frame(uid, home, "gRPC", variables).around(layout.finish())
}

/// The gRPC calls of a service, narrowed to what is looked at.
pub(super) fn red(service: &Service<'_>, narrowed: impl Fn(Selector) -> Selector) -> Red {
    let sla = service.sla;
    let of_all = sla.grpc.iter().find(|it| it.method.is_none()).cloned().unwrap_or_else(|| Grpc::new(None));
    let (availability, latency) =
        service.promised(|slo| matches!(slo.scope, Scope::Grpc(Grpc { method: None, .. })));
    let histogram = &names::GRPC_SERVER_HANDLING_SECONDS;
    let own = sla.grpc.iter().filter(|it| !it.also_counts).filter_map(|it| it.method.as_ref());
    let own: Vec<_> = own.map(|(name, method)| format!("`{name}/{method}`")).collect();
    let promise = Promise {
        availability,
        latency,
        judged: sli::grpc_calls(sla, &of_all, |it| it.objectives.availability.is_some()).map(&narrowed),
        timed: sli::grpc(sla, &of_all, histogram, |it| !it.objectives.latency.is_empty()).map(&narrowed),
        timed_are: "gRPC calls, failed ones too,".into(),
        until: "the end of the call",
        left_out: match &*own {
            [] => String::new(),
            own => format!(" Left out, as far as they are promised something else: {}.", own.join(", ")),
        },
    };
    Red {
        what: "gRPC calls".into(),
        per_second: Unit::RequestsPerSecond,
        ended: narrowed(sli::grpc_handled(sla)),
        judged: sli::grpc_calls(sla, &of_all, |_| false).map(&narrowed),
        bad: format!(
            "the code {}; `{}`, and calls of what nobody registered, are on neither side",
            of_all.bad.iter().map(|code| sla.naming.grpc_code(code)).collect::<Vec<_>>().join(", "),
            sla.naming.grpc_code(names::GRPC_CANCELED),
        ),
        duration: narrowed(sli::selector(sla, histogram)),
        in_flight: narrowed(sli::selector(sla, &names::GRPC_SERVER_IN_FLIGHT)),
        promise,
        alert: (None, String::new()),
    }
}

/// Of the services and methods that are looked at.
fn narrowed(service: &Service<'_>, selector: Selector) -> Selector {
    labels(service)
        .iter()
        .fold(selector, |selector, (original, label)| selector.matched(label, &format!("${original}")))
}

/// The labels that tell methods apart, by their names in the catalogue and as the service calls them.
fn labels(service: &Service<'_>) -> Vec<(&'static str, String)> {
    service.sla.naming.grpc_labels()
}

struct Calls<'a> {
    service: &'a Service<'a>,
    red: Red,
}

// ===== impl Calls =====

impl Calls<'_> {
    fn red(&self) -> Vec<Sized> {
        let code = self.service.label(names::GRPC_CODE);
        let by_code = Panel::time_series(
            "Calls by code",
            Unit::RequestsPerSecond,
            "The gRPC calls that ended, a second, by their code: that of the trailers, which is the last \
             word.",
        )
        .query(format!("{} > 0", self.red.ended_by(&[&code])), &format!("{{{{{code}}}}}"))
        .stacked();
        let paint =
            |panel: Panel, (code, color)| panel.paint(&self.service.sla.naming.grpc_code(code), color);
        let by_code = CODES.into_iter().fold(by_code, paint);
        vec![
            (8, 8, by_code),
            (8, 8, self.red.errors()),
            (8, 8, self.red.percentiles()),
            (8, 9, self.red.heatmap()),
            (16, 9, self.methods()),
        ]
    }

    fn methods(&self) -> Panel {
        let labels = labels(self.service);
        let title = |original: &str| if original == names::GRPC_SERVICE { "Service" } else { "Method" };
        let by: Vec<_> = labels.iter().map(|(original, label)| (&**label, title(original))).collect();
        self.red.top("Top methods", "method", &by)
    }

    fn streams(&self) -> [Sized; 4] {
        let method = self.service.label(names::GRPC_METHOD);
        let legend = format!("{{{{{method}}}}}");
        let in_flight = Panel::time_series(
            "In flight by method",
            Unit::Number,
            "gRPC calls begun and not ended: for a stream that is what it is for, for a unary call a sign \
             that it hangs.",
        )
        .query(format!("sum by ({method}) ({})", self.red.in_flight), &legend)
        .stacked();
        let messages = |title: &str, metric, what: &str| {
            Panel::time_series(
                title,
                Unit::MessagesPerSecond,
                &format!("The messages {what}, a second, by method. They need a `GrpcMessagesLayer`."),
            )
            .query(self.service.rate(self.of(metric), &[&method]), &legend)
        };
        let received = &names::GRPC_SERVER_MSG_RECEIVED_TOTAL;
        let sent = &names::GRPC_SERVER_MSG_SENT_TOTAL;
        let kind = self.service.label(names::GRPC_TYPE);
        let unary = |gauge: Selector| gauge.equal(&kind, "unary");
        let oldest = unary(self.of(&names::GRPC_SERVER_OLDEST_START));
        let in_flight_of_them = unary(self.red.in_flight.clone());
        let oldest = self.service.oldest(&oldest, &in_flight_of_them, &method, "unary call of a method");
        let received = messages("Messages received", received, "that callers sent");
        let sent = messages("Messages sent", sent, "that callers were sent");
        [in_flight, oldest, received, sent].map(|panel| (6, 8, panel))
    }

    fn of(&self, metric: &names::Metric) -> Selector {
        narrowed(self.service, self.service.of(metric))
    }
}
