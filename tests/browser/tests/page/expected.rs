//! What the page has to say of an exposition, worked out from that by itself: it shares no code with the page.

use std::collections::BTreeMap;

use crate::exposition::{Page, Sample};

/// The labels of a series.
pub(crate) type Labels = BTreeMap<String, String>;

fn sum(page: &Page, name: &str, counts: impl Fn(&Labels) -> bool) -> f64 {
    page.of(name).filter(|sample| counts(&sample.labels)).fold(0.0, |sum, sample| sum + sample.value)
}

/// The calls that tell how the service is doing.
pub(crate) fn is_judged(labels: &Labels) -> bool {
    labels["outcome"] != "cancelled"
        && (labels["endpoint"] != "unmatched" || !labels["status"].starts_with('4'))
}

pub(crate) fn is_bad(labels: &Labels) -> bool {
    let is_failure = ["error", "panicked", "body_error"].contains(&&*labels["outcome"]);
    is_judged(labels) && (labels["status"].starts_with('5') || is_failure)
}

pub(crate) fn calls(page: &Page, of: impl Fn(&Labels) -> bool) -> f64 {
    sum(page, "http_requests_total", of)
}

/// The share of errors among the calls for which `of` holds.
pub(crate) fn error_ratio(page: &Page, of: impl Fn(&Labels) -> bool) -> f64 {
    let bad = sum(page, "http_requests_total", |labels| of(labels) && is_bad(labels));
    bad / sum(page, "http_requests_total", |labels| of(labels) && is_judged(labels))
}

/// A percentile, as `histogram_quantile` of Prometheus tells it, of calls that went well or were given up.
pub(crate) fn quantile(page: &Page, quantile: f64, of: impl Fn(&Labels) -> bool) -> f64 {
    let is_timed = |sample: &&Sample| !sample.labels["status"].starts_with(['4', '5']) && of(&sample.labels);
    let mut buckets: Vec<(f64, f64)> = Vec::new();
    for sample in page.of("http_request_duration_seconds_bucket").filter(is_timed) {
        let bound = match &*sample.labels["le"] {
            "+Inf" => f64::INFINITY,
            bound => bound.parse().unwrap(),
        };
        match buckets.iter_mut().find(|(other, _)| *other == bound) {
            Some((_, count)) => *count += sample.value,
            None => buckets.push((bound, sample.value)),
        }
    }
    buckets.sort_by(|a, b| f64::total_cmp(&a.0, &b.0));
    let rank = quantile * buckets.last().unwrap().1;
    let at = buckets.iter().position(|(_, count)| *count >= rank).unwrap();
    let (lower, below) = if at == 0 { (0.0, 0.0) } else { buckets[at - 1] };
    let (upper, count) = buckets[at];
    if upper.is_infinite() { lower } else { lower + (upper - lower) * (rank - below) / (count - below) }
}

/// How much of the budget is left, of so many calls of which so many were bad.
pub(crate) fn budget(bad: f64, all: f64, objective: f64) -> f64 {
    1.0 - bad / all / (1.0 - objective)
}
