//! What a peer has recorded, whatever its exporter: a number for each label set of each metric.

use std::collections::{BTreeMap, BTreeSet};

/// From `name{labels}` to the value: of a histogram, how many samples it has.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Reading(BTreeMap<String, f64>);

impl Reading {
    /// Of the text that Prometheus scrapes.
    pub(crate) fn of_text(text: &str) -> Self {
        text.lines()
            .filter(|line| !line.starts_with('#') && !line.contains("quantile=\""))
            .filter_map(|line| line.rsplit_once(' '))
            .filter(|(series, _)| {
                let name = family(series);
                !name.ends_with("_bucket") && !name.ends_with("_sum")
            })
            .map(|(series, value)| (series.to_owned(), value.parse().expect("a value is a number")))
            .collect()
    }

    /// What moved, and by how much.
    pub(crate) fn since(&self, before: &Self) -> Self {
        let moved = self.0.iter().map(|(series, value)| {
            (series.clone(), value - before.0.get(series).copied().unwrap_or_default())
        });
        moved.filter(|(_, by)| *by != 0.0).collect()
    }

    pub(crate) fn sum(&self, name: &str) -> f64 {
        self.0.iter().filter(|(series, _)| family(series) == name).fold(0.0, |sum, (_, value)| sum + value)
    }

    /// A histogram is one, however many buckets it has.
    pub(crate) fn label_sets(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn names(&self) -> BTreeSet<&str> {
        self.0.keys().map(|series| family(series)).collect()
    }
}

impl FromIterator<(String, f64)> for Reading {
    fn from_iter<I: IntoIterator<Item = (String, f64)>>(series: I) -> Self {
        let mut reading = Self::default();
        for (series, value) in series {
            assert!(reading.0.insert(series.clone(), value).is_none(), "{series} is there twice");
        }
        reading
    }
}

fn family(series: &str) -> &str {
    series.split_once('{').map_or(series, |(name, _)| name)
}
