//! The dashboard of all services: which of them needs a look, and the way to its own.

use super::{
    frame::{Frame, Home, Scope, union},
    grpc, http,
    layout::{Layout, Sized},
    model::{Color, Model, Panel, Unit},
    operations,
    red::Red,
    service::{Service, beside_others, decimals, pages_at, told_by},
    shared::{DOWN, LEFT},
};
use crate::{
    rules::{Alert, Rules},
    sla::Sla,
};

pub(super) fn model(rules: &Rules, services: &[Service<'_>], home: &Home) -> Model {
    let it = Overview { rules, services, scope: Scope::of(services.iter().map(|service| service.sla)) };
    let mut layout = Layout::default();
    layout.row("Objectives", it.objectives());
    layout.row("HTTP", it.calls("HTTP calls", it.http()));
    layout.row("gRPC", it.calls("gRPC calls", it.grpc()));
    layout.row("Operations", it.calls("calls of operations", it.operations()));
    layout.row("Alerts and instances", it.alerts());
    let names: Vec<_> = rules.slas().iter().map(Sla::name).collect();
    Frame {
        uid: home.uid.clone(),
        title: format!("{}: overview", home.tag),
        description: format!(
            "All services at a glance. Made by tower-metrics from the promises of {}: change those, not \
             this dashboard.",
            names.join(", ")
        ),
        home: home.clone(),
        scope: it.scope.clone(),
        variables: Vec::new(),
    }
    .around(layout.finish())
}

struct Overview<'a> {
    rules: &'a Rules,
    services: &'a [Service<'a>],
    scope: Scope,
}

// ===== impl Overview =====

