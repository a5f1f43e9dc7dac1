//! The row of one objective: what is left of its budget, how fast that burns, and what it is made of.

use super::{
    layout::Sized,
    model::{Color, Panel, Unit},
    service::{Service, decimals},
    shared::LEFT,
};
use crate::{
    promql::Selector,
    rules::{Alert, burn},
    sla::{Objective, Slo, budget, percent},
};

const BLUES: [Color; 5] =
    [Color::SuperLightBlue, Color::LightBlue, Color::Blue, Color::SemiDarkBlue, Color::DarkBlue];

/// What an objective wants of calls, in words.
struct Words {
    good: String,
    bad: String,
}

// ===== impl Words =====

impl Words {
    fn of(slo: &Slo<'_>) -> Self {
        match slo.objective {
            Objective::Availability(_) => Self { good: "were not bad".into(), bad: "are bad".into() },
            Objective::Latency(latency) => Self {
                good: format!("took no longer than {:?}", latency.threshold),
                bad: format!("take longer than {:?}", latency.threshold),
            },
            Objective::HeadLatency(latency) => Self {
                good: format!("had a response head within {:?}", latency.threshold),
                bad: format!("have no response head after {:?}", latency.threshold),
            },
        }
    }
}

// ===== impl Service =====

impl Service<'_> {
    /// The title of an objective's row: its name and what it promises.
    pub(super) fn slo_title(&self, slo: &Slo<'_>) -> String {
        format!("SLO {}: {} over {} days", slo.id(), slo.promise(), slo.sla.period_days)
    }

    pub(super) fn slo_row(&self, slo: &Slo<'_>) -> [Sized; 5] {
        let days = slo.sla.period_days;
        let of = |name: &str| self.recorded(name).equal("slo", &slo.id());
        let left = of("slo:period_error_budget_remaining:ratio");
        let share = percent(slo.share());
        let Words { good, bad } = Words::of(slo);

        let now = Panel::stat(
            "Error budget left",
            Unit::Share,
            &format!(
                "Of the calls of {days} days {} may be such that {bad}: how many of these are left. 100 % \
                 is untouched, 0 % is spent, below it the objective is missed.",
                percent(1.0 - slo.share()),
            ),
        )
        .query(left.to_string(), "{{slo}}")
        .colored(Color::Red, LEFT)
        .decimals(1);

        let share_of_good = Panel::time_series(
            "Good calls",
            Unit::Share,
            &format!(
                "The share of the calls of five minutes that {good}. The line is the objective: {share}."
            ),
        )
        .query(format!("1 - {}", of("slo:sli_error:ratio_rate5m")), "good")
        .query(of("slo:objective:ratio").to_string(), "objective")
        .paint("good", Color::Green)
        .broken("/^objective$/", Color::Red)
        .free_axis()
        .max(1.0)
        .decimals(decimals(slo.share()) + 1);

        let over_time = Panel::time_series(
            "Error budget left over time",
            Unit::Share,
            &format!(
                "What is left of the error budget of {days} days. It falls with the calls that {bad}, and \
                 rises as old ones go out of the period."
            ),
        )
        .query(left.to_string(), "left")
        .paint("left", Color::Green)
        .filled()
        .free_axis()
        .max(1.0)
        .lines([(Color::Red, 0.0)]);

        let counted = Panel::time_series(
            "Calls that count",
            Unit::RequestsPerSecond,
            &format!(
                "The calls that the objective is told of, and of them those that {bad}; over five minutes."
            ),
        )
        .query(of("slo:sli_total:rate5m").to_string(), "all")
        .query(of("slo:sli_bad:rate5m").to_string(), "bad")
        .paint("all", Color::Blue)
        .paint("bad", Color::Red);

        [(4, 8, now), (5, 8, share_of_good), (5, 8, self.burn(slo, of)), (5, 8, over_time), (5, 8, counted)]
    }

    fn burn(&self, slo: &Slo<'_>, of: impl Fn(&str) -> Selector) -> Panel {
        let watched = burn::watched(slo);
        let budget = budget(slo.share());
        let pace = |window: &str| format!("{} / {budget}", of(&format!("slo:sli_error:ratio_rate{window}")));
        let told: Vec<_> =
            watched.iter().map(|it| format!("{} over {}", burn::decimal(it.factor), it.window)).collect();
        let panel = Panel::time_series(
            "Burn rate",
            Unit::Number,
            &format!(
                "How many times as fast as allowed the error budget burns: at 1 it lasts just the {} \
                 days. {} watches for {}: the lines.",
                slo.sla.period_days,
                self.rules.name(Alert::ErrorBudgetBurn),
                told.join(", "),
            ),
        );
        let windows = ["5m"].into_iter().chain(watched.iter().map(|it| it.window));
        // The longer the darker; red and orange are for the lines.
        let panel = windows
            .zip(BLUES)
            .fold(panel, |panel, (window, color)| panel.query(pace(window), window).paint(window, color));
        panel.lines(watched.iter().map(|it| (if it.is_page { Color::Red } else { Color::Orange }, it.factor)))
    }
}
