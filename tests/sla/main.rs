//! From promises to bucket bounds.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

use std::time::Duration;

use proptest::prelude::*;
use tower_metrics::sla::{Sla, bounds};

fn promise(threshold: Duration) -> Sla {
    Sla::new("api").latency(0.99, threshold)
}

fn millis(millis: u64) -> Sla {
    promise(Duration::from_millis(millis))
}

#[test]
fn a_threshold_of_100_ms_has_the_usual_bounds_of_an_api() {
    assert_eq!(millis(100).bounds(), [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.4, 0.5, 1.0, 2.5, 5.0]);
}

#[test]
fn a_threshold_of_2_s_still_tells_a_service_of_5_ms_from_one_of_100() {
    assert_eq!(
        millis(2_000).bounds(),
        [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 1.5, 2.0, 5.0, 8.0, 10.0, 20.0]
    );
}

#[test]
fn three_promises_merge_into_twenty_bounds() {
    assert_eq!(
        bounds(&[millis(5), millis(100), millis(2_000)]),
        [
            0.0005, 0.00125, 0.0025, 0.00375, 0.005, 0.01, 0.02, 0.05, 0.075, 0.1, 0.2, 0.4, 1.0, 1.5, 2.0,
            2.5, 5.0, 8.0, 10.0, 20.0
        ]
    );
}

#[test]
fn a_promise_without_a_latency_has_the_default_bounds() {
    let bounds = Sla::new("api").availability(0.999).bounds();
    assert_eq!(bounds, [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0]);
}

#[test]
fn a_promise_is_what_was_promised() {
    let sla = Sla::new("api").availability(0.999).latency(0.95, Duration::from_secs(1));
    assert_eq!((sla.name(), sla.availability_objective()), ("api", Some(0.999)));
    let objective = sla.latency_objectives()[0];
    assert_eq!((objective.quantile, objective.threshold), (0.95, Duration::from_secs(1)));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_threshold_is_a_bound_exactly_and_there_is_one_above(
        nanos in proptest::collection::vec(1_u64..=86_400_000_000_000, 1..15)
    ) {
        let slas: Vec<_> = nanos.iter().map(|nanos| promise(Duration::from_nanos(*nanos))).collect();
        let bounds = bounds(&slas);
        for nanos in &nanos {
            prop_assert!(bounds.contains(&(*nanos as f64 / 1e9)));
            prop_assert!(bounds.contains(&((4 * nanos) as f64 / 1e9)));
        }
        prop_assert!(bounds.windows(2).all(|pair| pair[0] < pair[1]), "{bounds:?}");
        prop_assert!(bounds.iter().all(|bound| bound.is_finite() && *bound > 0.0));
        prop_assert!(bounds.len() <= 20.max(2 * nanos.len()), "{bounds:?}");
    }
}
