//! The values of one request's labels: those of its protocol, and those that users' closures made.

use std::{
    borrow::Cow,
    panic::{AssertUnwindSafe, catch_unwind},
};

use super::{NONE, PANICKED};

/// The most labels of the user's own that a Layer can have.
pub(crate) const MOST_LABELS: usize = 8;

/// The label values of one request, in the order in which the labels were added.
#[derive(Debug, Default)]
pub struct LabelValues<'a> {
    values: [Cow<'a, str>; MOST_LABELS],
    len: usize,
}

/// The most labels that a protocol has of its own.
const MOST_OF_PROTOCOL: usize = 3;

/// The label values of one request, in the order of the spec's request labels: those of its protocol, and then the user's own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Values<'a> {
    values: [&'a str; MOST_OF_PROTOCOL + MOST_LABELS],
    len: usize,
}

// ===== impl LabelValues =====

impl<'a> LabelValues<'a> {
    pub(crate) fn with<T>(&self, f: impl FnOnce(&[&str]) -> T) -> T {
        let mut values = [""; MOST_LABELS];
        for (value, text) in values.iter_mut().zip(&self.values) {
            *value = text;
        }
        f(&values[..self.len])
    }

    /// Adds what stands where nothing is known.
    pub(crate) fn push_none(&mut self) {
        self.values[self.len] = Cow::Borrowed(NONE);
        self.len += 1;
    }

    /// Adds what `value` makes, which is the user's code and may panic.
    pub(crate) fn push(&mut self, value: impl FnOnce() -> Cow<'a, str>) {
        let made = catch_unwind(AssertUnwindSafe(value));
        self.values[self.len] = made.unwrap_or(Cow::Borrowed(PANICKED));
        self.len += 1;
    }
}

// ===== impl Values =====

impl<'a> Values<'a> {
    #[inline]
    pub(crate) fn new(values: &[&'a str]) -> Self {
        Self { values: [""; MOST_OF_PROTOCOL + MOST_LABELS], len: 0 }.and(values)
    }

    /// These, and then the user's own.
    #[inline]
    pub(crate) fn and(mut self, own: &[&'a str]) -> Self {
        self.values[self.len..][..own.len()].copy_from_slice(own);
        self.len += own.len();
        self
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[&'a str] {
        &self.values[..self.len]
    }
}
