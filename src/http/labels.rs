//! The labels of HTTP: the head that closures read, statuses.

use std::{borrow::Cow, sync::Arc};

use http::{Extensions, HeaderMap, Method, Uri};
use metrics::{Label, SharedString};

use crate::hints::Hints;
use crate::{
    labels::{NONE, OTHER, UNMATCHED},
    outcome::Outcome,
    series::{Answers, End},
};

/// The head of a request, as closures that make labels read it.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    method: &'a Method,
    uri: &'a Uri,
    headers: &'a HeaderMap,
    extensions: &'a Extensions,
}

/// What an HTTP call's end becomes in labels.
#[derive(Clone, Debug)]
pub(super) struct HttpAnswers {
    pub(super) is_client: bool,
    pub(super) exact_status: bool,
    pub(super) status: SharedString,
    pub(super) outcome: SharedString,
    pub(super) hints: Arc<Hints>,
}

// ===== impl RequestHead =====

impl<'a> RequestHead<'a> {
    #[inline]
    pub(crate) fn of<B>(request: &'a http::Request<B>) -> Self {
        Self {
            method: request.method(),
            uri: request.uri(),
            headers: request.headers(),
            extensions: request.extensions(),
        }
    }

    /// Returns the method.
    #[must_use]
    pub fn method(&self) -> &'a Method {
        self.method
    }

    /// Returns the URI.
    #[must_use]
    pub fn uri(&self) -> &'a Uri {
        self.uri
    }

    /// Returns the headers.
    #[must_use]
    pub fn headers(&self) -> &'a HeaderMap {
        self.headers
    }

    /// Returns the extensions.
    #[must_use]
    pub fn extensions(&self) -> &'a Extensions {
        self.extensions
    }
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

    fn label(&self, status: impl Into<SharedString>) -> Label {
        Label::new(self.status.clone(), status)
    }
}

impl Answers for HttpAnswers {
    fn counter_labels(&self, end: End) -> Vec<Label> {
        vec![self.label(exact(self.code(end))), Label::new(self.outcome.clone(), end.outcome.as_str())]
    }

    fn histogram_labels(&self, end: End) -> Vec<Label> {
        let code = self.code(end);
        vec![self.label(if self.exact_status { exact(code) } else { class(code).into() })]
    }

    fn zero_counters(&self, infallible: bool) -> Vec<End> {
        let answers = [500, 502, 503, 504].map(|code| End::new(code, Outcome::Completed));
        let without = [Outcome::Panicked, Outcome::Error].map(|outcome| End::new(0, outcome));
        let without = without.into_iter().filter(|end| !(infallible && end.outcome == Outcome::Error));
        answers.into_iter().chain(without).collect()
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
