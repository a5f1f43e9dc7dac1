//! The label values of one request, as many as the Layer's role has.

use metrics::SharedString;

use crate::names::Naming;

/// The label values of one request, in the order of the spec's request labels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Values<'a> {
    values: [&'a str; 3],
    len: usize,
}

// ===== impl Values =====

impl<'a> Values<'a> {
    pub(super) fn new(values: [&'a str; 3], len: usize) -> Self {
        Self { values, len }
    }

    pub(super) fn as_slice(&self) -> &[&'a str] {
        &self.values[..self.len]
    }
}

impl Values<'static> {
    pub(super) fn named(self, naming: &Naming) -> Vec<SharedString> {
        self.as_slice().iter().map(|label| naming.label_of(label)).collect()
    }
}
