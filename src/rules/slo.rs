//! The rules of one objective: its error ratio over many windows, its budget, and the alerts on how fast that burns.

use std::time::Duration;

use super::{
    Alert, Group, Rule, Severity,
    burn::{Burn, DAYS_FOR_3D, PAGE, budget_of, decimal, ticket},
    config::{Config, Scope, untemplated},
    service::INTERVAL,
    sli::{Sli, label},
};
use crate::{
    names,
    promql::quoted,
    sla::{self, Endpoint, Grpc, Objective, Slo, budget, percent},
};

/// How often the long windows are evaluated: they move slowly and are dear.
const LONG_INTERVAL: Duration = Duration::from_secs(5 * 60);

/// The windows that are summed from the raw counters, so that an outage is seen at once; with their seconds.
const RAW: [(&str, u32); 3] = [("5m", 300), ("30m", 1_800), ("1h", 3_600)];

/// The group of the short windows and the page, and that of the long ones and the ticket.
pub(super) fn groups(config: &Config, slo: &Slo<'_>) -> [Group; 2] {
    let (id, days) = (slo.id(), slo.sla.period_days);
    let it = One {
        config,
        slo,
        scope: Scope::of(slo.sla),
        sli: Sli::of(slo),
        id: &id,
        budget: budget(slo.share()),
    };

    let mut short = Group::new(format!("slo-{id}"), INTERVAL);
    for (window, _) in RAW {
        short.rules.extend(it.raw(window));
    }
    short.rules.extend(["2h", "6h"].map(|window| it.derived(window)));
    short.rules.extend([
        it.constant("slo:objective:ratio", &slo.share().to_string()),
        it.constant("slo:error_budget:ratio", &it.budget),
        it.constant("slo:time_period:days", &days.to_string()),
        it.record(
            "slo:current_burn_rate:ratio",
            format!("{} / {}", it.of("slo:sli_error:ratio_rate5m"), it.budget),
        ),
    ]);
    short.rules.extend(it.burn(&PAGE, Severity::Critical));

    let mut long = Group::new(format!("slo-{id}-long"), LONG_INTERVAL);
    let period = format!("{days}d");
    long.rules.push(it.derived("1d"));
    if days >= DAYS_FOR_3D {
        long.rules.push(it.derived("3d"));
    }
    let over_period = it.of(&format!("slo:sli_error:ratio_rate{period}"));
    long.rules.extend([
        it.derived(&period),
        it.record("slo:period_burn_rate:ratio", format!("{over_period} / {}", it.budget)),
        it.record("slo:period_error_budget_remaining:ratio", format!("1 - {over_period} / {}", it.budget)),
    ]);
    long.rules.extend(it.burn(ticket(days), Severity::Warning));
    long.rules.extend(it.history(&period));
    [short, long].map(|group| it.scope.labelled(group))
}

/// One objective, and what every rule of it needs.
struct One<'a> {
    config: &'a Config,
    slo: &'a Slo<'a>,
    scope: Scope,
    sli: Sli,
    id: &'a str,
    budget: String,
}

// ===== impl One =====

