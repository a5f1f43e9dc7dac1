//! Labels of the user's own on HTTP and gRPC: constant, of the request, of the answer.

use std::{borrow::Cow, fmt, sync::Arc};

use metrics::{Label, SharedString};

use super::{LabelValues, NONE, RequestHead, ResponseHead, values::MOST_LABELS};
use crate::{
    names,
    series::{OpenLabel, Spec},
};

type RequestFn = dyn for<'a> Fn(RequestHead<'a>) -> Option<Cow<'a, str>> + Send + Sync;
type ResponseFn = dyn for<'a> Fn(ResponseHead<'a>) -> Option<Cow<'a, str>> + Send + Sync;

/// The labels that a Layer was told to add.
#[derive(Clone, Default)]
pub(crate) struct OwnLabels {
    constants: Vec<Label>,
    request: Vec<Own<RequestFn>>,
    response: Vec<Own<ResponseFn>>,
    /// Whose values `max_values` is about.
    last: Option<Last>,
}

/// One label.
struct Own<F: ?Sized> {
    name: String,
    value: Arc<F>,
    max_values: Option<usize>,
}

/// Which label was added last.
#[derive(Clone, Copy)]
enum Last {
    Request,
    Response,
}

// ===== impl OwnLabels =====

impl OwnLabels {
    pub(crate) fn add_constant(&mut self, name: String, value: String) {
        names::assert_label_name(&name);
        assert!(
            !value.is_empty(),
            "the label {name:?} has no value, which is as if it were not there: give one"
        );
        self.constants.push(Label::new(name, super::sanitised(&value).into_owned()));
        self.last = None;
    }

    pub(crate) fn add_of_request(&mut self, name: String, value: Arc<RequestFn>) {
        self.assert_room(&name);
        self.request.push(Own::new(name, value));
        self.last = Some(Last::Request);
    }

    pub(crate) fn add_of_response(&mut self, name: String, value: Arc<ResponseFn>) {
        self.assert_room(&name);
        self.response.push(Own::new(name, value));
        self.last = Some(Last::Response);
    }

    pub(crate) fn max_values(&mut self, most: usize) {
        let max_values = match self.last {
            Some(Last::Request) => self.request.last_mut().map(|label| &mut label.max_values),
            Some(Last::Response) => self.response.last_mut().map(|label| &mut label.max_values),
            None => None,
        };
        let Some(max_values) = max_values else {
            panic!(
                "there is no label whose values .max_values() could limit: put it right after .label() or .response_label()"
            )
        };
        *max_values = Some(most);
    }

    /// Tells whether every label has one value only.
    pub(crate) fn is_empty(&self) -> bool {
        self.request.is_empty() && self.response.is_empty()
    }

    /// Those that are known with the request.
    pub(crate) fn of_requests_alone(&self) -> Self {
        Self { response: Vec::new(), ..self.clone() }
    }

    pub(crate) fn has_response_labels(&self) -> bool {
        !self.response.is_empty()
    }

    /// Declares them, after those that the protocol has already.
    pub(crate) fn declare_in(&self, spec: &mut Spec) {
        spec.constants.clone_from(&self.constants);
        let own = |name: &String, max_values: Option<usize>, spec: &mut Spec| {
            spec.open_labels.push(OpenLabel { index: spec.request_labels.len(), max_values });
            spec.request_labels.push(SharedString::from_owned(name.clone()));
            spec.fallback.push(NONE);
        };
        self.request.iter().for_each(|label| own(&label.name, label.max_values, spec));
        spec.labels_on_gauge = spec.request_labels.len();
        self.response.iter().for_each(|label| own(&label.name, label.max_values, spec));
    }

    /// Which values of a request are the user's own, where its labels begin at `index`.
    pub(crate) fn open_in_request(&self, index: usize) -> u16 {
        (index..index + self.request.len()).fold(0, |open, index| open | OpenLabel::bit(index))
    }

    /// The values of one request; those of its answer are not known yet.
    pub(crate) fn of_request<'a>(&self, head: RequestHead<'a>) -> LabelValues<'a> {
        let mut values = LabelValues::default();
        for label in &self.request {
            values.push(|| (label.value)(head).unwrap_or(NONE.into()));
        }
        self.response.iter().for_each(|_| values.push_none());
        values
    }

    /// The values of an answer.
    pub(crate) fn of_response<'a>(&self, head: ResponseHead<'a>) -> LabelValues<'a> {
        let mut values = LabelValues::default();
        for label in &self.response {
            values.push(|| (label.value)(head).unwrap_or(NONE.into()));
        }
        values
    }

    /// The values of a label set that is there before any request.
    pub(crate) fn of_none(&self) -> LabelValues<'static> {
        let mut values = LabelValues::default();
        (0..self.request.len() + self.response.len()).for_each(|_| values.push_none());
        values
    }

    fn assert_room(&self, name: &str) {
        names::assert_label_name(name);
        assert!(
            self.request.len() + self.response.len() < MOST_LABELS,
            "{name:?} is one label too many: {MOST_LABELS} can be added"
        );
    }
}

impl fmt::Debug for OwnLabels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |label: &Own<RequestFn>| label.name.clone();
        f.debug_struct("OwnLabels")
            .field("constants", &self.constants)
            .field("request", &self.request.iter().map(names).collect::<Vec<_>>())
            .field("response", &self.response.iter().map(|label| &label.name).collect::<Vec<_>>())
            .finish()
    }
}

// ===== impl Own =====

impl<F: ?Sized> Own<F> {
    fn new(name: String, value: Arc<F>) -> Self {
        Self { name, value, max_values: None }
    }
}

impl<F: ?Sized> Clone for Own<F> {
    fn clone(&self) -> Self {
        Self { name: self.name.clone(), value: Arc::clone(&self.value), max_values: self.max_values }
    }
}
