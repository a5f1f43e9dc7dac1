//! Whether every call that began was counted, timed, and has left the gauge.

use std::collections::{BTreeMap, BTreeSet};

use metrics::Key;

use super::{
    Recorder,
    families::Family,
    labels::{braced, value_of, written},
    pair::Pair,
    store::Value,
    unbalanced::{STANDS_AT, Unbalanced},
};
use crate::names::{self, Kind, Naming};

/// What each series had at a moment, of which only what came after is asked.
pub(super) type Before = BTreeMap<Key, Value>;

/// A label set that two metrics have in common, and what each of them counted.
type Groups = BTreeMap<Vec<(String, String)>, (u64, u64)>;

const OVERFLOW: &str = "_OVERFLOW";

// ===== impl Recorder =====

impl Recorder {
    /// Asserts that the recorder is [balanced](Self::balance).
    ///
    /// # Panics
    ///
    /// Panics if it is not, and lists all that is off; also if nothing at all was recorded, because then the recorder was not
    /// given to the Layer.
    #[track_caller]
    pub fn assert_balanced(&self) {
        assert!(self.registrations() > 0, "{NOTHING}");
        if let Err(unbalanced) = self.balance() {
            panic!("{unbalanced}");
        }
    }

    /// Tells whether, at a moment when no call goes on, all that is recorded about calls agrees:
    ///
    /// - every gauge of calls in flight, and of connections open, is at zero, and every gauge that tells when the oldest of them
    ///   began is NaN;
    /// - a counter of calls and the histogram of their durations have counted as many, for each set of the labels that both
    ///   have, such as method, endpoint and class of the status;
    /// - where calls are counted when they begin, as many began as ended.
    ///
    /// Metrics are known by how they were described, not by their names: any [`Naming`], prefix or setter will do. Compared is
    /// what one Layer records together. A metric that another Layer records alone, such as a
    /// [`RequestCountLayer`](crate::RequestCountLayer) around more routes, is compared with no other; a
    /// [sampled](crate::HttpMetricsLayer::sample_latency) histogram has to have as many samples as it takes; where label values were
    /// folded into `_OVERFLOW`, the sums over that label are compared.
    ///
    /// # Errors
    ///
    /// Fails if anything differs, and tells what. A call that still goes on makes a difference: drop its future, or read its
    /// body to the end, before you ask.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_metrics::{Operation, names::Naming, testing::Recorder};
    ///
    /// let recorder = Recorder::new();
    /// let job = Operation::new("job").recorder(recorder.shared());
    /// job.run(|| {});
    /// recorder.assert_balanced();
    ///
    /// let going_on = job.start();
    /// assert_eq!(recorder.balance().unwrap_err().differences()[0], "job_in_flight stands at 1");
    /// going_on.complete();
    /// recorder.assert_balanced();
    /// ```
    pub fn balance(&self) -> Result<(), Unbalanced> {
        let differences = self.unbalanced_since(&self.families(), &Before::new());
        if differences.is_empty() { Ok(()) } else { Err(Unbalanced { differences }) }
    }

    /// What differs in these families, beside what each series had before.
    pub(super) fn unbalanced_since(&self, of: &[Family], before: &Before) -> Vec<String> {
        let families = self.families();
        let mut differences = self.standing(of, before);
        let mut compared = BTreeSet::new();
        for mut pair in of.iter().flat_map(|family| self.pairs(family, &families)) {
            pair.goes_on = before.iter().any(|(key, value)| key.name() == pair.right.1 && value.count() > 0);
            if compared.insert((pair.left.1, pair.right.1)) {
                differences.extend(self.differences(&pair, before));
            }
        }
        differences
    }

    pub(super) fn families(&self) -> Vec<Family> {
        self.store.described().families()
    }

    /// Of how many calls this histogram takes one.
    pub(super) fn every(&self, histogram: &str) -> u64 {
        // The gauge tells the name that Prometheus has for it.
        let exported = Naming::opentelemetry().exported_as(histogram, metrics::Unit::Seconds);
        let told = self.store.described_by(names::LATENCY_SAMPLE_EVERY.help()).into_iter();
        let series = told.flat_map(|name| self.store.series(Kind::Gauge, &name));
        let is_its = |key: &Key| key.labels().any(|it| it.value() == histogram || it.value() == exported);
        let every = series.filter(|(key, _)| is_its(key)).map(|(_, value)| match value {
            Value::Gauge(every) => every as u64,
            Value::Counter(_) | Value::Histogram(_) => 1,
        });
        every.max().unwrap_or(1)
    }

    /// The gauges that are not at rest.
    fn standing(&self, families: &[Family], before: &Before) -> Vec<String> {
        let of = |gauge: fn(&Family) -> Option<&str>| -> Vec<(Key, f64)> {
            let gauges: BTreeSet<_> = families.iter().filter_map(gauge).collect();
            let series = gauges.into_iter().flat_map(|name| self.store.series(Kind::Gauge, name));
            series.map(|(key, value)| (key, value.level())).collect()
        };
        let levels = of(|family| family.in_flight.as_deref()).into_iter().filter_map(|(key, level)| {
            let stood = before.get(&key).map_or(0.0, Value::level);
            let before = if stood == 0.0 { String::new() } else { format!(", and stood at {stood} before") };
            (level != stood)
                .then(|| format!("{}{STANDS_AT}{level}{before}", braced(key.name(), &written(&key))))
        });
        let oldest = of(|family| family.oldest.as_deref()).into_iter().filter_map(|(key, start)| {
            let is_as_before = before.get(&key).is_some_and(|before| before.level() == start);
            (!start.is_nan() && !is_as_before).then(|| {
                format!(
                    "{} is {start}, and NaN when nothing is in flight",
                    braced(key.name(), &written(&key))
                )
            })
        });
        levels.chain(oldest).collect()
    }