impl One<'_> {
    /// The labels by which it is summed.
    fn by(&self) -> String {
        let own: Vec<_> = self.own_labels().into_iter().map(|(label, _)| label).collect();
        [std::slice::from_ref(&self.scope.by), &*own].concat().join(", ")
    }

    /// The labels that tell what it is about, beside the service.
    fn own_labels(&self) -> Vec<(String, String)> {
        let label = |original| label(self.slo.sla, original);
        match self.slo.scope {
            sla::Scope::Endpoint(Endpoint { method, route, .. }) => {
                vec![(label(names::METHOD), method.clone()), (label(names::ENDPOINT), route.clone())]
            }
            sla::Scope::Grpc(Grpc { method: Some((service, method)), .. }) => {
                self.slo.sla.naming.grpc_method(service, method)
            }
            sla::Scope::Http | sla::Scope::Grpc(_) | sla::Scope::Operation(_) => Vec::new(),
        }
    }

    fn alert_labels(&self) -> Vec<(String, String)> {
        [&*self.scope.alert_labels, &*labels_of(self.slo)].concat()
    }

    /// What was recorded of it under `name`.
    fn of(&self, name: &str) -> String {
        format!("{name}{{{},slo={}}}", self.scope.matchers, quoted(self.id))
    }

    fn record(&self, name: &str, expr: String) -> Rule {
        Rule::record(name, expr).label("slo", self.id)
    }

    fn constant(&self, name: &str, value: &str) -> Rule {
        self.record(name, format!("vector({value})"))
    }

    fn raw(&self, window: &str) -> [Rule; 3] {
        let by = self.by();
        let [bad, total] = ["bad", "total"].map(|what| format!("slo:sli_{what}:rate{window}"));
        let ratio = format!("{} / ({} > 0)", self.of(&bad), self.of(&total));
        [
            self.record(&bad, self.sli.bad(&by, window)),
            self.record(&total, self.sli.total(&by, window, &self.of(&bad))),
            self.record(&format!("slo:sli_error:ratio_rate{window}"), ratio),
        ]
    }

    /// Weighted by traffic, and cheap: from what was recorded, not from the counters.
    fn derived(&self, window: &str) -> Rule {
        let [bad, total] = ["bad", "total"]
            .map(|what| format!("sum_over_time({}[{window}])", self.of(&format!("slo:sli_{what}:rate5m"))));
        self.record(&format!("slo:sli_error:ratio_rate{window}"), format!("{bad}\n/\n({total} > 0)"))
    }

    fn burn(&self, burns: &[Burn], severity: Severity) -> Option<Rule> {
        let days = self.slo.sla.period_days;
        let conditions = burns.iter().filter(|burn| burn.can_fire(self.slo)).map(|burn| {
            let Burn { long, short, .. } = burn;
            let above = format!("({} * {})", burn.factor(days), self.budget);
            let ratio = |window: &str| self.of(&format!("slo:sli_error:ratio_rate{window}"));
            format!(
                "(\n  {} > {above}\n  and {} > {above}\n  and {} >= {}\n)",
                ratio(long),
                ratio(short),
                self.bad_events(long),
                self.config.min_bad_events,
            )
        });
        let expr = conditions.collect::<Vec<_>>().join("\nor\n");
        if expr.is_empty() {
            return None;
        }
        let what = match self.slo.objective {
            Objective::Availability(_) => "bad".to_owned(),
            Objective::Latency(latency) => format!("slower than {:?}", latency.threshold),
            Objective::HeadLatency(latency) => {
                format!("without a response head after {:?}", latency.threshold)
            }
        };
        let of: String =
            self.own_labels().iter().map(|(label, _)| format!(" {{{{ $labels.{label} }}}}")).collect();
        self.config.alert_of(
            Alert::ErrorBudgetBurn,
            severity,
            expr,
            &self.alert_labels(),
            &format!("{{{{ $labels.job }}}}{of} burns the error budget of {{{{ $labels.slo }}}} too fast: {{{{ $value | humanizePercentage }}}} of the calls are {what}."),
            &format!(
                "Over {days} days {} may be. At this pace the budget does not last.",
                percent(budget_of(self.slo))
            ),
        )
    }

    /// How many bad events there were in a window.
    fn bad_events(&self, window: &str) -> String {
        match RAW.iter().find(|(raw, _)| *raw == window) {
            Some((_, seconds)) => format!("{} * {seconds}", self.of(&format!("slo:sli_bad:rate{window}"))),
            None => {
                format!("sum_over_time({}[{window}]) * {}", self.of("slo:sli_bad:rate5m"), INTERVAL.as_secs())
            }
        }
    }

    fn history(&self, period: &str) -> Option<Rule> {
        let days = self.slo.sla.period_days;
        let wanted = self.config.on(Alert::SloHistoryShort)?.threshold() * f64::from(days);
        self.config.alert(
            Alert::SloHistoryShort,
            format!(
                "count_over_time({}[{period}]) * {} / 86400 < {}",
                self.of("slo:sli_total:rate5m"),
                INTERVAL.as_secs(),
                decimal(wanted)
            ),
            &self.alert_labels(),
            "There are {{ $value | printf \"%.1f\" }} days of {{ $labels.slo }} in Prometheus.",
            &format!(
                "The error budget of {days} days is told from those. If it stays so, Prometheus keeps less than {days} days: \
                 raise --storage.tsdb.retention.time."
            ),
        )
    }
}

/// The label of an alert that tells which objective it is about.
pub(super) fn labels_of(slo: &Slo<'_>) -> Vec<(String, String)> {
    vec![("slo".into(), untemplated(&slo.id()))]
}
