//! A page of Prometheus, series by series.

use std::collections::BTreeMap;

/// A series by its name and labels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Series {
    pub(crate) name: String,
    labels: BTreeMap<String, String>,
}

/// All that a page says.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) types: BTreeMap<String, String>,
    pub(crate) series: BTreeMap<Series, f64>,
}

// ===== impl Series =====

impl Series {
    /// The value of a label; empty where there is none, as to Prometheus.
    pub(crate) fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }

    pub(crate) fn with(&self, label: &str, value: &str) -> Self {
        let mut with = self.clone();
        with.labels.insert(label.into(), value.into());
        with
    }

    /// Whether its value tells how long something took, which is not the same twice.
    pub(crate) fn is_of_time(&self) -> bool {
        self.name.ends_with("_sum") || (self.name.ends_with("_bucket") && self.label("le") != "+Inf")
    }

    fn of(text: &str) -> Self {
        let (name, labels) = text.split_once('{').unwrap_or((text, "}"));
        let labels = labels.strip_suffix('}').expect("labels end so");
        let pairs = labels.split("\",").filter_map(|pair| pair.split_once("=\""));
        let labels = pairs.map(|(name, value)| (name.to_owned(), value.trim_end_matches('"').to_owned()));
        Self { name: name.into(), labels: labels.collect() }
    }
}

// ===== impl Page =====

impl Page {
    pub(crate) fn of(text: &str) -> Self {
        let mut page = Self::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(typed) = line.strip_prefix("# TYPE ") {
                let (name, kind) = typed.split_once(' ').expect("a name and its type");
                page.types.insert(name.into(), kind.into());
            } else if !line.starts_with('#') {
                let (series, value) = line.rsplit_once(' ').expect("a series and its value");
                page.series.insert(Series::of(series), value.parse().expect("it is a number"));
            }
        }
        page
    }
}
