//! The methods that have a label value of their own.

use std::borrow::Cow;

use http::Method;

use crate::{labels::OTHER, series::Hasher};

/// The label values of methods, found by a number.
#[derive(Clone, Debug)]
pub(super) struct Methods {
    /// Those of [`KNOWN`], the one for all others, and what was added.
    labels: Vec<Cow<'static, str>>,
}

/// The hash of each label value, by its number.
#[derive(Debug)]
pub(super) struct MethodHashes(Vec<u64>);

/// RFC 9110, section 9, and PATCH of RFC 5789.
const KNOWN: [&str; 9] = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE"];

// ===== impl Methods =====

impl Methods {
    pub(super) fn add(&mut self, method: &str) {
        assert!(
            Method::from_bytes(method.as_bytes()).is_ok(),
            "{method:?} is no HTTP method: use a token of RFC 9110, section 5.6.2, such as \"PURGE\""
        );
        self.labels.push(method.to_owned().into());
    }

    /// How many numbers there can be for [`MethodHashes`] to tell them apart.
    const MOST: usize = 1 << 12;

    /// Tells whether there are few enough.
    pub(super) fn are_few(&self) -> bool {
        self.labels.len() <= Self::MOST
    }

    /// The number of a method; those that are neither known nor added have one together.
    #[inline]
    pub(super) fn number(&self, method: &Method) -> usize {
        match *method {
            Method::GET => 0,
            Method::POST => 1,
            Method::PUT => 2,
            Method::DELETE => 3,
            Method::HEAD => 4,
            Method::OPTIONS => 5,
            Method::PATCH => 6,
            Method::CONNECT => 7,
            Method::TRACE => 8,
            _ => self.number_of_other(method.as_str()),
        }
    }

    pub(super) fn label(&self, method: &Method) -> &str {
        &self.labels[self.number(method)]
    }

    /// The number of the method of this label.
    pub(super) fn number_of(&self, label: &str) -> usize {
        self.labels.iter().position(|its| **its == *label).unwrap_or(KNOWN.len())
    }

    #[cold]
    fn number_of_other(&self, method: &str) -> usize {
        let mut added = (KNOWN.len() + 1..).zip(&self.labels[KNOWN.len() + 1..]);
        added.find(|(_, label)| **label == *method).map_or(KNOWN.len(), |(number, _)| number)
    }
}

impl Default for Methods {
    fn default() -> Self {
        Self { labels: KNOWN.into_iter().chain([OTHER]).map(Cow::Borrowed).collect() }
    }
}

// ===== impl MethodHashes =====

impl MethodHashes {
    pub(super) fn new(methods: &Methods, hasher: &Hasher) -> Self {
        Self(methods.labels.iter().map(|label| hasher.of(&[label])).collect())
    }

    /// The hash of a method and an endpoint, which no other method has with any endpoint.
    #[inline(always)]
    pub(super) fn hash(&self, hasher: &Hasher, number: usize, endpoint: &str) -> u64 {
        const BITS: u32 = Methods::MOST.ilog2();
        hasher.then(self.0[number], endpoint) << BITS >> BITS | (number as u64) << (64 - BITS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_method_has_the_number_of_its_label() {
        let mut methods = Methods::default();
        ["PURGE", "LINK"].into_iter().for_each(|added| methods.add(added));
        for label in KNOWN.into_iter().chain(["PURGE", "LINK"]) {
            let method = Method::from_bytes(label.as_bytes()).expect("it is one");
            assert_eq!(methods.label(&method), label);
            assert_eq!(methods.number(&method), methods.number_of(label));
        }
        let other = Method::from_bytes(b"BREW").expect("it is one");
        assert_eq!(methods.label(&other), OTHER);
    }
}
