//! The check at startup: what is promised can be told from what is exported.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fmt,
};

use super::{Sla, bounds::thresholds};
use crate::{
    clock::seconds,
    names::{self, Naming},
};

/// What [`Sla::check`] found in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "what is not exported yet may be missing for good: see `complete`"]
pub struct Checked {
    not_exported_yet: Vec<String>,
    /// Names on the page that end as one that is missing does.
    alike: Vec<String>,
    /// Names on the page that one that is missing has with its unit.
    without_unit: BTreeSet<String>,
}

/// What [`Sla::check`] found wrong: each histogram, and what to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckError {
    wrong: Vec<String>,
}

/// What the exposition holds of one histogram.
#[derive(Debug, Default)]
struct Exported<'a> {
    is_summary: bool,
    /// The bounds of each series, by its other labels.
    series: BTreeMap<(&'a str, &'a str), BTreeSet<&'a str>>,
}

// ===== impl Sla =====

impl Sla {
    /// Checks in the Prometheus text that an exporter renders that every threshold of this promise is a bucket bound, and
    /// that no histogram of it is a summary.
    ///
    /// A metric without a series is not wrong: it is *not exported yet*, and the answer lists it, counters too. After
    /// `initialize()` of the Layers and operations, and `initialize_with(…)` of those with labels, nothing should be:
    /// [`Checked::complete`] makes that an error.
    ///
    /// # Errors
    ///
    /// Fails if a threshold is no bound of a histogram that is exported, if the histogram is exported as a summary, or if it takes
    /// one call in so many. The message says which, and what to change.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_metrics::sla::Sla;
    ///
    /// let sla = Sla::new("api").latency(0.99, Duration::from_millis(100));
    /// let rendered = "# TYPE http_request_duration_seconds summary\n\
    ///                 http_request_duration_seconds{method=\"GET\",quantile=\"0.5\"} 0.01\n";
    ///
    /// let error = sla.check(rendered).unwrap_err().to_string();
    /// assert!(error.starts_with("http_request_duration_seconds is exported as a summary"), "{error}");
    ///
    /// let checked = sla.check("").unwrap();
    /// assert_eq!(checked.not_exported_yet(), ["http_requests_total", "http_request_duration_seconds"]);
    /// assert!(checked.complete().is_err());
    /// ```
    pub fn check(&self, rendered: &str) -> Result<Checked, CheckError> {
        let mut checked = Checked::default();
        for counter in self.counters() {
            if !rendered
                .lines()
                .any(|line| line.strip_prefix(&*counter).is_some_and(|rest| rest.starts_with('{')))
            {
                checked.miss(counter, rendered);
            }
        }
        let mut error = CheckError { wrong: Vec::new() };
        for (histogram, thresholds) in thresholds([self], Naming::prometheus_name_of) {
            let exported = Exported::of(&histogram, rendered);
            if let Some(every) = sample_of(&histogram, rendered) {
                error.wrong.push(format!(
                    "{histogram} takes one call in {every}, of which no share of all calls can be told: leave \
                     .sample_latency() out of its Layer"
                ));
            } else if exported.is_summary {
                error.wrong.push(format!(
                    "{histogram} is exported as a summary, of which no share within a threshold can be told: give the \
                     exporter its bounds, by exporter::Prometheus::new().sla(&sla) or those of sla::histogram_bounds"
                ));
            } else if exported.series.is_empty() {
                checked.miss(histogram, rendered);
            } else {
                let missing =
                    thresholds.read().into_iter().map(seconds).filter(|bound| !exported.has(*bound));
                let missing: Vec<_> = missing.map(|bound| bound.to_string()).collect();
                if !missing.is_empty() {
                    error.wrong.push(format!(
                        "{histogram} has no bound {} (it has {}), so the share of calls within it cannot be told: give the \
                         exporter this SLA, by exporter::Prometheus::new().sla(&sla) or the bounds of sla::histogram_bounds",
                        missing.join(", "),
                        exported.bounds_in_order().join(", "),
                    ));
                }
            }
        }
        if error.wrong.is_empty() { Ok(checked) } else { Err(error) }
    }
}

