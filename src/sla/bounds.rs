//! From thresholds to bucket bounds, in whole nanoseconds.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use super::{Sla, objectives::nanos, slo::NameOf};
use crate::{
    clock::seconds,
    names::{self, Naming},
};

/// The default bounds of a histogram in seconds.
pub(crate) const SECONDS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The most bounds that several promises together get, unless their thresholds alone are more.
const MOST: usize = 20;

/// Below a threshold of seconds, what tells a service of 5 ms from one of 100 ms.
const FINE_NANOS: [u64; 5] = [5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000];

/// The parts and multiples of a threshold beside it. For 100 ms they are the usual bounds of an API.
const MULTIPLES: [(u64, u64); 9] =
    [(1, 10), (1, 4), (1, 2), (3, 4), (5, 2), (5, 1), (10, 1), (25, 1), (50, 1)];

const TEN_SECONDS: u64 = 10_000_000_000;

/// The thresholds that promises set on one histogram, in nanoseconds.
#[derive(Debug, Default)]
pub(super) struct Thresholds {
    /// Those that get bounds beside them: T, and 4 T.
    promised: BTreeSet<u64>,
    /// Those that stand alone.
    alone: BTreeSet<u64>,
    /// Where Apdex begins to call a user frustrated.
    frustrated: Option<u64>,
}

/// Returns the bucket bounds in seconds of `http_request_duration_seconds` that these promises ask for together,
/// ascending.
///
/// Every threshold T is a bound, and so is 4 T, where Apdex begins to call a user frustrated; so there is always
/// a finite bound above the largest threshold. So is the [`high_latency`](Sla::high_latency) that is warned of, 2 s.
/// Beside them stand T × 1/10, 1/4, 1/2, 3/4, 5/2, 5, 10, 25 and 50, up to the larger of ten times the largest threshold
/// and 10 s, and 5, 10, 25, 50 and 100 ms. Where that is more than 20 bounds, those that tell least apart are left out,
/// never a T, a 4 T or a high latency. Promises without a latency have the default bounds, 5 ms to 10 s.
///
/// Bounds are worked out in whole nanoseconds and divided once, as the samples are: a call of exactly T is
/// within T.
pub fn bounds<'a>(slas: impl IntoIterator<Item = &'a Sla>) -> Vec<f64> {
    let mut thresholds = Thresholds::default();
    slas.into_iter().for_each(|sla| thresholds.add_http(sla));
    thresholds.bounds()
}

/// Returns the bucket bounds in seconds of every histogram that these promises are about, by the name under which it is
/// recorded: what [`bounds`] is for one of them. `exporter::Prometheus::sla` sets them; give them to another exporter yourself.
pub fn histogram_bounds<'a>(slas: impl IntoIterator<Item = &'a Sla>) -> BTreeMap<String, Vec<f64>> {
    thresholds(slas, Naming::name_of)
        .into_iter()
        .map(|(histogram, thresholds)| (histogram, thresholds.bounds()))
        .collect()
}

/// What is asked of each histogram, by the name that `name_of` gives to those of the catalogue.
pub(super) fn thresholds<'a>(
    slas: impl IntoIterator<Item = &'a Sla>,
    name_of: NameOf,
) -> BTreeMap<String, Thresholds> {
    let mut all: BTreeMap<String, Thresholds> = BTreeMap::new();
    for sla in slas {
        if sla.is_http() {
            let duration = name_of(&sla.naming, &names::HTTP_REQUEST_DURATION_SECONDS);
            all.entry(duration).or_default().add_http(sla);
        }
        if sla.is_about_head() {
            let head = name_of(&sla.naming, sla.naming.head_histogram());
            all.entry(head).or_default().promised.extend(sla.also_bounds.iter().copied().map(nanos));
        }
        for slo in sla.slos() {
            if let (Some(histogram), Some(latency)) = (slo.histogram(name_of), slo.latency()) {
                all.entry(histogram).or_default().promised.insert(latency.nanos());
            }
        }
    }
    all
}

