//! What was scraped, sample by sample, and the arithmetic of Prometheus done again by hand.

use std::collections::BTreeMap;

use crate::programs::{Server, rate};

pub(crate) type Labels = BTreeMap<String, String>;
/// One value for each set of labels.
pub(crate) type Vector = BTreeMap<Labels, f64>;

/// All samples of a few minutes, and the moment at which they are looked at.
pub(crate) struct World {
    series: Vec<Series>,
    pub(crate) at: f64,
    /// How much older than its time stamp a sample is before a rule sees it: it is stamped when its scrape begins.
    pub(crate) delay: f64,
}

#[derive(Clone)]
struct Series {
    labels: Labels,
    samples: Vec<(f64, f64)>,
}

/// Some series of the world.
#[derive(Clone)]
pub(crate) struct Selected {
    series: Vec<Series>,
    at: f64,
    delay: f64,
}

// ===== impl World =====

impl World {
    pub(crate) async fn read(prometheus: &Server, at: f64) -> Self {
        let matrix =
            prometheus.ask("{job=~\"shop-backend|orders\",env!=\"staging\"}[15m]", Some(at)).await.unwrap();
        let series = matrix.iter().map(|series| Series {
            labels: labels(&series["metric"]),
            samples: series["values"].as_array().unwrap().iter().map(sample).collect(),
        });
        Self { series: series.collect(), at, delay: 0.0 }
    }

    /// Leaves out the series that have another value of this label.
    pub(crate) fn narrow(&mut self, label: &str, value: &str) {
        self.series.retain(|series| series.labels.get(label).is_none_or(|other| other == value));
    }

    /// The series of a name and a job.
    pub(crate) fn of(&self, name: &str, job: &str) -> Selected {
        let is_it = |series: &&Series| series.labels["__name__"] == name && series.labels["job"] == job;
        let series = self.series.iter().filter(is_it).cloned().map(|mut series| {
            series.labels.remove("__name__");
            series
        });
        Selected { series: series.collect(), at: self.at, delay: self.delay }
    }

    /// The same, of both jobs.
    pub(crate) fn of_both(&self, name: &str) -> Selected {
        let mut both = self.of(name, "shop-backend");
        both.series.extend(self.of(name, "orders").series);
        both
    }
}

fn sample(sample: &serde_json::Value) -> (f64, f64) {
    (sample[0].as_f64().unwrap(), sample[1].as_str().unwrap().parse().unwrap())
}

pub(crate) fn labels(metric: &serde_json::Value) -> Labels {
    let labels = metric.as_object().unwrap().iter();
    labels.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
}

// ===== impl Selected =====

impl Selected {
    pub(crate) fn with(mut self, label: &str, is_it: impl Fn(&str) -> bool) -> Self {
        self.series.retain(|series| is_it(series.labels.get(label).map_or("", String::as_str)));
        self
    }

    pub(crate) fn is(self, label: &str, value: &str) -> Self {
        self.with(label, |other| other == value)
    }

    pub(crate) fn isnt(self, label: &str, value: &str) -> Self {
        self.with(label, |other| other != value)
    }

    pub(crate) fn drop(&mut self, is_it: impl Fn(&Labels) -> bool) {
        self.series.retain(|series| !is_it(&series.labels));
    }

    pub(crate) fn and(mut self, others: Self) -> Self {
        self.series.extend(others.series);
        self
    }

    /// As a rule saw them at another moment.
    pub(crate) fn at(mut self, at: f64) -> Self {
        self.at = at;
        for series in &mut self.series {
            series.samples.retain(|(time, _)| *time <= at - self.delay);
        }
        self
    }

    /// When the newest of them was scraped or recorded.
    pub(crate) fn newest(&self) -> f64 {
        let times = self.series.iter().filter_map(|series| self.until_now(series).last());
        times.map(|(time, _)| time).fold(f64::NAN, f64::max)
    }

    pub(crate) fn last(&self) -> Vector {
        let last = |series: &Series| Some((series.labels.clone(), self.until_now(series).last()?.1));
        self.series.iter().filter_map(last).collect()
    }

    /// The rates over a window before the moment.
    pub(crate) fn rate(&self, window: f64) -> Vector {
        let rate = |series: &Series| {
            let samples: Vec<_> =
                self.until_now(series).filter(|(time, _)| *time >= self.at - window).collect();
            (samples.len() > 1).then(|| (series.labels.clone(), rate(&samples, self.at, window)))
        };
        self.series.iter().filter_map(rate).collect()
    }

