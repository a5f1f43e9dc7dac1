//! How fast a budget may burn before somebody is told.

use crate::sla::{Slo, budget};

/// Part of a period's budget that is burnt in a window, which is watched together with a twelfth of it: Google, The Site
/// Reliability Workbook, chapter 5.
pub(super) struct Burn {
    pub(super) long: &'static str,
    pub(super) short: &'static str,
    /// How many times as fast as allowed that is, for each day of the period.
    factor_by_day: f64,
}

pub(super) const PAGE: [Burn; 2] = [
    Burn { long: "1h", short: "5m", factor_by_day: 0.02 * 24.0 },
    Burn { long: "6h", short: "30m", factor_by_day: 0.05 * 24.0 / 6.0 },
];

const TICKET: [Burn; 2] = [
    Burn { long: "1d", short: "2h", factor_by_day: 0.1 },
    Burn { long: "3d", short: "6h", factor_by_day: 0.1 / 3.0 },
];

/// The shortest period in which the window of three days tells anything of its own.
pub(super) const DAYS_FOR_3D: u32 = 14;

/// What is watched for a warning, for a period of so many days.
pub(super) fn ticket(days: u32) -> &'static [Burn] {
    if days >= DAYS_FOR_3D { &TICKET } else { &TICKET[..1] }
}

/// A window in which an objective is watched.
#[cfg(feature = "dashboard")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watched {
    pub(crate) window: &'static str,
    /// How many times as fast as allowed its budget may burn.
    pub(crate) factor: f64,
    pub(crate) is_page: bool,
}

/// The windows in which an objective is watched, the shortest first.
#[cfg(feature = "dashboard")]
pub(crate) fn watched(slo: &Slo<'_>) -> Vec<Watched> {
    let days = slo.sla.period_days;
    let pages = PAGE.iter().map(|burn| (burn, true));
    let burns = pages.chain(ticket(days).iter().map(|burn| (burn, false)));
    burns
        .filter(|(burn, _)| burn.can_fire(slo))
        .map(|(burn, is_page)| {
            let factor = burn.factor(days).parse().expect("a factor is a decimal");
            Watched { window: burn.long, factor, is_page }
        })
        .collect()
}

/// Refuses an objective of which a whole outage would not burn fast enough for a page.
pub(super) fn assert_can_fire(slo: &Slo<'_>) {
    let days = slo.sla.period_days;
    let lowest = PAGE[1].factor(days);
    assert!(
        PAGE.iter().any(|burn| burn.can_fire(slo)),
        "the page of {} could never fire: if every call were bad, its budget of {} would burn {} times as fast as allowed, \
         and the page wants {lowest} times for a period of {days} days. Promise a share above {}, or a shorter period",
        slo.id(),
        budget(slo.share()),
        (100.0 / budget_of(slo)).floor() / 100.0,
        decimal(((1.0 - 1.0 / PAGE[1].value(days)) * 1e4).ceil() / 1e4),
    );
}

// ===== impl Burn =====

impl Burn {
    fn value(&self, days: u32) -> f64 {
        self.factor_by_day * f64::from(days)
    }

    pub(super) fn factor(&self, days: u32) -> String {
        decimal(self.value(days))
    }

    pub(super) fn can_fire(&self, slo: &Slo<'_>) -> bool {
        self.value(slo.sla.period_days) * budget_of(slo) < 1.0
    }
}

pub(super) fn budget_of(slo: &Slo<'_>) -> f64 {
    budget(slo.share()).parse().expect("a budget is a decimal")
}

/// With four decimals at most.
pub(crate) fn decimal(value: f64) -> String {
    let value = format!("{value:.4}");
    value.trim_end_matches('0').trim_end_matches('.').to_owned()
}
