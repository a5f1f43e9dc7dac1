//! One service as its dashboards see it: its series, narrowed to what the variables choose.

use super::{
    frame::{Frame, Home, Scope},
    model::{Color, Variable},
};
use crate::{
    names::Metric,
    promql::{Selector, Set},
    rules::{Alert, Rules, burn, link::Part, sli},
    sla::{LatencyObjective, Merged, Objective, Sla, Slo, budget, percent},
};

/// The range of every rate: as short as the scrapes allow, as Grafana works it out.
pub(super) const WINDOW: &str = "$__rate_interval";

/// A service, and the rules that follow from its promise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Service<'a> {
    pub(super) rules: &'a Rules,
    pub(super) merged: &'a Merged,
    /// What all its promises say.
    pub(super) sla: &'a Sla,
}

// ===== impl Service =====

impl<'a> Service<'a> {
    pub(super) fn new(rules: &'a Rules, merged: &'a Merged) -> Self {
        Self { rules, merged, sla: &merged.sla }
    }

    /// Its name: that of the first promise.
    pub(super) fn name(&self) -> &'a str {
        self.sla.name()
    }

    pub(super) fn slos(&self) -> impl Iterator<Item = Slo<'a>> + use<'a> {
        self.merged.slos()
    }

    /// The objectives of one of its dashboards.
    pub(super) fn slos_of(&self, part: Part) -> impl Iterator<Item = Slo<'a>> + use<'a> {
        self.slos().filter(move |slo| Part::of(slo) == part)
    }

    /// What is promised of such calls: an availability, and latencies to the end of the call.
    pub(super) fn promised(&self, is_it: impl Fn(&Slo<'a>) -> bool) -> (Option<f64>, Vec<LatencyObjective>) {
        let (mut availability, mut latency): (Option<f64>, _) = (None, Vec::new());
        for slo in self.slos().filter(is_it) {
            match slo.objective {
                Objective::Availability(share) => {
                    availability = Some(availability.map_or(share, |other| other.max(share)));
                }
                Objective::Latency(it) => latency.push(it),
                Objective::HeadLatency(_) => {}
            }
        }
        (availability, latency)
    }

    /// The label of the table as the service calls it.
    pub(super) fn label(&self, original: &'static str) -> String {
        sli::label(self.sla, original)
    }

    /// A metric of the table, of the instances that are looked at.
    pub(super) fn of(&self, metric: &Metric) -> Selector {
        in_view(sli::selector(self.sla, metric))
    }

    /// A metric of any name, of the instances that are looked at.
    pub(super) fn named(&self, name: &str) -> Selector {
        in_view(sli::of_service(self.sla, Selector::new(name)))
    }

    /// What the rules recorded: of the service as a whole.
    pub(super) fn recorded(&self, name: &str) -> Selector {
        sli::of_service(self.sla, Selector::new(name)).rematched("job", "$job")
    }

    /// The sum of rates by these labels, and by none but the job if there are none.
    pub(super) fn rate(&self, selector: Selector, by: &[&str]) -> String {
        Set::of([selector]).sum(&by_job(by), WINDOW)
    }

    /// Where an alert of the rules fires, as a line.
    pub(super) fn line_of(&self, alert: Alert) -> Option<(Color, f64)> {
        self.rules.fires_above(alert).map(|threshold| (Color::Red, threshold))
    }

    /// What to say of an alert beside its line: that it fires there, and when.
    pub(super) fn told_at_line(&self, alert: Alert, when: &str) -> String {
        let name = self.rules.name(alert);
        let told = |share| format!(" The line is where {name} fires{when}: {}.", percent(share));
        self.rules.fires_above(alert).map(told).unwrap_or_default()
    }

    /// What an alert that has no line does, if it is on.
    pub(super) fn told_by(&self, alert: Alert, does: &str) -> String {
        told_by(self.rules, alert, does)
    }

    pub(super) fn frame(&self, uid: String, home: &Home, title: &str, variables: Vec<Variable>) -> Frame {
        Frame {
            uid,
            title: format!("{}: {title}", self.name()),
            description: format!(
                "Made by tower-metrics from the promise of {}: change that, not this dashboard.",
                self.name()
            ),
            home: home.clone(),
            scope: Scope::of([self.sla]),
            variables,
        }
    }
}

/// What an alert that has no line does, if it is on.
pub(super) fn told_by(rules: &Rules, alert: Alert, does: &str) -> String {
    if rules.has(alert) { format!(" {} {does}.", rules.name(alert)) } else { String::new() }
}

/// The burn rate from which on somebody is woken: the lowest of these objectives.
pub(super) fn pages_at<'a>(slos: impl Iterator<Item = Slo<'a>>) -> Option<f64> {
    let pages = slos.flat_map(|slo| burn::watched(&slo)).filter(|watched| watched.is_page);
    pages.map(|watched| watched.factor).min_by(f64::total_cmp)
}

/// The decimals that tell a share apart from its promise, as a percentage.
pub(super) fn decimals(promise: f64) -> u8 {
    let digits = budget(promise).len() - "0.".len();
    u8::try_from((digits + 1).saturating_sub(2).max(2)).expect("a share has a dozen digits")
}

/// Narrowed to the instances that are looked at, beside other services: still of the one job.
pub(super) fn beside_others(selector: Selector) -> Selector {
    selector.matched("job", "$job").matched("instance", "$instance")
}

/// Narrowed to the instances that are looked at, where all are of one service.
pub(super) fn in_view(selector: Selector) -> Selector {
    selector.rematched("job", "$job").matched("instance", "$instance")
}

pub(super) fn by_job(by: &[&str]) -> String {
    if by.is_empty() { "job".into() } else { by.join(", ") }
}

/// The lines at which latencies are promised.
pub(super) fn lines(latencies: &[LatencyObjective]) -> impl Iterator<Item = (Color, f64)> {
    latencies.iter().map(|latency| (Color::Red, crate::clock::seconds(latency.nanos())))
}

/// Promised latencies in words: `99 % within 100ms, 95 % within 2s`.
pub(super) fn promised(latencies: &[LatencyObjective]) -> String {
    let words = latencies
        .iter()
        .map(|latency| format!("{} within {:?}", percent(latency.quantile), latency.threshold));
    words.collect::<Vec<_>>().join(", ")
}
