//! What a name has to be.

use super::{CATALOG, scheme};

pub(crate) fn assert_metric_name(name: &str) {
    assert!(
        is_metric_name(name),
        "{name:?} is no Prometheus metric name: use letters, digits, `_` and `:`, and begin with no digit"
    );
}

/// Refuses what Prometheus would, and names that Layers of this crate have, which are of other labels.
pub(crate) fn assert_free(name: &str) {
    assert_metric_name(name);
    assert!(
        CATALOG.iter().all(|metric| metric.name() != name)
            && scheme::all_exported().all(|other| other != name),
        "{name:?} is recorded by another Layer of this crate: give this metric another name"
    );
}

pub(crate) fn assert_counter_name(name: &str) {
    assert_free(name);
    assert!(is_counter_name(name), "{name:?} names a counter, which ends in `_total`: add it");
}

pub(crate) fn assert_label_name(name: &str) {
    assert!(
        is_label_name(name),
        "{name:?} is no label name for Prometheus: use letters, digits and `_`, begin with no digit and not with \
         `__`, and not `le` or `quantile`, which the exposition itself uses"
    );
}

pub(crate) const fn is_metric_name(name: &str) -> bool {
    is_name(name, true)
}

pub(super) const fn is_counter_name(name: &str) -> bool {
    matches!(name.as_bytes(), [.., b'_', b't', b'o', b't', b'a', b'l'])
}

pub(super) const fn is_part_of_histogram(name: &str) -> bool {
    matches!(
        name.as_bytes(),
        [.., b'_', b'b', b'u', b'c', b'k', b'e', b't']
            | [.., b'_', b's', b'u', b'm']
            | [.., b'_', b'c', b'o', b'u', b'n', b't']
    )
}

pub(super) const fn is_label_name(name: &str) -> bool {
    is_name(name, false) && !matches!(name.as_bytes(), [b'_', b'_', ..] | b"le" | b"quantile")
}

/// Letters, digits and `_`, or colons where they may be; no digit at the beginning. In a loop, so that it can be asked
/// while a program is compiled.
const fn is_name(name: &str, with_colons: bool) -> bool {
    let mut rest = name.as_bytes();
    if matches!(rest, [] | [b'0'..=b'9', ..]) {
        return false;
    }
    while let [first, others @ ..] = rest {
        if !(first.is_ascii_alphanumeric() || *first == b'_' || (with_colons && *first == b':')) {
            return false;
        }
        rest = others;
    }
    true
}