// ===== impl Checked =====

impl Checked {
    /// Returns the metrics of the promise of which no series is exported yet.
    #[must_use]
    pub fn not_exported_yet(&self) -> &[String] {
        &self.not_exported_yet
    }

    /// Takes nothing for complete of which a metric of the promise is not exported yet.
    ///
    /// # Errors
    ///
    /// Fails if there is one. The message says which, and what that usually is.
    pub fn complete(self) -> Result<(), CheckError> {
        if self.not_exported_yet.is_empty() {
            return Ok(());
        }
        let mut wrong = format!(
            "nothing is exported of {}: initialize() its Layer or operation after the exporter was installed, and spell \
             operations as they are measured",
            self.not_exported_yet.join(", ")
        );
        if !self.alike.is_empty() {
            let alike = self.alike.join(", ");
            wrong.push_str(&format!("; there is {alike}: give the SLA the same .naming() as the Layers"));
        }
        for name in &self.without_unit {
            wrong.push_str(&format!(
                "; there is {name}, without its unit: give the exporter the same .naming() as the Layers"
            ));
        }
        Err(CheckError { wrong: vec![wrong] })
    }

    fn miss(&mut self, metric: String, rendered: &str) {
        let names = || rendered.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
        self.alike.extend(names().filter(|name| name.ends_with(&*metric)).map(str::to_owned));
        let is_named_so =
            |name: &&str| metric.strip_prefix(*name).is_some_and(|rest| rest.starts_with("_seconds"));
        self.without_unit.extend(names().filter(is_named_so).map(str::to_owned));
        self.not_exported_yet.push(metric);
    }
}

// ===== impl CheckError =====

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.wrong.join("\n"))
    }
}

impl Error for CheckError {}

// ===== impl Exported =====

impl<'a> Exported<'a> {
    fn of(histogram: &str, rendered: &'a str) -> Self {
        let mut exported = Self::default();
        for line in rendered.lines() {
            if let Some(kind) = line.strip_prefix("# TYPE ").and_then(|line| line.strip_prefix(histogram)) {
                exported.is_summary |= kind.trim() == "summary" && kind.starts_with(' ');
            }
            let series = line.strip_prefix(histogram).and_then(|line| line.strip_prefix("_bucket{"));
            // A quote inside a label value is escaped, so this can only be the label.
            let parts = series.and_then(|labels| match labels.strip_prefix("le=\"") {
                None => labels.split_once(",le=\""),
                Some(bound) => Some(("", bound)),
            });
            if let Some((before, (bound, after))) =
                parts.and_then(|(before, rest)| Some((before, rest.split_once('"')?)))
            {
                let after = after.split_once('}').map_or(after, |(labels, _)| labels);
                exported.series.entry((before, after)).or_default().insert(bound);
            }
        }
        exported
    }

    /// Tells whether every series has the bound.
    fn has(&self, bound: f64) -> bool {
        self.series.values().all(|bounds| bounds.iter().any(|exported| exported.parse() == Ok(bound)))
    }

    fn bounds_in_order(&self) -> Vec<&'a str> {
        let bounds: BTreeSet<_> = self.series.values().flatten().copied().collect();
        let mut bounds: Vec<_> = bounds.into_iter().collect();
        bounds.sort_by(|a, b| f64::total_cmp(&value(a), &value(b)));
        bounds
    }
}

/// Of how many calls the histogram takes one, where it does not take all.
fn sample_of<'a>(histogram: &str, rendered: &'a str) -> Option<&'a str> {
    let label = format!("=\"{histogram}\"}} ");
    let mut lines = rendered.lines().filter_map(|line| line.strip_prefix(names::LATENCY_SAMPLE_EVERY.name()));
    lines.find_map(|line| Some(line.split_once(&label)?.1))
}

fn value(bound: &str) -> f64 {
    bound.parse().unwrap_or(f64::INFINITY)
}