    /// What of this family counts the same calls, and is recorded by nobody else without the other.
    fn pairs<'a>(&self, family: &'a Family, families: &[Family]) -> Vec<Pair<'a>> {
        let Some(ending) = family.ending() else { return Vec::new() };
        let has = |family: &Family, metric| family.counting().any(|its| its == metric);
        let are_together = |one, other| families.iter().all(|family| has(family, one) == has(family, other));
        let others = family.counting().filter(|other| *other != ending && are_together(*other, ending));
        let pair = |other: (Kind, &'a str)| {
            // A histogram has the fewer labels, and the classes of what a counter has exactly.
            let (left, right) = if other.0 == Kind::Histogram { (ending, other) } else { (other, ending) };
            let every = if right.0 == Kind::Histogram { self.every(right.1) } else { 1 };
            // With its head a call may have other labels than with its end, but for those of its request.
            let is_head = family.head.as_deref() == Some(right.1);
            Pair {
                left,
                right,
                every,
                goes_on: false,
                labels_of: family.in_flight.as_deref().filter(|_| is_head),
            }
        };
        others.map(pair).collect()
    }

    fn differences(&self, pair: &Pair<'_>, before: &Before) -> Vec<String> {
        let groups = self.groups(pair, before).into_iter();
        let differing = groups.filter(|(_, (left, right))| !pair.agrees(*left, *right));
        differing.map(|(labels, (left, right))| pair.tell(&labels, left, right)).collect()
    }

    fn groups(&self, pair: &Pair<'_>, before: &Before) -> Groups {
        let [left, right] = [pair.left, pair.right].map(|(kind, name)| self.store.series(kind, name));
        let names = |series: &[(Key, Value)]| -> BTreeSet<String> {
            series.iter().flat_map(|(key, _)| key.labels()).map(|label| label.key().to_owned()).collect()
        };
        let values = |name: &str| -> BTreeSet<String> {
            let series = left.iter().chain(&right);
            series.filter_map(|(key, _)| value_of(key, name)).map(str::to_owned).collect()
        };
        // A call may begin under the values of its request, and end under a fold of them.
        let is_folded =
            |name: &str| left.iter().chain(&right).any(|(key, _)| value_of(key, name) == Some(OVERFLOW));
        let (of_left, of_right) = (names(&left), names(&right));
        let of_gauge = pair.labels_of.map(|gauge| names(&self.store.series(Kind::Gauge, gauge)));
        let is_meant =
            |name: &String| !is_folded(name) && of_gauge.as_ref().is_none_or(|names| names.contains(name));
        let common = of_left.intersection(&of_right).filter(|name| is_meant(name));
        // One Layer of a name may tell the exact status, and another its class.
        let common: Vec<_> = common.map(|name| (name, classes(values(name)))).collect();

        let mut groups = Groups::new();
        let group = |key: &Key| {
            let value = |(name, values): &(&String, BTreeSet<String>)| {
                value_of(key, name).map(|value| ((*name).clone(), as_there(value, values)))
            };
            common.iter().filter_map(value).collect::<Vec<_>>()
        };
        let since = |key: &Key, value: &Value| value.count() - before.get(key).map_or(0, Value::count);
        for (key, value) in &left {
            groups.entry(group(key)).or_default().0 += since(key, value);
        }
        for (key, value) in &right {
            groups.entry(group(key)).or_default().1 += since(key, value);
        }
        groups
    }
}

/// What a value is called on the other side: a status may be its class there.
fn as_there(value: &str, there: &BTreeSet<String>) -> String {
    let class = class_of(value);
    class.filter(|class| !there.contains(value) && there.contains(class)).unwrap_or_else(|| value.to_owned())
}

/// These values, without those that have their class beside them.
fn classes(values: BTreeSet<String>) -> BTreeSet<String> {
    let has_class = |value: &String| class_of(value).is_some_and(|class| values.contains(&class));
    values.iter().filter(|value| !has_class(value)).cloned().collect()
}

fn class_of(status: &str) -> Option<String> {
    let is_status = status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit());
    is_status.then(|| format!("{}xx", &status[..1]))
}

// ===== impl Value =====

impl Value {
    /// How many calls it has counted.
    pub(super) fn count(&self) -> u64 {
        match self {
            Self::Counter(count) => *count,
            Self::Histogram(samples) => samples.len() as u64,
            Self::Gauge(_) => 0,
        }
    }

    /// What a gauge stands at.
    pub(super) fn level(&self) -> f64 {
        if let Self::Gauge(level) = self { *level } else { 0.0 }
    }
}

/// What an assertion says of a recorder that nobody recorded to.
pub(super) const NOTHING: &str =
    "nothing was recorded: give the recorder to the Layer, .recorder(recorder.shared())";
