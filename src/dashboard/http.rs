//! The dashboard of a service's HTTP calls.

use super::{
    frame::Home,
    layout::{Layout, Sized},
    model::{Color, Model, Panel, Unit, Variable},
    red::{Promise, Red, percentiles, quantile},
    service::{Service, WINDOW, in_view, lines},
};
use crate::{
    names,
    outcome::Outcome,
    promql::{Selector, Set, grouped},
    rules::{Alert, link::Part, sli},
    sla::{LatencyObjective, Objective, Scope, Sla},
};

/// The colours that everybody knows statuses by.
const CLASSES: [(&str, Color); 5] = [
    ("2xx", Color::Green),
    ("3xx", Color::Blue),
    ("4xx", Color::Orange),
    ("5xx", Color::Red),
    ("none", Color::Purple),
];

/// What the service did is red, and what its callers did is not.
const OUTCOMES: [(Outcome, Color); 7] = [
    (Outcome::Completed, Color::Green),
    (Outcome::Upgraded, Color::Blue),
    (Outcome::Cancelled, Color::Purple),
    (Outcome::BodyDropped, Color::Orange),
    (Outcome::Error, Color::Red),
    (Outcome::Panicked, Color::Red),
    (Outcome::BodyError, Color::Red),
];

pub(super) fn model(service: &Service<'_>, home: &Home, uid: String) -> Model {
    let endpoint = service.label(names::ENDPOINT);
    let narrowed = |selector| in_view(selector).matched(&endpoint, "$endpoint");
    let http = Http { service, red: red(service, narrowed) };
    let mut layout = Layout::default();
    layout.row("Overview", service.overview(&http.red, Part::Http));
    layout.row("Rate, errors, duration", http.red());
    layout.row("By instance", http.red.by_instance());
    for slo in service.slos_of(Part::Http) {
        layout.row(&service.slo_title(&slo), service.slo_row(&slo));
    }
    layout.row("Saturation", http.saturation());
    layout.row("Refusals", service.refusals());
    layout.closed_row("Anomalies", service.anomalies());
    layout.closed_row("The metrics themselves", service.telemetry(true));

    let calls = sli::http_calls(service.sla).rematched("job", "$job").to_string();
    let any = service.sla.naming.any_endpoint();
    let endpoints = Variable::values("endpoint", &endpoint, &calls, any, "The routes that are looked at.");
    service.frame(uid, home, "HTTP", vec![endpoints]).around(layout.finish())
}

/// The HTTP calls of a service, narrowed to what is looked at.
pub(super) fn red(service: &Service<'_>, narrowed: impl Fn(Selector) -> Selector) -> Red {
    let sla = service.sla;
    let everybody = sli::Whose::AllBut(Vec::new());
    let judged_alone = sli::leaving(sla, |it| it.objectives.availability.is_some());
    let timed_alone = sli::leaving(sla, |it| !it.objectives.latency.is_empty());
    let (availability, latency) = service.promised(|slo| matches!(slo.scope, Scope::Http));
    let calls = sli::http_ended(sla, &timed_alone, &names::HTTP_REQUEST_DURATION_SECONDS);
    let promise = Promise {
        availability,
        latency,
        judged: sli::availability(sla, &judged_alone).map(&narrowed),
        timed: calls.map(&narrowed),
        timed_are: "HTTP calls that were answered well, or given up,".into(),
        until: match sla.naming.ends_with_head(&names::HTTP_REQUEST_DURATION_SECONDS) {
            true => "the response head",
            false => "the end of the call",
        },
        left_out: left_out(sla),
    };
    let too_many = if sla.counts_429 { " or 429" } else { "" };
    Red {
        what: "HTTP calls".into(),
        per_second: Unit::RequestsPerSecond,
        ended: narrowed(sli::http_calls(sla)),
        judged: sli::availability(sla, &everybody).map(&narrowed),
        bad: format!(
            "status 5xx{too_many}{}; calls that were given up, and 4xx of what no route matches, are on \
             neither side",
            match sla.naming.outcome_label() {
                Some(_) => ", an error, a panic, or a body that broke off",
                None => ", which an error or a panic is too",
            }
        ),
        duration: narrowed(sli::selector(sla, &names::HTTP_REQUEST_DURATION_SECONDS)),
        in_flight: narrowed(sli::selector(sla, &names::HTTP_REQUESTS_IN_FLIGHT)),
        promise,
        alert: (
            service.line_of(Alert::HighApiErrorRate),
            service.told_at_line(
                Alert::HighApiErrorRate,
                ", if the service as a whole is above it over five minutes",
            ),
        ),
    }
}

