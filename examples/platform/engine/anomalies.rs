//! What is an anomaly, and how severe it is: two questions whose answers anybody can check.
//!
//! *Is it out of the ordinary?* How far the newest value is from the median of those before, in spreads: in
//! [median absolute deviations](https://en.wikipedia.org/wiki/Median_absolute_deviation), which a few wild values do not widen
//! as they do a standard deviation. *Is it wrong?* Whether it is beyond the limit.
//!
//! | | within the limit | beyond |
//! |---|---|---|
//! | less than 3 spreads off | nothing | high: it has been wrong for a while |
//! | 3 spreads and more | low | critical |
//! | 6 spreads and more | medium | critical |
//!
//! So nobody acts on what is merely unusual.

use serde::Serialize;

use super::measures::{Category, Measure};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Anomaly {
    category: Category,
    pub(super) severity: Severity,
    measure: &'static str,
    job: Option<String>,
    value: f64,
    median: Option<f64>,
    limit: Option<f64>,
}

/// A deviation of a normal distribution is so many median absolute ones.
const NORMAL: f64 = 1.4826;

/// From fewer values before nobody can tell what is usual.
const ENOUGH: usize = 10;

// ===== impl Severity =====

impl Severity {
    pub(super) const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

// ===== impl Anomaly =====

impl Anomaly {
    /// Judges the newest of these values.
    pub(super) fn of(measure: &Measure, job: Option<String>, values: &[f64]) -> Option<Self> {
        let (&value, before) = values.split_last()?;
        let sign = if measure.is_low_bad { -1.0 } else { 1.0 };
        let usual = (before.len() >= ENOUGH).then(|| median(before.to_vec()));
        let spreads = usual.map_or(0.0, |usual| {
            let deviation = median(before.iter().map(|it| (it - usual).abs()).collect());
            sign * (value - usual) / (NORMAL * deviation).max(measure.floor)
        });
        let is_beyond = measure.limit.is_some_and(|limit| sign * (value - limit) > 0.0);
        let severity = match (is_beyond, spreads) {
            (true, 3.0..) => Severity::Critical,
            (true, _) => Severity::High,
            (false, 6.0..) => Severity::Medium,
            (false, 3.0..) => Severity::Low,
            (false, _) => return None,
        };
        let Measure { category, name, limit, .. } = *measure;
        Some(Self { category, severity, measure: name, job, value, median: usual, limit })
    }

    /// In words.
    pub(super) fn reason(&self) -> String {
        let Self { measure, value, median, limit, .. } = self;
        let of = self.job.as_deref().unwrap_or("the machine");
        let median = median.map(|it| format!(", its median {it:.3}")).unwrap_or_default();
        let limit = limit.map(|it| format!(", its limit {it}")).unwrap_or_default();
        format!("{measure} of {of} is {value:.3}{limit}{median}")
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}
