//! What the end of an HTTP call becomes in labels: statuses, outcomes, kinds of errors.

use std::{borrow::Cow, sync::Arc};

use metrics::{Label, SharedString};

use crate::hints::Hints;
use crate::{
    labels::{NONE, OTHER, UNMATCHED},
    outcome::Outcome,
    series::{Answers, End},
};

/// What an HTTP call's end becomes in labels.
#[derive(Clone, Debug)]
pub(super) struct HttpAnswers {
    pub(super) is_client: bool,
    pub(super) exact_status: bool,
    pub(super) status: SharedString,
    pub(super) outcome: SharedString,
    /// The label for kinds of errors, and the kinds that are known before they are met.
    pub(super) errors: Option<(SharedString, Vec<&'static str>)>,
    pub(super) hints: Arc<Hints>,
}

// ===== impl HttpAnswers =====

impl HttpAnswers {
    /// Without a head, `500` is what a server's caller is told by whatever stands in front, and what alerts
    /// match; a client was told nothing.
    fn code(&self, end: End) -> u16 {
        match (end.code, end.outcome) {
            (0, Outcome::Error | Outcome::Panicked) if !self.is_client => 500,
            (code, _) => code,
        }
    }

    /// The names of the labels that an end has.
    pub(super) fn names(&self) -> Vec<&SharedString> {
        let error_type = self.errors.as_ref().map(|(label, _)| label);
        [&self.status, &self.outcome].into_iter().chain(error_type).collect()
    }

    fn error_type(&self, end: End) -> Option<Label> {
        let (label, _) = self.errors.as_ref()?;
        Some(Label::new(label.clone(), end.word.unwrap_or(NONE)))
    }

    fn label(&self, status: impl Into<SharedString>) -> Label {
        Label::new(self.status.clone(), status)
    }
}

impl Answers for HttpAnswers {
    fn counter_labels(&self, end: End) -> Vec<Label> {
        let labels =
            [self.label(exact(self.code(end))), Label::new(self.outcome.clone(), end.outcome.as_str())];
        labels.into_iter().chain(self.error_type(end)).collect()
    }

    fn histogram_labels(&self, end: End) -> Vec<Label> {
        let code = self.code(end);
        vec![self.label(if self.exact_status { exact(code) } else { class(code).into() })]
    }

    fn zero_counters(&self, infallible: bool) -> Vec<End> {
        let answers = [500, 502, 503, 504].map(|code| End::new(code, Outcome::Completed));
        let panicked = [End::new(0, Outcome::Panicked)];
        let error = End::new(0, Outcome::Error);
        let errors: Vec<_> = match &self.errors {
            _ if infallible => Vec::new(),
            None => vec![error],
            Some((_, kinds)) => kinds.iter().map(|kind| End { word: Some(kind), ..error }).collect(),
        };
        answers.into_iter().chain(panicked).chain(errors).collect()
    }

    fn zero_histograms(&self) -> Vec<End> {
        [200, 500].map(|code| End::new(code, Outcome::Completed)).into()
    }

    fn is_client(&self) -> bool {
        self.is_client
    }

    fn disproves(&self, end: End) -> bool {
        matches!(end.code, 405 | 501)
    }

    fn met(&self, values: &[Box<str>], end: End) {
        if matches!(end.code, 200..300) && values.iter().any(|value| **value == *UNMATCHED) {
            self.hints.answered_without_route();
        }
    }
}

/// The `http` crate permits 100 to 999; RFC 9110, section 15, has 100 to 599.
fn exact(code: u16) -> Cow<'static, str> {
    match code {
        0 => NONE.into(),
        100..600 => code.to_string().into(),
        _ => OTHER.into(),
    }
}

fn class(code: u16) -> &'static str {
    match code {
        0 => NONE,
        100..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500..600 => "5xx",
        _ => OTHER,
    }
}
