//! When an alert of one's own fires, in PromQL: summed on both sides, and never silent for want of a bucket.

use std::time::Duration;

use super::Series;
use crate::{
    promql::{Set, grouped, sum},
    rules::file::duration,
    sla::Sla,
};

/// What is asked.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    Share { part: Series, whole: Series, bound: Bound, share: f64 },
    Quantile { histogram: Series, quantile: f64, nanos: u64 },
    Rate { counter: Series, per_second: f64 },
    Increase { counter: Series, amount: f64 },
    Value { gauge: Series, bound: Bound, value: f64 },
    Expression(String),
}

/// On which side of a number.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bound {
    Above,
    Below,
    At,
}

/// Of what it is asked.
pub(super) struct Asked<'a> {
    pub(super) sla: Option<&'a Sla>,
    /// The labels by which series are summed.
    pub(super) by: &'a str,
    pub(super) window: Duration,
    pub(super) min_bad_events: u32,
}

// ===== impl Condition =====

impl Condition {
    pub(super) fn expr(&self, asked: &Asked<'_>) -> String {
        match self {
            Self::Share { part, whole, bound, share } => {
                let [part, whole] = [asked.rate(part, ""), asked.rate(whole, "")];
                match bound {
                    Bound::Below => {
                        // What was never counted is a share of none, and not an absent one.
                        let part = grouped(&format!("{part}\nor\n0 * {whole}"));
                        let bad = grouped(&format!("{whole}\n- {part}"));
                        asked.share(&part, &whole, &format!("< {share}"), &bad)
                    }
                    _ => asked.share(&part, &whole, &format!("> {share}"), &part),
                }
            }
            Self::Quantile { histogram, quantile, nanos } => {
                let within = Set::of([histogram.of(asked.sla).suffixed("_bucket").within(*nanos)])
                    .sum(asked.by, &asked.window());
                let all = asked.rate(histogram, "_count");
                let slow = grouped(&format!("{all}\n- {within}"));
                // What is left is a round number in decimals, and no longer quite in binary.
                let most = ((1.0 - quantile) * 1e9).round() / 1e9;
                format!(
                    "{}\nor\n{}",
                    asked.share(&slow, &all, &format!("> {most}"), &slow),
                    grouped(&format!("{all} > 0\nunless\n{within}"))
                )
            }
            Self::Rate { counter, per_second } => format!("{} > {per_second}", asked.rate(counter, "")),
            Self::Increase { counter, amount } => {
                let increase = Set::of([counter.of(asked.sla)]).over("increase", &asked.window());
                format!("{} > {amount}", sum(asked.by, &increase))
            }
            Self::Value { gauge, bound, value } => {
                let (by, gauge) = (asked.by, gauge.of(asked.sla));
                match bound {
                    Bound::Above => format!("max by ({by}) ({gauge}) > {value}"),
                    Bound::Below => format!("min by ({by}) ({gauge}) < {value}"),
                    Bound::At => format!("max by ({by}) ({gauge} == {value})"),
                }
            }
            Self::Expression(promql) => promql.clone(),
        }
    }
}

// ===== impl Asked =====

impl Asked<'_> {
    /// The sum of the rates, alike on every side of an expression.
    fn rate(&self, series: &Series, suffix: &str) -> String {
        Set::of([series.of(self.sla).suffixed(suffix)]).sum(self.by, &self.window())
    }

    fn window(&self) -> String {
        duration(self.window)
    }

    /// The share that a part is of a whole, where it is on this side of a number and enough of it is bad.
    fn share(&self, part: &str, whole: &str, is_beyond: &str, bad: &str) -> String {
        let whole = grouped(&format!("{whole} > 0"));
        format!("{part}\n/\n{whole}\n{is_beyond}{}", self.guard(bad))
    }

    /// A single bad event among few is no reason to alert.
    fn guard(&self, bad: &str) -> String {
        match self.min_bad_events {
            0 => String::new(),
            least => format!("\nand\n{bad} * {} >= {least}", self.window.as_secs()),
        }
    }
}
