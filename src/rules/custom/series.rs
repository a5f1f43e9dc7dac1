//! Which series an alert of one's own reads.

use std::fmt;

use crate::{
    names::{assert_label_name, assert_metric_name},
    promql::Selector,
    sla::Sla,
};

/// A metric, and which of its series: `executor_actions_total{status="failed"}`.
///
/// # Examples
///
/// ```
/// use tower_metrics::rules::Series;
///
/// let failed = Series::new("executor_actions_total").equal("status", "failed");
/// assert_eq!(failed.to_string(), r#"executor_actions_total{status="failed"}"#);
/// ```
#[derive(Clone, Debug)]
#[must_use = "it is given to an alert"]
pub struct Series {
    selector: Selector,
}

// ===== impl Series =====

impl Series {
    /// All series of the metric `name`; of a histogram, without `_bucket`, `_sum` or `_count`.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the name.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        assert_metric_name(&name);
        Self { selector: Selector::new(name) }
    }

    /// Keeps the series whose `label` has this value.
    ///
    /// # Panics
    ///
    /// As all that narrow, panics if Prometheus would refuse the label.
    pub fn equal(self, label: &str, value: &str) -> Self {
        self.narrowed(label, |selector| selector.equal(label, value))
    }

    /// Keeps the series whose `label` has another value, or that have none.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the label.
    pub fn unequal(self, label: &str, value: &str) -> Self {
        self.narrowed(label, |selector| selector.unequal(label, value))
    }

    /// Keeps the series whose `label` has one of these values.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the label, and if there is no value.
    pub fn one_of(self, label: &str, values: &[impl AsRef<str>]) -> Self {
        assert!(!values.is_empty(), "{label:?} is one of no values, which nothing is: give it one");
        self.narrowed(label, |selector| selector.one_of(label, values))
    }

    /// Keeps the series whose `label` matches the regular expression as a whole, in the syntax of RE2.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the label.
    pub fn matched(self, label: &str, regex: &str) -> Self {
        self.narrowed(label, |selector| selector.matched(label, regex))
    }

    /// Keeps the series whose `label` does not match the regular expression as a whole, or that have none.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the label.
    pub fn unmatched(self, label: &str, regex: &str) -> Self {
        self.narrowed(label, |selector| selector.unmatched_by(label, regex))
    }

    /// Those of one service alone, if it is known of which.
    pub(super) fn of(&self, sla: Option<&Sla>) -> Selector {
        let Some(sla) = sla else { return self.selector.clone() };
        let of_job = self.selector.clone().equal("job", sla.job_name());
        sla.selectors().fold(of_job, |selector, (label, value)| selector.equal(label, value))
    }

    fn narrowed(self, label: &str, narrow: impl FnOnce(Selector) -> Selector) -> Self {
        // What the exposition itself uses can be told apart too.
        if label != "quantile" && label != "le" {
            assert_label_name(label);
        }
        Self { selector: narrow(self.selector) }
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.selector.fmt(f)
    }
}
