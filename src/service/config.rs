//! What a Layer around any service, or an operation, was told.

use metrics::SharedString;

use super::answers::OutcomeWords;
use crate::{
    clock::Clock,
    instrument::Instruments,
    labels::MOST_LABELS,
    names::{self, Metric},
    outcome::Outcome,
    series::{Instrument, MAX_LABEL_SETS, OpenLabel, Source, Spec},
};

#[derive(Clone, Debug)]
pub(crate) struct Config {
    name: String,
    /// The counter, the histogram and the gauge, before the user renames any.
    metrics: [&'static Metric; 3],
    count: Option<String>,
    latency: Option<String>,
    in_flight: Option<String>,
    started: Option<String>,
    tells_oldest: bool,
    pub(crate) limit: Option<usize>,
    pub(crate) sampled: u64,
    labels: Vec<(String, Option<usize>)>,
    outcome: OutcomeWords,
    pub(crate) max_label_sets: usize,
    pub(crate) source: Source,
    pub(crate) clock: Clock,
    pub(crate) instruments: Instruments,
}

// ===== impl Config =====

impl Config {
    pub(crate) fn new(name: String) -> Self {
        names::assert_metric_name(&name);
        let new = Self {
            name,
            metrics: [&names::TOTAL, &names::DURATION, &names::IN_FLIGHT],
            count: None,
            latency: None,
            in_flight: None,
            started: None,
            tells_oldest: false,
            limit: None,
            sampled: 1,
            labels: Vec::new(),
            outcome: OutcomeWords::default(),
            max_label_sets: MAX_LABEL_SETS,
            source: Source::default(),
            clock: Clock::new(),
            instruments: Instruments::ALL,
        };
        new.assert_names();
        new
    }

    pub(crate) fn spec(&self) -> Spec {
        let instrument = |is_on: bool, metric: &Metric, own: &Option<String>| {
            is_on.then(|| Instrument::named(metric, self.name_of(metric, own)))
        };
        let labels = self.labels.iter().map(|(name, _)| SharedString::from_owned(name.clone())).collect();
        let mut spec = Spec::new(labels, self.source.clone());
        spec.clock = self.clock.clone();
        spec.started = instrument(
            self.instruments.count && self.started.is_some(),
            self.started_metric(),
            &self.started,
        );
        let [total, duration, in_flight] = self.metrics;
        spec.counter = instrument(self.instruments.count, total, &self.count);
        spec.histogram = instrument(self.instruments.latency, duration, &self.latency);
        spec.gauge = instrument(self.instruments.in_flight, in_flight, &self.in_flight);
        spec.oldest =
            instrument(self.instruments.in_flight && self.tells_oldest, self.oldest_metric(), &None);
        spec.limit = self.limit.filter(|_| self.instruments.in_flight).map(|limit| {
            let gauge = self.name_of(in_flight, &self.in_flight);
            (Instrument::named(&names::IN_FLIGHT_LIMIT, format!("{gauge}_limit")), limit)
        });
        spec.open_labels = self.open_labels().collect();
        spec.max_label_sets = self.max_label_sets;
        spec.sampled = self.sampled;
        spec.answers = Box::new(self.outcome.clone());
        spec
    }

    pub(crate) fn has_labels(&self) -> bool {
        !self.labels.is_empty()
    }

    pub(crate) fn assert_label_values(&self, values: usize) {
        let labels: Vec<_> = self.labels.iter().map(|(name, _)| name).collect();
        assert!(
            values == labels.len(),
            "{values} values were given for the labels {labels:?}: give each label one, in the order of .label()"
        );
    }

    pub(crate) fn count_as(&mut self, name: String) {
        names::assert_counter_name(&name);
        self.count = Some(name);
        self.assert_names();
    }

    pub(crate) fn time_as(&mut self, name: String) {
        self.latency = Some(name);
        self.assert_names();
    }

    pub(crate) fn gauge_as(&mut self, name: String) {
        self.in_flight = Some(name);
        self.assert_names();
    }

    pub(crate) fn start_as(&mut self, name: Option<String>) {
        name.iter().for_each(|name| names::assert_counter_name(name));
        self.started = Some(name.unwrap_or_else(|| self.started_metric().named(&self.name)));
        self.assert_names();
    }

