//! A counter of the user's own, under the same cap as the Layers' labels.

use std::{fmt, sync::Arc, time::Duration};

use metrics::{Recorder, SharedString};

use crate::{
    names,
    series::{Family, Instrument, MAX_LABEL_SETS, OpenLabel, Source, Spec},
};

/// A counter with labels whose values come from outside, and can never be too many.
///
/// Values are made clean and cut at 128 bytes. The values of one label are bounded by
/// [`max_values`](Self::max_values), label sets as a whole by [`max_label_sets`](Self::max_label_sets); what is beyond
/// is counted under `_OVERFLOW`, so that the sum stays exact. Handles are cached as the Layers' are. Clones count
/// together: make it once, because what is dropped takes its part of the count along.
///
/// Count whole small units, because the facade's counters are whole numbers: a cost in `…_microdollars_total`.
///
/// # Examples
///
/// ```
/// use tower_metrics::labels::Capped;
///
/// let cost = Capped::new("llm_cost_microdollars_total", ["repository", "user"], "What was spent on tokens.")
///     .max_values("repository", 500)
///     .max_values("user", 1_000);
/// cost.increment(["website", "ada"], 1_250);
/// ```
#[derive(Clone)]
pub struct Capped<const N: usize> {
    inner: Arc<Inner>,
}

struct Inner {
    config: Config,
    family: Family,
}

#[derive(Clone)]
struct Config {
    name: String,
    help: SharedString,
    labels: Vec<SharedString>,
    open: Vec<OpenLabel>,
    max_label_sets: usize,
    source: Source,
}

// ===== impl Capped =====

impl<const N: usize> Capped<N> {
    /// Makes a counter. `help` is what the exposition says of it.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the name or a label, if the name does not end in `_total`, or if two labels
    /// are the same.
    #[must_use]
    pub fn new(name: impl Into<String>, labels: [&str; N], help: impl Into<String>) -> Self {
        let name = name.into();
        names::assert_counter_name(&name);
        for (index, label) in labels.iter().enumerate() {
            names::assert_label_name(label);
            assert!(
                !labels[..index].contains(label),
                "{name} has the label {label:?} twice: name one differently"
            );
        }
        let open = (0..N).map(|index| OpenLabel { index, max_values: None }).collect();
        Self::of(Config {
            name,
            help: SharedString::from_owned(help.into()),
            labels: labels.map(|label| SharedString::from_owned(label.into())).into(),
            open,
            max_label_sets: MAX_LABEL_SETS,
            source: Source::default(),
        })
    }

    /// Lets `label` have this many values of its own; all others are `_OVERFLOW`.
    ///
    /// # Panics
    ///
    /// Panics if the counter has no such label.
    #[must_use]
    pub fn max_values(self, label: &str, most: usize) -> Self {
        let mut config = self.inner.config.clone();
        let Some(index) = config.labels.iter().position(|it| **it == *label) else {
            panic!("{} has no label {label:?}: it has {:?}", config.name, config.labels)
        };
        config.open[index].max_values = Some(most);
        Self::of(config)
    }

    /// Lets the labels make at most this many label sets: 1,000 unless set.
    #[must_use]
    pub fn max_label_sets(self, most: usize) -> Self {
        Self::of(Config { max_label_sets: most, ..self.inner.config.clone() })
    }

    /// Records to this recorder; see [`HttpMetricsLayer::recorder`](crate::HttpMetricsLayer::recorder).
    #[must_use]
    pub fn recorder(self, recorder: Arc<dyn Recorder + Send + Sync>) -> Self {
        let mut config = self.inner.config.clone();
        config.source.give(recorder);
        Self::of(config)
    }

    /// Tells that the exporter forgets what has not changed for this long; see
    /// [`HttpMetricsLayer::idle_timeout`](crate::HttpMetricsLayer::idle_timeout).
    ///
    /// # Panics
    ///
    /// Panics if it is zero.
    #[must_use]
    pub fn idle_timeout(self, idle_timeout: Duration) -> Self {
        let mut config = self.inner.config.clone();
        config.source.forgets_after(idle_timeout);
        Self::of(config)
    }

    /// Adds `count` under these label values, which stand in the order of the labels.
    pub fn increment(&self, values: [&str; N], count: u64) {
        self.inner.family.increment(&values, count);
    }

    fn of(config: Config) -> Self {
        let counter = Instrument::counted(config.name.clone(), config.help.clone());
        let mut spec = Spec::new(config.labels.clone(), config.source.clone());
        spec.counter = Some(counter);
        spec.open_labels = config.open.clone();
        spec.max_label_sets = config.max_label_sets;
        Self { inner: Arc::new(Inner { config, family: Family::new(spec) }) }
    }
}

impl<const N: usize> fmt::Debug for Capped<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Config { name, labels, .. } = &self.inner.config;
        f.debug_struct("Capped").field("name", name).field("labels", labels).finish_non_exhaustive()
    }
}