/// The routes of which the service-wide promise does not tell.
fn left_out(sla: &Sla) -> String {
    let own =
        sla.endpoints.iter().filter(|it| !it.also_counts).map(|it| format!("{} {}", it.method, it.route));
    let routes: Vec<_> = sla.excluded.iter().chain(&sla.streams).cloned().chain(own).collect();
    let routes: Vec<_> = routes.iter().map(|route| format!("`{route}`")).collect();
    if routes.is_empty() {
        return String::new();
    }
    format!(
        " Left out, since they are probes, last by design, or are promised something else: {}.",
        routes.join(", ")
    )
}

struct Http<'a> {
    service: &'a Service<'a>,
    red: Red,
}

// ===== impl Http =====

impl Http<'_> {
    fn red(&self) -> Vec<Sized> {
        let mut panels = vec![self.by_class(), self.red.errors(), self.red.percentiles()];
        panels.extend(self.by_outcome());
        let heatmap = panels.len();
        panels.push(self.red.heatmap());
        panels.extend(self.apdex().into_iter().chain(self.head()));
        // So that no line of the grid has a hole in it.
        let (wide, routes) = match panels.len() {
            4 => (24, 24),
            5 => (16, 24),
            6 => (8, 24),
            _ => (8, 16),
        };
        let all = panels.into_iter().enumerate();
        let all = all.map(|(n, panel)| (if n == heatmap { wide } else { 8 }, panel));
        all.chain([(routes, self.routes())]).map(|(width, panel)| (width, 8, panel)).collect()
    }

    /// The exact status of the counter becomes its class, under a name that the histogram does not have.
    fn by_class(&self) -> Panel {
        let status = self.service.label(names::STATUS);
        let rates = Set::of([self.red.ended.clone()]).rates(WINDOW);
        let mut whole = format!("label_replace({rates}, \"class\", \"$1\", \"{status}\", \"(.*)\")");
        if self.service.sla.naming.no_status().is_empty() {
            whole = format!("label_replace({whole}, \"class\", \"none\", \"{status}\", \"\")");
        }
        let class =
            format!("label_replace(\n  {whole},\n  \"class\", \"${{1}}xx\", \"{status}\", \"([1-5])..\"\n)");
        let panel = Panel::time_series(
            "Calls by status class",
            Unit::RequestsPerSecond,
            "The HTTP calls that ended, a second, by the class of their status. A call that was given up \
             before its response head has none.",
        )
        .query(format!("sum by (class) {}", grouped(&class)), "{{class}}")
        .stacked();
        CLASSES.into_iter().fold(panel, |panel, (class, color)| panel.paint(class, color))
    }

    /// Where the scheme has a label for it: of all outcomes, or of failures alone.
    fn by_outcome(&self) -> Option<Panel> {
        let naming = &self.service.sla.naming;
        let outcome = naming.outcome_label()?;
        let calls = self.red.ended.clone();
        let (title, what, calls) = match naming.tells_errors_alone() {
            false => (
                "Calls by outcome",
                "How the HTTP calls ended, a second: answered to the end, or given up (`cancelled`), \
                 panicked, returned an error, broken off in the body (`body_error` by the service, \
                 `body_dropped` by the caller).",
                calls,
            ),
            true => (
                "Failed calls by error type",
                "Why HTTP calls failed, a second: the status of those that were answered 5xx; else given up \
                 (`cancelled`), panicked, returned an error, broken off in the body by the service \
                 (`body_error`).",
                calls.unequal(&outcome, ""),
            ),
        };
        let told = self.service.told_by(Alert::HighCancellation, "tells of many that are `cancelled`");
        let panel = Panel::time_series(title, Unit::RequestsPerSecond, &format!("{what}{told}"))
            .query(self.service.rate(calls, &[&outcome]), &format!("{{{{{outcome}}}}}"))
            .with_values();
        Some(OUTCOMES.into_iter().fold(panel, |panel, (outcome, color)| panel.paint(outcome.as_str(), color)))
    }

    fn apdex(&self) -> Option<Panel> {
        let threshold = self.service.sla.apdex_threshold()?;
        let panel = Panel::time_series(
            "Apdex",
            Unit::Share,
            &format!(
                "How content the callers are: those answered within {threshold:?} count whole, those \
                 within {:?} half, the rest and failures not at all; of five minutes, of the whole \
                 service.",
                threshold * 4
            ),
        );
        Some(
            panel
                .query(self.service.recorded("job:apdex:ratio_rate5m").to_string(), "Apdex")
                .filled()
                .max(1.0),
        )
    }

    /// Where the time to the response head is promised, it is measured.
    fn head(&self) -> Option<Panel> {
        let promised: Vec<LatencyObjective> = self
            .service
            .slos()
            .filter_map(|slo| match slo.objective {
                Objective::HeadLatency(latency) => Some(latency),
                Objective::Availability(_) | Objective::Latency(_) => None,
            })
            .collect();
        if promised.is_empty() {
            return None;
        }
        let sla = self.service.sla;
        let everybody = sli::Whose::AllBut(Vec::new());
        let heads = sli::http_ended(sla, &everybody, sla.naming.head_histogram());
        let heads = heads.map(|selector| self.narrowed(in_view(selector)));
        let panel = Panel::time_series(
            "Time to the response head",
            Unit::Seconds,
            "How long callers waited for the first byte, whatever the body then took, of the HTTP calls \
             that were answered well, or given up. Probes are left out. The lines are what is promised.",
        );
        let panel = percentiles(panel, |share| quantile(share, &heads, &[]));
        Some(panel.lines(lines(&promised)))
    }

    fn routes(&self) -> Panel {
        let [method, endpoint] =
            [names::METHOD, names::ENDPOINT].map(|original| self.service.label(original));
        self.red.top("Top routes", "route", &[(&method, "Method"), (&endpoint, "Endpoint")])
    }

    fn saturation(&self) -> Vec<Sized> {
        let service = self.service;
        let endpoint = service.label(names::ENDPOINT);
        let gauge = service.of(&names::HTTP_REQUESTS_IN_FLIGHT);
        let limit = service.of(&names::HTTP_REQUESTS_IN_FLIGHT_LIMIT);
        let by_endpoint = Panel::time_series(
            "In flight by endpoint",
            Unit::Number,
            "Calls begun and not ended, of the ten routes with most of them at each moment, their \
             response bodies included: where the service is stuck, if it is.",
        )
        .query(
            format!("topk(10, sum by ({endpoint}) ({}))", self.red.in_flight),
            &format!("{{{{{endpoint}}}}}"),
        )
        .with_points();
        let [in_flight, ratio] = service.saturation(&gauge, &limit, "HTTP calls");
        let oldest = self.narrowed(service.of(&names::HTTP_OLDEST_START));
        let oldest = service.oldest(&oldest, &self.red.in_flight, &endpoint, "HTTP call of a route");
        [in_flight, ratio, by_endpoint, oldest].map(|panel| (6, 8, panel)).into()
    }

    fn narrowed(&self, selector: Selector) -> Selector {
        selector.matched(&self.service.label(names::ENDPOINT), "$endpoint")
    }
}
