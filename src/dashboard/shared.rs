//! Panels that are the same whatever the protocol: budgets, how full the service is, who was refused, what is unusual, and
//! whether the numbers can be trusted.

use super::{
    layout::Sized,
    model::{Color, Panel, Unit},
    red::Red,
    service::{Service, WINDOW, pages_at},
};
use crate::{
    names,
    promql::{Selector, Set, grouped},
    rules::{Alert, link::Part},
};

/// How what is left of an error budget is coloured, above red.
pub(super) const LEFT: [(Color, f64); 2] = [(Color::Orange, 0.0), (Color::Green, 0.25)];

/// What `ServiceDown` does.
pub(super) const DOWN: &str = "fires when it does not reach one";

// ===== impl Service =====

impl Service<'_> {
    /// How it is now, in six numbers.
    pub(super) fn overview(&self, red: &Red, part: Part) -> Vec<Sized> {
        let stats = [red.success(), red.rate(), red.p99(), red.in_flight()];
        stats.into_iter().chain(self.budgets(part)).map(|panel| (4, 4, panel)).collect()
    }

    /// The objective that is worst off: what is left of its budget, and how fast the fastest burns.
    pub(super) fn budgets(&self, part: Part) -> Vec<Panel> {
        let ids: Vec<_> = self.slos_of(part).map(|slo| slo.id()).collect();
        if ids.is_empty() {
            return Vec::new();
        }
        let of = |name: &str| self.recorded(name).one_of("slo", &ids);
        let left = Panel::stat(
            "Error budget left",
            Unit::Share,
            "Of the objective that is worst off: what is left of its error budget. Below 0 % it is \
             missed. The rows below tell of each.",
        )
        .query(format!("min by (job) ({})", of("slo:period_error_budget_remaining:ratio")), "{{job}}")
        .colored(Color::Red, LEFT)
        .decimals(1);
        let pages_at = pages_at(self.slos_of(part)).map(|factor| (Color::Red, factor));
        let burn = Panel::stat(
            "Burn rate",
            Unit::Number,
            "How many times as fast as allowed the error budget of the fastest objective burns now, over \
             five minutes: at 1 it lasts just the period. Red is the pace that pages if it lasts; a page \
             looks at longer windows too, and can be there for half an hour after this is green again.",
        )
        .query(format!("max by (job) ({})", of("slo:current_burn_rate:ratio")), "{{job}}")
        .colored(Color::Green, [(Color::Orange, 1.0)].into_iter().chain(pages_at))
        .decimals(1);
        vec![left, burn]
    }

    /// What is in flight beside how much may be, and the one as a share of the other, by instance.
    pub(super) fn saturation(&self, gauge: &Selector, limit: &Selector, what: &str) -> [Panel; 2] {
        let in_flight = Panel::time_series(
            "In flight",
            Unit::Number,
            &format!(
                "The {what} begun and not ended, by instance. The broken lines are how many it takes at \
                 once, where its Layer was told (`in_flight_limit`)."
            ),
        )
        .query(format!("sum by (instance) ({gauge})"), "{{instance}}")
        .query(format!("max by (instance) ({limit})"), "limit of {{instance}}")
        .broken("/^limit of /", Color::Red);
        let ratio = Panel::time_series(
            "Saturation",
            Unit::Share,
            &format!(
                "How much of what an instance takes at once is in flight; nothing where its Layer was not \
                 told its limit.{}",
                self.told_at_line(Alert::Saturation, "")
            ),
        )
        .query(
            format!("sum by (job, instance) ({gauge})\n/\nmax by (job, instance) ({limit})"),
            "{{instance}}",
        )
        .lines(self.line_of(Alert::Saturation));
        [in_flight, ratio]
    }

    /// How old the oldest call in flight is, of those that `by` tells apart.
    pub(super) fn oldest(&self, oldest: &Selector, in_flight: &Selector, by: &str, which: &str) -> Panel {
        // What is no number while nothing is in flight is the last start in some exporters.
        let age = format!("time() - {oldest}\nand {in_flight} > 0\nor ({in_flight} == 0 and {oldest})");
        Panel::time_series(
            "Age of the oldest call",
            Unit::Seconds,
            &format!(
                "For how long the oldest {which} has been in flight, the ten oldest at each moment: one that \
                 hangs while all others are answered. 0 while nothing is in flight; nothing where its Layer \
                 was not told (`oldest_start_timestamp`).{}",
                self.told_by(Alert::RequestsStuck, "tells of one that is too old")
            ),
        )
        .query(format!("topk(10, max by ({by}) {})", grouped(&age)), &format!("{{{{{by}}}}}"))
        .with_points()
    }

    /// Who was refused, by whom and why.
    pub(super) fn refusals(&self) -> [Sized; 3] {
        let [limiter, reason] = [names::LIMITER, names::REASON].map(|original| self.label(original));
        let legend = format!("{{{{{limiter}}}}}: {{{{{reason}}}}}");
        let rejected = || self.of(&names::REQUESTS_REJECTED_TOTAL);
        let by_reason = self.rate(rejected(), &[&limiter, &reason]);
        let refused = Panel::time_series(
            "Refused calls",
            Unit::RequestsPerSecond,
            "The calls that a limiter refused, a second, by limiter and reason. They need a \
             `RejectionLayer` around the limiter.",
        )
        .query(&*by_reason, &legend)
        .with_values();
        let calls = self.rate(self.of(&names::LIMITER_CALLS_TOTAL), &[&limiter]);
        let share = Panel::time_series(
            "Refused share",
            Unit::Share,
            &format!(
                "The share of the calls that reached a limiter and were refused, by limiter and reason.{}",
                self.told_at_line(Alert::RateLimitRejections, "")
            ),
        )
        .query(
            format!("{by_reason}\n/ on ({limiter}) group_left ()\n{}", grouped(&format!("{calls} > 0"))),
            &legend,
        )
        .lines(self.line_of(Alert::RateLimitRejections));
        let too_many = Panel::time_series(
            "Rate limit exceeded",
            Unit::RequestsPerSecond,
            "Of these the calls that were `rate_limited`, a second, by limiter.",
        )
        .query(
            self.rate(self.of(&names::RATE_LIMIT_EXCEEDED_TOTAL), &[&limiter]),
            &format!("{{{{{limiter}}}}}"),
        );
        [(8, 8, refused), (8, 8, share), (8, 8, too_many)]
    }

    /// What is unlike the last day, where the rules record it.
    pub(super) fn anomalies(&self) -> Vec<Sized> {
        if !self.rules.has(Alert::Anomaly) || !self.merged.is_http() {
            return Vec::new();
        }
        let signals = [
            (
                "requests",
                "HTTP calls and their band",
                Unit::RequestsPerSecond,
                "The HTTP calls that tell how the service is doing, a second,",
            ),
            (
                "errors",
                "Bad HTTP calls and their band",
                Unit::RequestsPerSecond,
                "The bad HTTP calls a second",
            ),
            ("duration", "Mean duration and its band", Unit::Seconds, "The mean duration of an HTTP call"),
        ];
        let panel = |(signal, title, unit, what): (&str, &str, Unit, &str)| {
            let of = |name: &str| {
                self.recorded(&format!("job:anomaly_{name}")).equal("signal", signal).to_string()
            };
            let panel = Panel::time_series(
                title,
                unit,
                &format!(
                    "{what} and what is usual: the median of the last 24 hours, and around it three \
                     deviations or half of it, whichever is more. {} tells of what is outside; it wants a \
                     day of data.",
                    self.rules.name(Alert::Anomaly)
                ),
            )
            .query(of("level"), "level")
            .query(of("upper_band"), "upper")
            .query(of("lower_band"), "lower")
            .paint("level", Color::Green)
            .band("upper", "lower");
            (8, 8, panel)
        };
        signals.map(panel).into()
    }

    /// Whether the numbers above can be trusted, where some of them may have labels of the user's own.
    pub(super) fn telemetry(&self, has_own_labels: bool) -> Vec<Sized> {
        let metric = self.label(names::METRIC);
        let version = self.label(names::VERSION);
        let legend = format!("{{{{{metric}}}}} of {{{{instance}}}}");
        let up = Panel::time_series(
            "Instances that are scraped",
            Unit::Number,
            &format!("How many instances Prometheus reaches.{}", self.told_by(Alert::ServiceDown, DOWN)),
        )
        .query(format!("sum by (job) ({})", self.named("up")), "{{job}}")
        .decimals(0);
        let versions = Panel::time_series(
            "Versions of tower-metrics",
            Unit::Number,
            "How many instances have which version of the crate.",
        )
        .query(
            format!("count by ({version}) ({})", self.of(&names::BUILD_INFO)),
            &format!("{{{{{version}}}}}"),
        )
        .decimals(0);
        let sets = Panel::time_series(
            "Label set usage",
            Unit::Share,
            &format!(
                "How many label sets a metric with labels of your own has, as a share of its limit, above \
                 which they fold into `_OVERFLOW`.{}",
                self.told_at_line(Alert::CardinalityGrowth, "")
            ),
        )
        .query(format!("{} / {}", self.of(&names::LABEL_SETS), self.of(&names::LABEL_SETS_LIMIT)), &legend)
        .lines(self.line_of(Alert::CardinalityGrowth));
        let folded = Panel::time_series(
            "Calls folded into _OVERFLOW",
            Unit::CountsPerSecond,
            &format!(
                "Calls whose labels came too late to be told apart, a second. Totals stay exact.{}",
                self.told_by(Alert::CardinalityOverflow, "tells of it")
            ),
        )
        .query(
            Set::of([self.of(&names::OVERFLOW_TOTAL)]).sum(&format!("instance, {metric}"), WINDOW),
            &legend,
        );
        let width = if has_own_labels { 6 } else { 12 };
        let cardinality = [sets, folded].into_iter().filter(|_| has_own_labels);
        [up, versions].into_iter().chain(cardinality).map(|panel| (width, 7, panel)).collect()
    }
}
