//! What a Layer records: which instruments, under which names, with which labels.

use std::{fmt, time::Duration};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Label, Recorder, SharedString, Unit};

use super::{
    End, OpenLabel, Source,
    recorder::{METADATA, set_taken, would_take},
};
use crate::{
    clock::Clock,
    labels::{OTHER, sanitised},
    names::{self, Ended, Kind, Metric, Naming, unit_in},
    outcome::Outcome,
};

/// What a Layer records, fixed when it is built.
#[derive(Debug)]
pub(crate) struct Spec {
    pub(crate) source: Source,
    /// For how many nanoseconds handles are good, where the recorder forgets.
    lease: Option<u64>,
    pub(crate) clock: Clock,
    pub(crate) naming: Naming,
    /// Counts a call when it begins.
    pub(crate) started: Option<Instrument>,
    /// Counts a call when it ends.
    pub(crate) counter: Option<Instrument>,
    pub(crate) histogram: Option<Instrument>,
    /// Times a call until it is answered, or until it ends unanswered.
    pub(crate) head: Option<Instrument>,
    pub(crate) gauge: Option<Instrument>,
    /// Tells since when the oldest of what that gauge counts is in flight.
    pub(crate) oldest: Option<Instrument>,
    /// What the gauge is to be compared with, where it was told.
    pub(crate) limit: Option<(Instrument, usize)>,
    /// The labels whose values find a label set.
    pub(crate) request_labels: Vec<SharedString>,
    /// How many of them the gauge and the counter of calls begun have: the others are known with the answer.
    pub(crate) labels_on_gauge: usize,
    /// Labels of one value, on everything.
    pub(crate) constants: Vec<Label>,
    /// Of so many calls that end in one way, the histograms take one.
    pub(crate) sampled: u64,
    /// The values of the label set that takes what must not have one of its own.
    pub(crate) fallback: Vec<&'static str>,
    /// Those of the labels whose values can be the users' own.
    pub(crate) open_labels: Vec<OpenLabel>,
    pub(crate) max_label_sets: usize,
    pub(crate) answers: Box<dyn Answers>,
}

/// How many label sets users' own labels can make, unless told otherwise.
pub(crate) const MAX_LABEL_SETS: usize = 1_000;

/// The longest time for which handles are good where the recorder forgets: so long can be lost what falls between the
/// question for a handle and the first use of it, if the recorder is rendered at that moment.
const LONGEST_LEASE: Duration = Duration::from_secs(1);

/// How a protocol turns the end of a call into labels.
pub(crate) trait Answers: fmt::Debug + Send + Sync {
    fn counter_labels(&self, end: End) -> Vec<Label>;
    fn histogram_labels(&self, end: End) -> Vec<Label> {
        self.counter_labels(end)
    }
    /// The ends whose counters stand at zero with the first call of a label set.
    fn zero_counters(&self, infallible: bool) -> Vec<End>;
    /// The ends whose histograms stand at zero for declared label sets.
    fn zero_histograms(&self) -> Vec<End>;
    /// Tells whether this end says that the service has no such label set.
    fn disproves(&self, _end: End) -> bool {
        false
    }
    /// The ends whose histograms stand at zero with the first call of a label set, where they are what calls are counted by.
    fn zero_samples(&self, infallible: bool) -> Vec<End> {
        self.zero_counters(infallible)
    }
    /// Tells whether these are answers to calls that are made, rather than taken.
    fn is_client(&self) -> bool {
        false
    }
    /// Hears of each end that is the first of its kind in the label set of these values.
    fn met(&self, _values: &[Box<str>], _end: End) {}
}

/// A metric under the name that the Layer gives it.
#[derive(Debug)]
pub(crate) struct Instrument {
    name: KeyName,
    kind: Kind,
    unit: Option<Unit>,
    help: SharedString,
}

/// For what ends in one way only.
#[derive(Debug)]
struct NoAnswers;

// ===== impl Spec =====

impl Spec {
    /// Records nothing yet, under these labels and under none of an answer.
    pub(crate) fn new(request_labels: Vec<SharedString>, source: Source) -> Self {
        Self {
            lease: source
                .idle_timeout()
                .map(|it| u64::try_from((it / 4).min(LONGEST_LEASE).as_nanos()).expect("it is short")),
            source,
            clock: Clock::new(),
            naming: Naming::new(),
            started: None,
            counter: None,
            histogram: None,
            head: None,
            gauge: None,
            oldest: None,
            limit: None,
            fallback: request_labels.iter().map(|_| OTHER).collect(),
            labels_on_gauge: request_labels.len(),
            constants: Vec::new(),
            sampled: 1,
            request_labels,
            open_labels: Vec::new(),
            max_label_sets: MAX_LABEL_SETS,
            answers: Box::new(NoAnswers),
        }
    }

