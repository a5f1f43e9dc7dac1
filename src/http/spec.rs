//! What a Layer records, by what it was told.

use std::sync::Arc;

use super::{config::Config, labels::HttpAnswers};
use crate::{
    hints::Hints,
    instrument::Instruments,
    labels::{OTHER, UNMATCHED},
    names,
    series::{Instrument, OpenLabel, Spec},
};

// ===== impl Config =====

impl Config {
    pub(super) fn spec(&self, hints: &Arc<Hints>) -> Spec {
        let (counter, histogram, head, gauge, oldest) = match (self.is_client(), self.attempts) {
            (false, false) => (
                &names::HTTP_REQUESTS_TOTAL,
                &names::HTTP_REQUEST_DURATION_SECONDS,
                &names::HTTP_RESPONSE_HEAD_DURATION_SECONDS,
                &names::HTTP_REQUESTS_IN_FLIGHT,
                &names::HTTP_OLDEST_START,
            ),
            (false, true) => (
                &names::HTTP_ATTEMPTS_TOTAL,
                &names::HTTP_ATTEMPT_DURATION_SECONDS,
                &names::HTTP_ATTEMPT_HEAD_DURATION_SECONDS,
                &names::HTTP_ATTEMPTS_IN_FLIGHT,
                &names::HTTP_ATTEMPTS_OLDEST_START,
            ),
            (true, false) => (
                &names::HTTP_CLIENT_REQUESTS_TOTAL,
                &names::HTTP_CLIENT_REQUEST_DURATION_SECONDS,
                &names::HTTP_CLIENT_RESPONSE_HEAD_DURATION_SECONDS,
                &names::HTTP_CLIENT_REQUESTS_IN_FLIGHT,
                &names::HTTP_CLIENT_OLDEST_START,
            ),
            (true, true) => (
                &names::HTTP_CLIENT_ATTEMPTS_TOTAL,
                &names::HTTP_CLIENT_ATTEMPT_DURATION_SECONDS,
                &names::HTTP_CLIENT_ATTEMPT_HEAD_DURATION_SECONDS,
                &names::HTTP_CLIENT_ATTEMPTS_IN_FLIGHT,
                &names::HTTP_CLIENT_ATTEMPTS_OLDEST_START,
            ),
        };
        let limit = match self.is_client() {
            false => &names::HTTP_REQUESTS_IN_FLIGHT_LIMIT,
            true => &names::HTTP_CLIENT_REQUESTS_IN_FLIGHT_LIMIT,
        };
        let instrument = |is_on: bool, metric| is_on.then(|| Instrument::new(metric, &self.naming));
        let labels = self.arrange(names::METHOD, names::SERVER, names::ENDPOINT);
        let labels = labels.as_slice().iter().map(|label| self.naming.label_of(label)).collect();
        let mut spec = Spec::new(labels, self.source.clone());
        spec.clock = self.clock.clone();
        spec.naming = self.naming.clone();
        let Instruments { count, latency, .. } = self.instruments;
        let counts = count && !(latency && self.naming.counts_by_histogram(counter));
        spec.counter = instrument(counts, counter);
        if self.naming.ends_with_head(histogram) {
            spec.head = instrument(latency, histogram);
        } else {
            spec.histogram = instrument(latency, histogram);
            spec.head = instrument(latency && self.times_head, head);
        }
        spec.gauge = instrument(self.instruments.in_flight, gauge);
        spec.oldest = instrument(self.instruments.in_flight && self.tells_oldest, oldest);
        spec.limit = instrument(self.instruments.in_flight, limit).zip(self.limit);
        spec.fallback = self.arrange(OTHER, OTHER, UNMATCHED).as_slice().to_vec();
        spec.open_labels = self
            .endpoint
            .iter()
            .map(|_| OpenLabel { index: self.endpoint_index(), max_values: None })
            .collect();
        self.own.declare_in(&mut spec);
        spec.max_label_sets = self.max_label_sets;
        spec.sampled = self.sampled;
        let answers = HttpAnswers {
            is_client: self.is_client(),
            exact_status: self.exact_status,
            status: self.naming.label_of(names::STATUS),
            outcome: self.naming.label_of(names::OUTCOME),
            errors: self
                .tells_errors
                .then(|| (self.naming.label_of(names::ERROR_TYPE), self.expected_errors.clone())),
            hints: Arc::clone(hints),
        };
        spec.assert_sampling();
        spec.assert_labels(self.own_index(), &answers.names(), counter);
        spec.answers = Box::new(answers);
        spec
    }
}
