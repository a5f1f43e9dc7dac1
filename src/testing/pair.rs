//! Two metrics that have to agree.

use super::labels::join;
use crate::names::Kind;

/// Two metrics that count the same calls.
pub(super) struct Pair<'a> {
    pub(super) left: (Kind, &'a str),
    pub(super) right: (Kind, &'a str),
    /// Of how many samples the right one takes one.
    pub(super) every: u64,
    /// It has samples of earlier calls, so that which is the next is not known.
    pub(super) goes_on: bool,
    /// The gauge of whose labels alone there is to be compared.
    pub(super) labels_of: Option<&'a str>,
}

// ===== impl Pair =====

impl Pair<'_> {
    /// A sampled histogram takes the first call of each end, and then one in so many.
    pub(super) fn agrees(&self, left: u64, right: u64) -> bool {
        match self.every {
            0 | 1 => left == right,
            _ if self.goes_on => right <= left,
            every => (left.div_ceil(every)..=left).contains(&right),
        }
    }

    pub(super) fn tell(&self, labels: &[(String, String)], left: u64, right: u64) -> String {
        let labels = join(labels.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let of = if labels.is_empty() { String::new() } else { format!(" of {{{labels}}}") };
        let right_is = match self.right.0 {
            Kind::Histogram => format!("has {right} {}", if right == 1 { "sample" } else { "samples" }),
            _ => format!("counted {right}"),
        };
        let sampled = if self.every > 1 { format!(", one in {}", self.every) } else { String::new() };
        format!("{} counted {left}, and {} {right_is}{sampled}{of}", self.left.1, self.right.1)
    }
}