    /// Tells whether a recorder takes anything of what is recorded here, and says which version records it.
    pub(super) fn is_taken_by(&self, recorder: &dyn Recorder) -> bool {
        let version = vec![Label::new(self.naming.label_of(names::VERSION), env!("CARGO_PKG_VERSION"))];
        let build_info = Instrument::new(&names::BUILD_INFO, &self.naming);
        let key = build_info.key(version);
        if set_taken(&build_info.gauge(recorder, &key), 1.0) {
            return true;
        }
        // A filter may take that gauge alone, so the Layer's own are asked. A counter cannot be asked: whoever
        // records nothing else is believed.
        let labels = |values| self.labels(Kind::Gauge, self.plain_labels(values), None);
        let on_gauge = &self.fallback[..self.labels_on_gauge];
        let takes_gauge =
            |gauge: &Instrument| set_taken(&gauge.gauge(recorder, &gauge.key(labels(on_gauge))), 0.0);
        let takes_sample =
            |histogram: &Instrument| would_take(&histogram.histogram(recorder, labels(&self.fallback)));
        (self.gauge.is_none() && self.histogram.is_none())
            || self.gauge.as_ref().is_some_and(takes_gauge)
            || self.histogram.as_ref().is_some_and(takes_sample)
    }

    /// Tells what is recorded here, and the limit that never changes.
    ///
    /// All at once, and the build first: by that `testing::Recorder` tells which counter and which histogram are of one Layer.
    pub(super) fn describe(&self, recorder: &dyn Recorder) {
        for metric in [&names::APPLIED_TWICE_TOTAL, &names::BUILD_INFO] {
            Instrument::new(metric, &self.naming).describe(recorder);
        }
        for instrument in self.instruments() {
            instrument.describe(recorder);
        }
        if self.sampled > 1 {
            let every = Instrument::new(&names::LATENCY_SAMPLE_EVERY, &self.naming);
            every.describe(recorder);
            for histogram in [&self.histogram, &self.head].into_iter().flatten() {
                let metric = self.naming.exported_as(histogram.name().as_str(), Unit::Seconds);
                let metric = Label::new(self.naming.label_of(names::METRIC), metric);
                every.gauge(recorder, &every.key(vec![metric])).set(self.sampled as f64);
            }
        }
        if let Some((gauge, limit)) = &self.limit {
            gauge.describe(recorder);
            gauge.gauge(recorder, &gauge.key(self.constants.clone())).set(*limit as f64);
        }
    }

    /// The labels of one series, as the scheme has them.
    pub(super) fn labels(
        &self,
        kind: Kind,
        plain: impl Iterator<Item = Label>,
        ended: Option<Ended>,
    ) -> Vec<Label> {
        let dressed = self.naming.dressed(kind, plain.collect(), ended, self.answers.is_client());
        dressed.into_iter().chain(self.constants.iter().cloned()).collect()
    }

    /// The labels of these values, which are as many as there are or fewer, as the catalogue has them.
    pub(super) fn plain_labels<V: AsRef<str>>(&self, values: &[V]) -> impl Iterator<Item = Label> {
        let pairs = self.request_labels.iter().zip(values);
        pairs.map(|(name, value)| Label::new(name.clone(), sanitised(value.as_ref()).into_owned()))
    }

    /// Panics if histograms of a sample would be what calls are counted by.
    pub(crate) fn assert_sampling(&self) {
        assert!(
            self.sampled == 1 || !self.naming.counts_by_samples(),
            "this naming scheme counts calls by the samples of their histogram: leave .sample_latency() out"
        );
    }

    /// Panics if a label of the user's own, which begin at this index, has a name that is taken, as Prometheus has it:
    /// it refuses whole pages for that.
    pub(crate) fn assert_labels(&self, own_from: usize, of_answers: &[&SharedString], metric: &Metric) {
        let (protocols, own) = self.request_labels.split_at(own_from);
        // Every setter of a Layer comes here, and most have nothing to be refused.
        if own.is_empty() && self.constants.is_empty() {
            return;
        }
        let protocols = protocols.iter().chain(of_answers.iter().copied()).map(|label| &**label);
        let mut taken: Vec<_> = protocols.map(|label| self.naming.prometheus_label(label)).collect();
        taken.extend(self.naming.labels_beside(metric));
        for label in own.iter().map(|label| &**label).chain(self.constants.iter().map(Label::key)) {
            let exported = self.naming.prometheus_label(label);
            assert!(
                !taken.contains(&exported),
                "the label {label:?} is there already: give this one another name"
            );
            taken.push(exported);
        }
    }

