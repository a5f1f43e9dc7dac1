//! Label values: bounded, and clean before a recorder sees them.
//!
//! What the Layers do with the values of users' functions, [`Capped`] does for a counter of the user's own.

mod capped;
mod head;
mod own;
pub(crate) mod values;

use std::borrow::Cow;

pub use self::{
    capped::Capped,
    head::{RequestHead, ResponseHead},
};
pub(crate) use self::{
    own::OwnLabels,
    values::{LabelValues, MOST_LABELS, Values},
};

/// No endpoint was matched, or none could be told.
pub(crate) const UNMATCHED: &str = "unmatched";
/// A value outside its closed set.
pub(crate) const OTHER: &str = "_OTHER";
/// There was no answer to take the value from.
pub(crate) const NONE: &str = "none";
/// All labels of a gRPC call of a method that was not registered.
pub(crate) const UNKNOWN: &str = "unknown";
/// There are as many values, or label sets, as the cap allows.
pub(crate) const OVERFLOW: &str = "_OVERFLOW";
/// The user's own function panicked while it made the value.
pub(crate) const PANICKED: &str = "_PANIC";

/// The longest label value in bytes. One that is too long can make Prometheus refuse the whole scrape.
const LONGEST: usize = 128;

/// Replaces what exposition formats escape, each in its own way, and cuts what is too long.
///
/// Done before a key is built, so that two values that become the same add up instead of standing twice.
pub(crate) fn sanitised(value: &str) -> Cow<'_, str> {
    let cut = cut(value);
    if cut.contains(unsafe_char) { Cow::Owned(cut.replace(unsafe_char, "_")) } else { Cow::Borrowed(cut) }
}

fn unsafe_char(c: char) -> bool {
    c.is_control() || c == '\\' || c == '"'
}

fn cut(value: &str) -> &str {
    if value.len() <= LONGEST {
        return value;
    }
    let end = (0..=LONGEST).rev().find(|&end| value.is_char_boundary(end)).expect("0 is a boundary");
    &value[..end]
}

#[cfg(test)]
mod tests {
    use super::sanitised;

    #[test]
    fn what_a_format_escapes_becomes_an_underscore() {
        assert_eq!(sanitised("/users/{id}"), "/users/{id}");
        assert_eq!(sanitised("a\"b\\c\nd\0e\u{85}f"), "a_b_c_d_e_f");
    }

    #[test]
    fn a_long_value_is_cut_at_a_character() {
        assert_eq!(sanitised(&"x".repeat(129)).len(), 128);
        assert_eq!(sanitised(&format!("x{}", "é".repeat(64))).len(), 127);
    }
}
