//! What the user's closures say of a call: labels of the request, a word for the result.

use std::{
    borrow::Cow,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use crate::labels::{LabelValues, PANICKED};

/// What makes label values of a request. Implemented by what [`ServiceMetricsLayer`](crate::ServiceMetricsLayer)
/// is told; nothing else needs to.
#[diagnostic::on_unimplemented(
    message = "the labels of this Layer are of another request than `{Request}`",
    note = "write the type of the service's request in the closure of `.label()`"
)]
pub trait RequestLabels<Request> {
    /// Adds the values for this request.
    fn add_to<'a>(&'a self, request: &'a Request, values: &mut LabelValues<'a>);
}

/// What has a word for a result. Implemented by what [`ServiceMetricsLayer`](crate::ServiceMetricsLayer) is told;
/// nothing else needs to.
#[diagnostic::on_unimplemented(
    message = "the words of this Layer are of another result than `Result<&{Response}, &{Error}>`",
    note = "write the types of the service's answer and error in the closure of `.classify()`; tower's limiters make the \
            error a `BoxError`"
)]
pub trait Classify<Response, Error> {
    /// Returns the word, or `None` where the outcome's own word will do.
    fn word(&self, result: Result<&Response, &Error>) -> Option<&'static str>;
}

pub(super) type LabelFn<R> = dyn for<'a> Fn(&'a R) -> Cow<'a, str> + Send + Sync;
pub(super) type WordFn<T, E> = dyn Fn(Result<&T, &E>) -> &'static str + Send + Sync;

/// A label of the request, after those of `H`.
pub struct Labelled<H, R> {
    before: H,
    label: Arc<LabelFn<R>>,
}

/// A word for the result, over the labels of `H`. `F` is the erased closure.
pub struct Classified<H, F: ?Sized> {
    labels: H,
    word: Arc<F>,
}

// ===== impl () =====

impl<R> RequestLabels<R> for () {
    fn add_to<'a>(&'a self, _: &'a R, _: &mut LabelValues<'a>) {}
}

impl<T, E> Classify<T, E> for () {
    fn word(&self, _: Result<&T, &E>) -> Option<&'static str> {
        None
    }
}

// ===== impl Labelled =====

impl<H, R> Labelled<H, R> {
    pub(super) fn new(before: H, label: Arc<LabelFn<R>>) -> Self {
        Self { before, label }
    }
}

impl<H, R> RequestLabels<R> for Labelled<H, R>
where
    H: RequestLabels<R>,
{
    fn add_to<'a>(&'a self, request: &'a R, values: &mut LabelValues<'a>) {
        self.before.add_to(request, values);
        values.push(|| (self.label)(request));
    }
}

impl<H, R, T, E> Classify<T, E> for Labelled<H, R>
where
    H: Classify<T, E>,
{
    fn word(&self, result: Result<&T, &E>) -> Option<&'static str> {
        self.before.word(result)
    }
}

impl<H: Clone, R> Clone for Labelled<H, R> {
    fn clone(&self) -> Self {
        Self { before: self.before.clone(), label: Arc::clone(&self.label) }
    }
}

impl<H, R> fmt::Debug for Labelled<H, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Labelled").finish_non_exhaustive()
    }
}

// ===== impl Classified =====

impl<H, F: ?Sized> Classified<H, F> {
    pub(super) fn new(labels: H, word: Arc<F>) -> Self {
        Self { labels, word }
    }
}

impl<H, F, R> RequestLabels<R> for Classified<H, F>
where
    H: RequestLabels<R>,
    F: ?Sized,
{
    fn add_to<'a>(&'a self, request: &'a R, values: &mut LabelValues<'a>) {
        self.labels.add_to(request, values);
    }
}

impl<H, T, E> Classify<T, E> for Classified<H, WordFn<T, E>> {
    fn word(&self, result: Result<&T, &E>) -> Option<&'static str> {
        Some(catch_unwind(AssertUnwindSafe(|| (self.word)(result))).unwrap_or(PANICKED))
    }
}

impl<H: Clone, F: ?Sized> Clone for Classified<H, F> {
    fn clone(&self) -> Self {
        Self { labels: self.labels.clone(), word: Arc::clone(&self.word) }
    }
}

impl<H, F: ?Sized> fmt::Debug for Classified<H, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Classified").finish_non_exhaustive()
    }
}