    /// All labels whose values can be users' own, as [`Birth`](super::Birth) tells of them.
    pub(crate) fn open(&self) -> u16 {
        self.open_labels.iter().fold(0, |open, label| open | OpenLabel::bit(label.index))
    }

    /// The one that the others are named after.
    pub(super) fn main_instrument(&self) -> Option<&Instrument> {
        [&self.counter, &self.histogram, &self.gauge, &self.started, &self.head].into_iter().flatten().next()
    }

    pub(crate) fn instruments(&self) -> impl Iterator<Item = &Instrument> {
        let all = [&self.started, &self.counter, &self.histogram, &self.head, &self.gauge, &self.oldest];
        all.into_iter().flatten()
    }

    /// The name of what it records first, for messages.
    pub(crate) fn name(&self) -> &str {
        self.instruments().next().map_or("", |instrument| instrument.name().as_str())
    }

    /// Tells whether calls are timed.
    #[inline]
    pub(crate) fn is_timed(&self) -> bool {
        self.histogram.is_some() || self.head.is_some()
    }

    /// For how many nanoseconds handles are good, where the recorder forgets.
    #[inline]
    pub(super) fn lease(&self) -> Option<u64> {
        self.lease
    }

    /// Reads the clock, where anything depends on it.
    #[inline]
    pub(crate) fn now(&self) -> u64 {
        if self.is_timed() || self.lease.is_some() || self.oldest.is_some() { self.clock.raw() } else { 0 }
    }
}

// ===== impl NoAnswers =====

impl Answers for NoAnswers {
    fn counter_labels(&self, _: End) -> Vec<Label> {
        Vec::new()
    }

    fn zero_counters(&self, _: bool) -> Vec<End> {
        vec![End::new(0, Outcome::Completed)]
    }

    fn zero_histograms(&self) -> Vec<End> {
        self.zero_counters(true)
    }
}

// ===== impl Instrument =====

impl Instrument {
    pub(crate) fn new(metric: &Metric, naming: &Naming) -> Self {
        let name = naming.name_of(metric);
        // What is asked of Prometheus under a name with a unit is described with it.
        let unit = if naming.appends_units() { Some(metric.unit()) } else { unit_in(&name, metric.unit()) };
        Self { name: name.into(), kind: metric.kind(), unit, help: metric.help().into() }
    }

    /// The metric under a name of its own.
    pub(crate) fn named(metric: &Metric, name: String) -> Self {
        let unit = unit_in(&name, metric.unit());
        Self { name: name.into(), kind: metric.kind(), unit, help: metric.help().into() }
    }

    /// A counter that the table of this crate does not know.
    pub(crate) fn counted(name: String, help: SharedString) -> Self {
        Self { name: name.into(), kind: Kind::Counter, unit: Some(Unit::Count), help }
    }

    pub(crate) fn name(&self) -> &KeyName {
        &self.name
    }

    pub(crate) fn key(&self, labels: Vec<Label>) -> Key {
        Key::from_parts(self.name.clone(), labels)
    }

    pub(crate) fn counter(&self, recorder: &dyn Recorder, labels: Vec<Label>) -> Counter {
        recorder.register_counter(&self.key(labels), &METADATA)
    }

    pub(super) fn histogram(&self, recorder: &dyn Recorder, labels: Vec<Label>) -> Histogram {
        recorder.register_histogram(&self.key(labels), &METADATA)
    }

    pub(crate) fn gauge(&self, recorder: &dyn Recorder, key: &Key) -> Gauge {
        recorder.register_gauge(key, &METADATA)
    }

    pub(crate) fn describe(&self, recorder: &dyn Recorder) {
        let (name, unit, help) = (self.name.clone(), self.unit, self.help.clone());
        match self.kind {
            Kind::Counter => recorder.describe_counter(name, unit, help),
            Kind::Gauge => recorder.describe_gauge(name, unit, help),
            Kind::Histogram => recorder.describe_histogram(name, unit, help),
        }
    }
}