    pub(crate) fn tell_oldest(&mut self) {
        self.tells_oldest = true;
        self.assert_names();
    }

    /// Records under names that no sum over calls takes in: those of the calls are given up.
    pub(crate) fn attempts(&mut self) {
        self.metrics = [&names::ATTEMPTS, &names::ATTEMPT_DURATION, &names::ATTEMPTS_IN_FLIGHT];
        (self.count, self.latency, self.in_flight, self.limit) = (None, None, None, None);
        self.started = self.started.is_some().then(|| names::ATTEMPTS_STARTED.named(&self.name));
        self.assert_names();
    }

    pub(crate) fn outcome_label(&mut self, label: String) {
        names::assert_label_name(&label);
        assert!(
            self.labels.iter().all(|(other, _)| *other != label),
            "the label {label:?} is there already: give the outcome another name"
        );
        self.outcome.label = SharedString::from_owned(label);
    }

    pub(crate) fn word(&mut self, outcome: Outcome, word: &'static str) {
        assert!(!word.is_empty(), "the word for {outcome} is empty: give one");
        self.outcome.words.insert(outcome.as_str(), word);
    }

    pub(crate) fn classified(&mut self) {
        self.outcome.is_classified = true;
    }

    pub(crate) fn expect_words(&mut self, words: impl IntoIterator<Item = &'static str>) {
        self.outcome.expected.extend(words);
    }

    pub(crate) fn label(&mut self, label: String) {
        names::assert_label_name(&label);
        assert!(
            *self.outcome.label != *label && self.labels.iter().all(|(other, _)| *other != label),
            "the label {label:?} is there already: give this one another name"
        );
        assert!(
            self.labels.len() < MOST_LABELS,
            "{label:?} is one label too many: {MOST_LABELS} can be added"
        );
        self.labels.push((label, None));
    }

    pub(crate) fn max_values(&mut self, most: usize) {
        let Some((_, max_values)) = self.labels.last_mut() else {
            panic!("there is no label yet whose values .max_values() could limit: put it after .label()")
        };
        *max_values = Some(most);
    }

    pub(crate) fn max_values_of(&mut self, label: &str, most: usize) {
        let Some((_, max_values)) = self.labels.iter_mut().find(|(name, _)| *name == label) else {
            panic!(
                "there is no label {label:?} whose values .max_values() could limit: add it by .labels() before"
            )
        };
        *max_values = Some(most);
    }

    fn open_labels(&self) -> impl Iterator<Item = OpenLabel> {
        let labels = self.labels.iter().enumerate();
        labels.map(|(index, (_, max_values))| OpenLabel { index, max_values: *max_values })
    }

    fn started_metric(&self) -> &'static Metric {
        if self.counts_attempts() { &names::ATTEMPTS_STARTED } else { &names::STARTED }
    }

    fn oldest_metric(&self) -> &'static Metric {
        if self.counts_attempts() { &names::ATTEMPTS_OLDEST_START } else { &names::OLDEST_START }
    }

    fn counts_attempts(&self) -> bool {
        self.metrics[0].name() == names::ATTEMPTS.name()
    }

    fn name_of(&self, metric: &Metric, own: &Option<String>) -> String {
        own.clone().unwrap_or_else(|| metric.named(&self.name))
    }

    fn assert_names(&self) {
        let [total, duration, in_flight] = self.metrics;
        let mut all = vec![
            (total.kind(), self.name_of(total, &self.count)),
            (duration.kind(), self.name_of(duration, &self.latency)),
            (in_flight.kind(), self.name_of(in_flight, &self.in_flight)),
        ];
        all.extend(self.started.clone().map(|name| (names::STARTED.kind(), name)));
        let oldest = self.oldest_metric();
        all.extend(self.tells_oldest.then(|| (oldest.kind(), oldest.named(&self.name))));
        let mut taken = Vec::new();
        for (kind, name) in all {
            names::assert_free(&name);
            for name in kind.exported_as(&name) {
                assert!(
                    !taken.contains(&name),
                    "two metrics would both be exported as {name:?}: give the other one its new name first"
                );
                taken.push(name);
            }
        }
    }
}
