//! The check at startup: what is promised can be told from what is exported.

use std::{collections::BTreeSet, error::Error, fmt};

use super::{Sla, bounds::thresholds};
use crate::clock::seconds;

/// What [`Sla::check`] found in order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checked {
    not_exported_yet: Vec<String>,
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
    bounds: BTreeSet<&'a str>,
}

// ===== impl Sla =====

impl Sla {
    /// Checks in the Prometheus text that an exporter renders that every threshold of this promise is a bucket bound, and
    /// that no histogram of it is a summary.
    ///
    /// A histogram without a series is not wrong: it is *not exported yet*, and the answer lists it. So call it after
    /// `initialize()`, or again when the service has had calls.
    ///
    /// # Errors
    ///
    /// Fails if a threshold is no bound of a histogram that is exported, or if the histogram is exported as a summary. The
    /// message says which, and what to change.
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
    /// assert_eq!(sla.check("").unwrap().not_exported_yet(), ["http_request_duration_seconds"]);
    /// ```
    pub fn check(&self, rendered: &str) -> Result<Checked, CheckError> {
        let mut checked = Checked { not_exported_yet: Vec::new() };
        let mut error = CheckError { wrong: Vec::new() };
        for (histogram, thresholds) in thresholds([self]) {
            let exported = Exported::of(&histogram, rendered);
            if exported.is_summary {
                error.wrong.push(format!(
                    "{histogram} is exported as a summary, of which no share within a threshold can be told: give the \
                     exporter its bounds, by exporter::Prometheus::new().sla(&sla) or those of sla::histogram_bounds"
                ));
            } else if exported.bounds.is_empty() {
                checked.not_exported_yet.push(histogram);
            } else {
                let missing =
                    thresholds.required().into_iter().map(seconds).filter(|bound| !exported.has(*bound));
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
    /// Returns the histograms of the promise of which no series is exported yet.
    #[must_use]
    pub fn not_exported_yet(&self) -> &[String] {
        &self.not_exported_yet
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
            let bound = series.and_then(|labels| match labels.strip_prefix("le=\"") {
                None => labels.split_once(",le=\"").map(|(_, bound)| bound),
                bound => bound,
            });
            exported.bounds.extend(bound.and_then(|bound| bound.split('"').next()));
        }
        exported
    }

    fn has(&self, bound: f64) -> bool {
        self.bounds.iter().any(|exported| exported.parse() == Ok(bound))
    }

    fn bounds_in_order(&self) -> Vec<&'a str> {
        let mut bounds: Vec<_> = self.bounds.iter().copied().collect();
        bounds.sort_by(|a, b| f64::total_cmp(&value(a), &value(b)));
        bounds
    }
}

fn value(bound: &str) -> f64 {
    bound.parse().unwrap_or(f64::INFINITY)
}
