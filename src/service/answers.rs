//! How the end of any service's call becomes a label.

use std::collections::BTreeMap;

use metrics::{Label, SharedString};

use crate::{
    outcome::Outcome,
    series::{Answers, End},
};

/// The label `outcome`, or what it was called, and its words.
#[derive(Clone, Debug)]
pub(crate) struct OutcomeWords {
    pub(crate) label: SharedString,
    pub(crate) words: BTreeMap<&'static str, &'static str>,
    /// Words of the user's own that are known before they are used.
    pub(crate) expected: Vec<&'static str>,
    /// Results have words of the user's own, so none is `completed` or `error`.
    pub(crate) is_classified: bool,
}

// ===== impl OutcomeWords =====

impl OutcomeWords {
    fn has_own_words(&self) -> bool {
        self.is_classified || !self.expected.is_empty()
    }

    fn word(&self, end: End) -> &'static str {
        let own = end.outcome.as_str();
        end.word.unwrap_or_else(|| self.words.get(own).copied().unwrap_or(own))
    }
}

impl Default for OutcomeWords {
    fn default() -> Self {
        Self {
            label: SharedString::const_str(crate::names::OUTCOME),
            words: BTreeMap::new(),
            expected: Vec::new(),
            is_classified: false,
        }
    }
}

impl Answers for OutcomeWords {
    fn counter_labels(&self, end: End) -> Vec<Label> {
        vec![Label::new(self.label.clone(), self.word(end))]
    }

    fn zero_counters(&self, infallible: bool) -> Vec<End> {
        let error = (!infallible && !self.has_own_words()).then_some(Outcome::Error);
        let outcomes = [Outcome::Panicked].into_iter().chain(error).map(|outcome| End::new(0, outcome));
        let expected =
            self.expected.iter().map(|word| End { word: Some(word), ..End::new(0, Outcome::Completed) });
        outcomes.chain(expected).collect()
    }

    fn zero_histograms(&self) -> Vec<End> {
        match self.has_own_words() {
            false => vec![End::new(0, Outcome::Completed), End::new(0, Outcome::Error)],
            true => self.zero_counters(true),
        }
    }
}
