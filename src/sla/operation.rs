//! The promise of an operation.

use std::time::Duration;

use super::objectives::Objectives;
use crate::{names, outcome::Outcome};

/// What is promised of an operation: of what a [`ServiceMetricsLayer`](crate::ServiceMetricsLayer) or an
/// [`Operation`](crate::Operation) measures. Made by [`Sla::operation`](super::Sla::operation).
#[derive(Clone, Debug, PartialEq)]
#[must_use = "an objective counts when it is returned"]
pub struct Operation {
    pub(crate) name: String,
    pub(crate) objectives: Objectives,
    pub(crate) bad: Vec<String>,
    pub(crate) counter: String,
    pub(crate) histogram: String,
    pub(crate) gauge: String,
    pub(crate) outcome: String,
    pub(crate) completed: String,
    pub(crate) cancelled: String,
}

// ===== impl Operation =====

impl Operation {
    pub(crate) fn new(name: String) -> Self {
        names::assert_metric_name(&name);
        Self {
            counter: names::TOTAL.named(&name),
            histogram: names::DURATION.named(&name),
            gauge: names::IN_FLIGHT.named(&name),
            outcome: names::OUTCOME.into(),
            completed: Outcome::Completed.as_str().into(),
            cancelled: Outcome::Cancelled.as_str().into(),
            objectives: Objectives::default(),
            bad: Vec::new(),
            name,
        }
    }

    /// Promises that this share of calls ends well, such as `0.999`.
    ///
    /// # Panics
    ///
    /// As [`Sla::availability`](super::Sla::availability) does.
    pub fn availability(mut self, share: f64) -> Self {
        self.objectives.set_availability(share);
        self
    }

    /// Promises that this share of the calls that end well does so within `threshold`.
    ///
    /// # Panics
    ///
    /// As [`Sla::latency`](super::Sla::latency) does.
    pub fn latency(mut self, quantile: f64, threshold: Duration) -> Self {
        self.objectives.add_latency(quantile, threshold);
        self
    }

    /// Declares which words of the label `outcome` are failures. Otherwise all are but `completed` and `cancelled`: where
    /// results have words of their own ([`classify`](crate::ServiceMetricsLayer::classify)), such as `hit` and `miss`, say
    /// here which of them are failures.
    ///
    /// # Panics
    ///
    /// Panics if there are none.
    pub fn bad<W: Into<String>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.bad = words.into_iter().map(Into::into).collect();
        assert!(!self.bad.is_empty(), "no word counts as a failure: name some, or leave .bad() out");
        self
    }

    /// Says what the Layer calls an outcome, where it was told
    /// [`word`](crate::ServiceMetricsLayer::word). Only `Completed` and `Cancelled` matter here; words of failure are
    /// declared by [`bad`](Self::bad).
    pub fn word(mut self, outcome: Outcome, word: impl Into<String>) -> Self {
        match outcome {
            Outcome::Completed => self.completed = word.into(),
            Outcome::Cancelled => self.cancelled = word.into(),
            _ => {}
        }
        self
    }

    /// Says what the label `outcome` is called, where the Layer was told
    /// [`outcome_label`](crate::ServiceMetricsLayer::outcome_label).
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the name.
    pub fn outcome_label(mut self, label: impl Into<String>) -> Self {
        self.outcome = label.into();
        names::assert_label_name(&self.outcome);
        self
    }

    /// Says what the counter is called, where the Layer was told [`count_as`](crate::ServiceMetricsLayer::count_as).
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the name.
    pub fn count_as(mut self, name: impl Into<String>) -> Self {
        self.counter = name.into();
        names::assert_metric_name(&self.counter);
        self
    }

    /// Says what the histogram is called, where the Layer was told [`time_as`](crate::ServiceMetricsLayer::time_as).
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the name.
    pub fn time_as(mut self, name: impl Into<String>) -> Self {
        self.histogram = name.into();
        names::assert_metric_name(&self.histogram);
        self
    }

    /// Says what the gauge is called, where the Layer was told [`gauge_as`](crate::ServiceMetricsLayer::gauge_as).
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the name.
    pub fn gauge_as(mut self, name: impl Into<String>) -> Self {
        self.gauge = name.into();
        names::assert_metric_name(&self.gauge);
        self
    }
}
