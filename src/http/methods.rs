//! The methods that have a label value of their own.

use http::Method;

use crate::{labels::OTHER, series::Hasher};

/// The label values of methods, which have a number: those of [`KNOWN`], then the one for all others, then what was added.
#[derive(Clone, Debug, Default)]
pub(super) struct Methods {
    added: Vec<String>,
}

/// The hash of each label value, by its number.
#[derive(Debug)]
pub(super) struct MethodHashes(Vec<u64>);

/// RFC 9110, section 9, and PATCH of RFC 5789.
const KNOWN: [&str; 9] = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE"];

/// How many numbers there can be for [`MethodHashes`] to tell them apart.
const MOST: usize = 1 << 12;

/// The number after that of all others.
const FIRST_ADDED: usize = KNOWN.len() + 1;

// ===== impl Methods =====

impl Methods {
    pub(super) fn add(&mut self, method: &str) {
        assert!(
            Method::from_bytes(method.as_bytes()).is_ok(),
            "{method:?} is no HTTP method: use a token of RFC 9110, section 5.6.2, such as \"PURGE\""
        );
        self.added.push(method.to_owned());
    }

    /// Tells whether there are few enough.
    pub(super) fn are_few(&self) -> bool {
        FIRST_ADDED + self.added.len() <= MOST
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
            _ => self.number_of(method.as_str()),
        }
    }

    pub(super) fn label(&self, method: &Method) -> &str {
        let number = self.number(method);
        let added = || self.added.get(number.checked_sub(FIRST_ADDED)?).map(|added| &**added);
        KNOWN.get(number).copied().or_else(added).unwrap_or(OTHER)
    }

    /// The number of the method of this label.
    pub(super) fn number_of(&self, label: &str) -> usize {
        let known = KNOWN.iter().position(|its| *its == label);
        let added = || Some(FIRST_ADDED + self.added.iter().position(|its| *its == label)?);
        known.or_else(added).unwrap_or(KNOWN.len())
    }
}

// ===== impl MethodHashes =====

impl MethodHashes {
    pub(super) fn new(methods: &Methods, hasher: &Hasher) -> Self {
        let labels = KNOWN.into_iter().chain([OTHER]).chain(methods.added.iter().map(|added| &**added));
        Self(labels.map(|label| hasher.of(&[label])).collect())
    }

    /// The hash of a method and an endpoint, which no other method has with any endpoint.
    #[inline(always)]
    pub(super) fn hash(&self, hasher: &Hasher, number: usize, endpoint: &str) -> u64 {
        const BITS: u32 = MOST.ilog2();
        hasher.then(self.0[number], endpoint) << BITS >> BITS | (number as u64) << (64 - BITS)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

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
        assert_eq!(methods.number_of("BREW"), KNOWN.len());
        let other = Method::from_bytes(b"BREW").expect("it is one");
        assert_eq!(methods.label(&other), OTHER);
    }

    #[test]
    fn no_two_methods_share_a_hash_and_their_endpoints_spread() {
        let (mut methods, hasher) = (Methods::default(), Hasher::default());
        methods.add("PURGE");
        let hashes = MethodHashes::new(&methods, &hasher);
        let endpoints: Vec<_> = (0..1_000).map(|n| format!("/{n}")).collect();
        let all: HashSet<_> = (0..=FIRST_ADDED)
            .flat_map(|number| endpoints.iter().map(move |endpoint| (number, endpoint)))
            .map(|(number, endpoint)| hashes.hash(&hasher, number, endpoint))
            .collect();
        assert_eq!(all.len(), (FIRST_ADDED + 1) * endpoints.len());
        assert!(all.iter().all(|hash| (hash >> 52) as usize <= FIRST_ADDED));
    }

    #[test]
    fn more_methods_than_numbers_are_told() {
        let mut methods = Methods::default();
        (FIRST_ADDED..MOST).for_each(|n| methods.add(&format!("M{n}")));
        assert!(methods.are_few());
        methods.add("ONE-MORE");
        assert!(!methods.are_few());
    }
}