    /// The sums of all samples until now.
    pub(crate) fn summed(&self) -> Vector {
        let sum = |series: &Series| self.until_now(series).map(|(_, value)| value).sum();
        self.series.iter().map(|series| (series.labels.clone(), sum(series))).collect()
    }

    /// The medians of all samples until now.
    pub(crate) fn medians(&self) -> Vector {
        let median = |series: &Series| {
            let mut values: Vec<_> = self.until_now(series).map(|(_, value)| value).collect();
            values.sort_by(f64::total_cmp);
            let middle = values.len().checked_sub(1)? as f64 / 2.0;
            let (low, high) = (values[middle.floor() as usize], values[middle.ceil() as usize]);
            Some((series.labels.clone(), low + (high - low) * middle.fract()))
        };
        self.series.iter().filter_map(median).collect()
    }

    fn until_now<'a>(&self, series: &'a Series) -> impl DoubleEndedIterator<Item = (f64, f64)> + use<'a> {
        let at = self.at;
        series.samples.iter().copied().filter(move |(time, _)| *time <= at)
    }
}

/// Sums by these labels.
pub(crate) fn sum(vector: &Vector, by: &[&str]) -> Vector {
    fold(vector, by, 0.0, |sum, value| sum + value)
}

pub(crate) fn fold(vector: &Vector, by: &[&str], start: f64, f: impl Fn(f64, f64) -> f64) -> Vector {
    let mut folded = Vector::new();
    for (labels, value) in vector {
        let kept = labels.iter().filter(|(name, _)| by.contains(&name.as_str()));
        let kept = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
        let entry = folded.entry(kept).or_insert(start);
        *entry = f(*entry, *value);
    }
    folded
}

pub(crate) fn map(vector: Vector, f: impl Fn(f64) -> f64) -> Vector {
    vector.into_iter().map(|(labels, value)| (labels, f(value))).collect()
}

/// Where both have the same labels.
pub(crate) fn zip(a: &Vector, b: &Vector, f: impl Fn(f64, f64) -> f64) -> Vector {
    a.iter().filter_map(|(labels, a)| Some((labels.clone(), f(*a, *b.get(labels)?)))).collect()
}

/// The share that `part` is of `whole`, where there is anything; what is in no part is 0.
pub(crate) fn share(part: &Vector, whole: &Vector) -> Vector {
    let some = whole.iter().filter(|(_, whole)| **whole > 0.0);
    some.map(|(labels, whole)| (labels.clone(), part.get(labels).copied().unwrap_or(0.0) / whole)).collect()
}

/// The quantile of each set of buckets, by what else they are labelled with.
pub(crate) fn quantile(quantile: f64, buckets: &Vector) -> Vector {
    let mut histograms: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
    for (labels, count) in buckets {
        let mut labels = labels.clone();
        let le = labels.remove("le").unwrap();
        let bound = if le == "+Inf" { f64::INFINITY } else { le.parse().unwrap() };
        histograms.entry(labels).or_default().push((bound, *count));
    }
    let quantile = |mut buckets: Vec<(f64, f64)>| {
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (_, total) = buckets[buckets.len() - 1];
        if total == 0.0 {
            return f64::NAN;
        }
        let rank = quantile * total;
        let place = buckets.iter().position(|(_, count)| *count >= rank).unwrap_or(buckets.len() - 1);
        if place == buckets.len() - 1 {
            return buckets[place - 1].0;
        }
        let (low, below) = if place == 0 { (0.0, 0.0) } else { buckets[place - 1] };
        let (high, until) = buckets[place];
        low + (high - low) * (rank - below) / (until - below)
    };
    let quantiles = histograms.into_iter().map(|(labels, buckets)| (labels, quantile(buckets)));
    // Nothing is shown where nothing was recorded.
    quantiles.filter(|(_, quantile)| !quantile.is_nan()).collect()
}

/// With one label more, or another value of it.
pub(crate) fn labelled(vector: Vector, name: &str, of: impl Fn(&Labels) -> String) -> Vector {
    let entries = vector.into_iter().map(|(mut labels, value)| {
        let label = of(&labels);
        labels.insert(name.into(), label);
        (labels, value)
    });
    entries.collect()
}
