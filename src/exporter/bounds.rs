//! The bounds of histograms that no promise tells of, and what bounds have to be.

/// The default bounds of a histogram in bytes: 256 B to 16 MiB, four times as much each.
pub(super) const BYTES: [f64; 9] =
    [256.0, 1024.0, 4096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0, 4_194_304.0, 16_777_216.0];

/// The default bounds of how long a connection lived: 1 s to 1 day.
pub(super) const CONNECTION_SECONDS: [f64; 9] =
    [1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 21_600.0, 86_400.0];

/// Refuses bounds with which a histogram would count wrongly.
pub(super) fn check(metric: &str, bounds: &[f64]) {
    assert!(!bounds.is_empty(), "the bounds of {metric} are empty: give at least one, or leave the defaults");
    if let Some(bound) = bounds.iter().find(|bound| !bound.is_finite()) {
        panic!("the bounds of {metric} hold {bound}: give finite numbers; +Inf is always there");
    }
    if let Some(pair) = bounds.windows(2).find(|pair| pair[0] >= pair[1]) {
        panic!("the bounds of {metric} have {} before {}: give them ascending, each once", pair[0], pair[1]);
    }
}
