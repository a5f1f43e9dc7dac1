//! The labels that a test asks for.

use metrics::Key;

/// Labels as a test writes them: an array of pairs, `[("status", "200")]`, by value or borrowed; also a slice or a `Vec`.
///
/// A series is meant if it has all of them; `[]` means every series. It is implemented here alone, and for `&str` alone, so that
/// `[]` needs no type: a `String` is borrowed, `[("id", id.as_str())]`, and one pair is an array too.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not labels",
    label = "not an array of `(&str, &str)`",
    note = "write an array of pairs of `&str`: `[(\"id\", \"7\")]`, or of a `String`: `[(\"id\", id.as_str())]`",
    note = "`[]` means every series"
)]
pub trait Labels: sealed::Sealed {}

/// Keeps the trait from being implemented elsewhere, so that it can grow.
pub(super) mod sealed {
    pub trait Sealed {
        fn pairs(&self) -> &[(&str, &str)];
    }
}

/// Tells whether the series has all these labels.
pub(super) fn has_all(key: &Key, labels: &[(&str, &str)]) -> bool {
    labels.iter().all(|(name, value)| value_of(key, name) == Some(value))
}

/// What the label of this name is in a series that has it.
pub(super) fn value_of<'a>(key: &'a Key, name: &str) -> Option<&'a str> {
    key.labels().find(|label| label.key() == name).map(metrics::Label::value)
}

/// The labels of a series as `label="value"`, separated by commas.
pub(super) fn written(key: &Key) -> String {
    join(key.labels().map(|label| (label.key(), label.value())))
}

/// Pairs as `label="value"`, separated by commas.
pub(super) fn join<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    pairs.into_iter().map(|(name, value)| format!("{name}={value:?}")).collect::<Vec<_>>().join(",")
}

/// A series as a page of Prometheus has it, without braces where it has no labels.
pub(super) fn braced(name: &str, labels: &str) -> String {
    if labels.is_empty() { name.to_owned() } else { format!("{name}{{{labels}}}") }
}

// ===== impl Labels =====

macro_rules! labels {
    ($([$($generics:tt)*] $type:ty;)+) => {$(
        impl<$($generics)*> Labels for $type {}

        impl<$($generics)*> sealed::Sealed for $type {
            fn pairs(&self) -> &[(&str, &str)] {
                &self[..]
            }
        }
    )+};
}

labels! {
    [const N: usize] [(&str, &str); N];
    [const N: usize] &[(&str, &str); N];
    [] &[(&str, &str)];
    [] Vec<(&str, &str)>;
    [] &Vec<(&str, &str)>;
}
