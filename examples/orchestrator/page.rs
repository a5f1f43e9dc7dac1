//! The page of the exporter, read back: what reports are made of, so that they never say anything else.

use std::collections::BTreeMap;

/// The samples of a page.
pub(crate) struct Page<'a> {
    samples: Vec<Sample<'a>>,
}

pub(crate) struct Sample<'a> {
    name: &'a str,
    labels: Vec<(&'a str, &'a str)>,
    pub(crate) value: f64,
}

// ===== impl Page =====

impl<'a> Page<'a> {
    pub(crate) fn new(rendered: &'a str) -> Self {
        Self { samples: rendered.lines().filter_map(Sample::read).collect() }
    }

    /// The samples of a metric that have these labels. Those of a histogram are named by their part.
    pub(crate) fn of<'s>(
        &'s self,
        name: &'s str,
        labels: &'s [(&str, &str)],
    ) -> impl Iterator<Item = &'s Sample<'a>> {
        let has = |sample: &Sample<'_>, (label, value): &(&str, &str)| sample.label(label) == Some(*value);
        self.samples.iter().filter(move |it| it.name == name && labels.iter().all(|label| has(it, label)))
    }

    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.of(name, labels).fold(0.0, |sum, sample| sum + sample.value)
    }

    /// The number of series of a metric, with all parts of a histogram.
    pub(crate) fn series(&self, metric: &str) -> usize {
        let is_part = |name: &str| {
            let part = name.strip_prefix(metric);
            part.is_some_and(|part| ["", "_bucket", "_sum", "_count"].contains(&part))
        };
        self.samples.iter().filter(|sample| is_part(sample.name)).count()
    }

    /// Estimates a quantile of a histogram as Prometheus does: as if the samples of a bucket lay evenly in it, and at the
    /// highest bound where it is beyond that.
    pub(crate) fn quantile(&self, histogram: &str, labels: &[(&str, &str)], quantile: f64) -> Option<f64> {
        let mut buckets = BTreeMap::new();
        for bucket in self.of(&format!("{histogram}_bucket"), labels) {
            let bound: f64 = bucket.label("le")?.parse().ok()?;
            // In the order of their bits floats that are not negative are in their own order.
            *buckets.entry(bound.to_bits()).or_insert(0.0) += bucket.value;
        }
        let (_, total) = buckets.last_key_value().filter(|(_, total)| **total > 0.0)?;
        let rank = quantile * total;
        let (mut lower, mut below) = (0.0, 0.0);
        for (bound, within) in &buckets {
            let bound = f64::from_bits(*bound);
            if *within >= rank {
                let is_last = bound.is_infinite();
                return Some(if is_last {
                    lower
                } else {
                    lower + (bound - lower) * (rank - below) / (within - below)
                });
            }
            (lower, below) = (bound, *within);
        }
        None
    }
}

// ===== impl Sample =====

impl<'a> Sample<'a> {
    /// Reads `name{label="value",…} 1`. The values of labels were made clean before: there is no quote in one.
    fn read(line: &'a str) -> Option<Self> {
        if line.starts_with('#') {
            return None;
        }
        let end = line.find(['{', ' '])?;
        let (name, mut rest) = line.split_at(end);
        let mut labels = Vec::new();
        while let Some((label, after)) = rest.split_once("=\"") {
            let (value, after) = after.split_once('"')?;
            labels.push((label.trim_start_matches(['{', ',']), value));
            rest = after;
        }
        let value = rest.trim_start_matches('}').trim().parse().ok()?;
        Some(Self { name, labels, value })
    }

    pub(crate) fn label(&self, label: &str) -> Option<&'a str> {
        self.labels.iter().find(|(name, _)| *name == label).map(|(_, value)| *value)
    }
}