impl Overview<'_> {
    fn http(&self) -> Vec<(String, Red)> {
        let services = self.services.iter().filter(|service| service.merged.is_http());
        services.map(|service| (service.name().to_owned(), http::red(service, beside_others))).collect()
    }

    fn grpc(&self) -> Vec<(String, Red)> {
        let services = self.services.iter().filter(|service| !service.sla.grpc.is_empty());
        services.map(|service| (service.name().to_owned(), grpc::red(service, beside_others))).collect()
    }

    fn operations(&self) -> Vec<(String, Red)> {
        let of = |service: &Service<'_>| -> Vec<_> {
            let operations = service.sla.operations.iter();
            operations
                .map(|it| {
                    (format!("{} {}", service.name(), it.name), operations::red(service, it, beside_others))
                })
                .collect()
        };
        self.services.iter().flat_map(of).collect()
    }

    /// Rate, errors and duration of the calls of one kind: a line for each service.
    fn calls(&self, what: &str, of: Vec<(String, Red)>) -> Vec<Sized> {
        let Some((_, first)) = of.first() else { return Vec::new() };
        let rate = Panel::time_series(
            &format!("Rate of {what}"),
            first.per_second,
            &format!("The {what} that ended, a second."),
        );
        let errors = Panel::time_series(
            &format!("Error ratio of {what}"),
            Unit::Share,
            &format!("The share of the {what} that were bad; the dashboard of each service says what is."),
        );
        let latency = Panel::time_series(
            &format!("P99 of {what}"),
            Unit::Seconds,
            &format!("99 % of the {what} that the promise is about took no longer."),
        );
        let line = of.iter().find_map(|(_, red)| red.alert.0);
        let panels = of.iter().fold([rate, errors, latency], |[rate, errors, latency], (name, red)| {
            [
                rate.query(red.ended_by(&[]), name),
                errors.query(red.error_ratio(&[]), name),
                latency.query(red.promised_p99(), name),
            ]
        });
        let [rate, errors, latency] = panels;
        vec![(8, 8, rate), (8, 8, errors.lines(line)), (8, 8, latency)]
    }

    fn objectives(&self) -> Vec<Sized> {
        let slos = || self.services.iter().flat_map(Service::slos);
        if slos().next().is_none() {
            return Vec::new();
        }
        let selectors = self.scope.labels();
        let by = [&["job"], &*selectors, &["slo"]].concat().join(", ");
        let max = |name: &str| format!("max by ({by}) ({})", union(self.scope.recorded(name)));
        let left = max("slo:period_error_budget_remaining:ratio");
        let burn = max("slo:current_burn_rate:ratio");
        let pages_at = pages_at(slos()).map(|factor| (Color::Red, factor));
        let promised = slos().map(|slo| decimals(slo.share())).max();
        let columns: Vec<_> = [("job", "Service")]
            .into_iter()
            .chain(selectors.iter().map(|label| (*label, *label)))
            .chain([
                ("slo", "Objective"),
                ("Value #A", "Promised"),
                ("Value #B", "Budget left"),
                ("Value #C", "Burn rate"),
                ("Value #D", "Calls"),
            ])
            .collect();
        let table = Panel::table(
            "Objectives",
            ("Budget left", false),
            "Each objective of each service: what is promised, what is left of its error budget, how many \
             times as fast as allowed that burns now, and how many calls a second it is told of. What is \
             worst off is on top. A burn rate is red at the pace that pages if it lasts; a page looks at \
             longer windows too, and can outlast it.",
        )
        .query(max("slo:objective:ratio"), "")
        .query(&*left, "")
        .query(&*burn, "")
        .query(max("slo:sli_total:rate5m"), "")
        .columns(&columns, &[])
        .column("Promised", Unit::Share, promised.unwrap_or(2), None)
        .column("Budget left", Unit::Share, 1, Some((Color::Red, LEFT.into())))
        .column(
            "Burn rate",
            Unit::Number,
            1,
            Some((Color::Green, [(Color::Orange, 1.0)].into_iter().chain(pages_at).collect())),
        )
        .column("Calls", Unit::RequestsPerSecond, 2, None);
        let left = Panel::time_series(
            "Error budget left",
            Unit::Share,
            "What is left of each objective's error budget. Below 0 % it is missed; what is below -100 % \
             is not drawn, and stands in the table.",
        )
        .query(left, "{{slo}}")
        .min(-1.0)
        .max(1.0)
        .lines([(Color::Red, 0.0)]);
        let burn = Panel::time_series(
            "Burn rate",
            Unit::Number,
            "How many times as fast as allowed each objective's error budget burns, over five minutes. At \
             1 it lasts just the period.",
        )
        .query(burn, "{{slo}}")
        .lines([(Color::Orange, 1.0)]);
        // A row of a table is nearly as high as one of the grid.
        let height = u32::try_from(slos().count()).unwrap_or(u32::MAX).clamp(4, 16) + 3;
        vec![(24, height, table), (12, 8, left), (12, 8, burn)]
    }

    fn alerts(&self) -> [Sized; 3] {
        let firing = self.scope.recorded("ALERTS").into_iter();
        let firing =
            firing.map(|all| all.equal("alertstate", "firing").matched("severity", "critical|warning"));
        let firing = union(firing);
        let count = Panel::stat(
            "Alerts",
            Unit::Number,
            "How many alerts of the rules fire now, critical ones and warnings. They are listed below.",
        )
        .query(format!("sum({firing}) or vector(0)"), "firing")
        .colored(Color::Green, [(Color::Red, 1.0)]);
        let alerts = Panel::table(
            "Firing alerts",
            ("Severity", false),
            "The alerts of the rules that fire now, critical ones and warnings, each with its labels.",
        )
        .query(firing, "")
        .columns(
            &[
                ("severity", "Severity"),
                ("alertname", "Alert"),
                ("job", "Service"),
                ("instance", "Instance"),
                ("slo", "Objective"),
            ],
            &["__name__", "alertstate", "Value"],
        );
        let up = Panel::time_series(
            "Instances",
            Unit::Number,
            &format!(
                "How many instances of each service Prometheus reaches.{}",
                told_by(self.rules, Alert::ServiceDown, DOWN)
            ),
        )
        .query(format!("sum by (job) ({})", union(self.scope.series("up"))), "{{job}}")
        .decimals(0);
        [(6, 8, count), (18, 8, up), (24, 8, alerts)]
    }
}