// ===== impl Thresholds =====

impl Thresholds {
    /// Adds what the promise sets on the histogram of HTTP calls.
    fn add_http(&mut self, sla: &Sla) {
        let endpoints = sla.endpoints.iter().flat_map(|it| &it.objectives.latency);
        let latencies = sla.http.latency.iter().chain(endpoints).map(|latency| latency.threshold);
        let others = sla.apdex.iter().chain(&sla.also_bounds).copied();
        self.promised.extend(latencies.chain(others).map(nanos));
        self.alone.insert(nanos(sla.high_latency));
        self.frustrated = sla.apdex_threshold().map(|threshold| 4 * nanos(threshold));
    }

    /// The bounds in nanoseconds that something generated reads.
    pub(super) fn read(&self) -> BTreeSet<u64> {
        [&self.promised, &self.alone].into_iter().flatten().chain(&self.frustrated).copied().collect()
    }

    /// The bounds in nanoseconds that are never thinned out.
    fn required(&self) -> BTreeSet<u64> {
        let promised = self.promised.iter().flat_map(|t| [*t, 4 * t]);
        promised.chain(self.alone.iter().copied()).collect()
    }

    fn bounds(&self) -> Vec<f64> {
        let required = self.required();
        let Some(largest) = self.promised.last() else {
            let mut bounds = SECONDS.to_vec();
            bounds.extend(required.into_iter().map(seconds));
            bounds.sort_by(f64::total_cmp);
            bounds.dedup();
            return bounds;
        };
        let highest = (10 * largest).max(TEN_SECONDS);

        let optional = self.promised.iter().flat_map(|t| MULTIPLES.map(|(by, over)| t * by / over));
        let optional = optional.chain(FINE_NANOS).filter(|nanos| (1..=highest).contains(nanos));
        // The value tells whether the bound must stay.
        let mut bounds: BTreeMap<u64, bool> = optional.map(|nanos| (nanos, false)).collect();
        bounds.extend(required.into_iter().map(|nanos| (nanos, true)));

        while bounds.len() > MOST {
            let Some(least) = least_telling(&bounds) else { break };
            bounds.remove(&least);
        }
        bounds.into_keys().map(seconds).collect()
    }
}

/// Of the two bounds nearest to each other by ratio, the one to leave out: the optional one, else the one with
/// more significant digits, else the larger.
fn least_telling(bounds: &BTreeMap<u64, bool>) -> Option<u64> {
    let pairs = bounds.iter().zip(bounds.iter().skip(1)).filter(|((_, low), (_, high))| !(**low && **high));
    let ((low, low_stays), (high, high_stays)) =
        pairs.min_by(|(a, b), (c, d)| ratio_order((a.0, b.0), (c.0, d.0)))?;
    let digits = |nanos: &u64| nanos.to_string().trim_end_matches('0').len();
    Some(match (low_stays, high_stays) {
        (true, _) => *high,
        (_, true) => *low,
        _ if digits(low) > digits(high) => *low,
        _ => *high,
    })
}

/// Compares b/a with d/c without rounding.
fn ratio_order((a, b): (&u64, &u64), (c, d): (&u64, &u64)) -> Ordering {
    (u128::from(*b) * u128::from(*c)).cmp(&(u128::from(*d) * u128::from(*a)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn promise(millis: u64) -> Sla {
        Sla::new("api").latency(0.99, Duration::from_millis(millis))
    }

    #[test]
    fn three_promises_are_thinned_to_twenty_bounds() {
        assert_eq!(
            bounds(&[promise(5), promise(100), promise(2000)]),
            [
                0.0005, 0.00125, 0.0025, 0.00375, 0.005, 0.01, 0.02, 0.05, 0.075, 0.1, 0.2, 0.4, 1.0, 1.5,
                2.0, 2.5, 5.0, 8.0, 10.0, 20.0
            ]
        );
    }
}
