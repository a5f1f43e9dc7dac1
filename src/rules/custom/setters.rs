//! What can be said of an alert of one's own beside when it fires.

use std::time::Duration;

use super::CustomAlert;
use crate::{
    names::assert_label_name,
    rules::{Severity, builder::assert_hold},
    sla::Sla,
};

// ===== impl CustomAlert =====

impl CustomAlert {
    /// Says of which service it is: every series is narrowed to its job and its [selectors](Sla::selector), and the alert has
    /// its [labels](Sla::alert_label). An [expression](Self::expression) stays as it was written, and gets the labels alone.
    pub fn of(mut self, sla: &Sla) -> Self {
        self.sla = Some(sla.clone());
        self
    }

    /// Sums by these labels too, which the alert then has: one alert for each agent, model or queue. Without it the labels of a metric
    /// are summed away, and `{{ $labels.agent }}` in a summary is empty.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse a label, or if it is there already.
    pub fn by<'a>(mut self, labels: impl IntoIterator<Item = &'a str>) -> Self {
        for label in labels {
            assert_label_name(label);
            assert!(
                label != "job" && self.by.iter().all(|by| by != label),
                "{} is summed by {label:?} already: leave it out",
                self.name
            );
            self.by.push(label.into());
        }
        self
    }

    /// Sets how long a time it asks about. A window has to have four scrapes in it: a minute at least, for scrapes of every 15 s.
    ///
    /// # Panics
    ///
    /// Panics if the window is not whole seconds, or shorter than a minute.
    pub fn window(mut self, window: Duration) -> Self {
        assert!(
            window.subsec_nanos() == 0 && window.as_secs() >= 60,
            "the window of {} is {window:?}, and has to be whole seconds and a minute at least",
            self.name
        );
        self.window = window;
        self
    }

    /// Sets how long it holds before it fires: its `for`.
    ///
    /// # Panics
    ///
    /// Panics if it is not whole seconds or longer than a day.
    pub fn hold(mut self, hold: Duration) -> Self {
        assert_hold(hold);
        self.hold = hold;
        self
    }

    /// Sets the label `severity`.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Adds a label, such as `team`. Prometheus expands it as a template.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the label, if it is there already, and for `alertname`, `severity` and `job`, which say
    /// other things.
    pub fn label(mut self, label: impl Into<String>, value: impl Into<String>) -> Self {
        let label = label.into();
        assert_label_name(&label);
        assert!(
            !["alertname", "severity", "job"].contains(&&*label),
            "{label:?} of {} is said otherwise: by the name, by .severity(), by .of()",
            self.name
        );
        assert!(
            self.labels.iter().all(|(own, _)| *own != label),
            "{} has the label {label:?} already: leave one out",
            self.name
        );
        self.labels.push((label, value.into()));
        self
    }

    /// Sets the annotation `summary`: what is wrong, in a line, which whoever is woken reads first. Unless set, it is the name of the
    /// alert and of the job. Prometheus expands it as a template, such as `{{ $labels.agent }}`.
    pub fn summary(mut self, summary: impl Into<String>) -> Self {
        self.summary = Some(summary.into());
        self
    }

    /// Sets the annotation `description`: what it means, and what to do first. Prometheus expands it as a template.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }
}
