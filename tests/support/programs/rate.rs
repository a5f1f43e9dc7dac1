//! The arithmetic of Prometheus, done again by hand.

#![allow(dead_code, reason = "no test binary needs all of it")]

/// The rate of a counter that was not reset, as Prometheus documents it: extrapolated to the ends of the window, where a
/// sample is near to them, and never below zero.
pub(crate) fn rate(samples: &[(f64, f64)], at: f64, window: f64) -> f64 {
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return 0.0 };
    if samples.len() < 2 {
        return 0.0;
    }
    let (increase, sampled) = (last.1 - first.1, last.0 - first.0);
    let between = sampled / (samples.len() - 1) as f64;
    let to_zero = if increase > 0.0 { sampled * first.1 / increase } else { f64::INFINITY };
    let near = |distance: f64| if distance < 1.1 * between { distance } else { between / 2.0 };
    let before = near((first.0 - (at - window)).min(to_zero));
    let after = near(at - last.0);
    increase * (sampled + before + after) / sampled / window
}
