//! From promises to bucket bounds.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use proptest::prelude::*;
use tower_metrics::{
    names::Naming,
    sla::{Sla, bounds, histogram_bounds},
};

fn promise(threshold: Duration) -> Sla {
    Sla::new("api").latency(0.99, threshold)
}

fn millis(millis: u64) -> Sla {
    promise(Duration::from_millis(millis))
}

#[test]
fn a_threshold_of_100_ms_has_the_usual_bounds_of_an_api() {
    assert_eq!(
        millis(100).bounds(),
        [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.4, 0.5, 1.0, 2.0, 2.5, 5.0]
    );
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
    assert_eq!(bounds, [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0, 10.0]);
}

#[test]
fn a_promise_is_what_was_promised() {
    let sla = Sla::new("api").availability(0.999).latency(0.95, Duration::from_secs(1));
    assert_eq!((sla.name(), sla.availability_objective()), ("api", Some(0.999)));
    let objective = sla.latency_objectives()[0];
    assert_eq!((objective.quantile, objective.threshold), (0.95, Duration::from_secs(1)));
}

#[test]
fn every_histogram_of_a_promise_has_its_bounds() {
    let ms = Duration::from_millis;
    let sla = Sla::new("api")
        .naming(&Naming::new().prefix("house_"))
        .latency(0.99, ms(100))
        .head_latency(0.99, ms(30))
        .apdex(ms(70))
        .high_latency(ms(1_700))
        .also_bound(ms(110))
        .endpoint("GET", "/reports", |it| it.latency(0.9, ms(3_000)))
        .grpc(|it| it.latency(0.99, ms(11)))
        .operation("job", |it| it.latency(0.99, ms(13)).time_as("job_latency_seconds"));
    let bounds = histogram_bounds([&sla]);
    let has = |histogram: &str, expected: &[f64]| {
        assert!(expected.iter().all(|bound| bounds[histogram].contains(bound)), "{histogram}: {bounds:?}");
    };
    has("house_http_request_duration_seconds", &[0.07, 0.28, 0.1, 0.4, 0.11, 0.44, 1.7, 3.0, 12.0]);
    has("house_http_response_head_duration_seconds", &[0.03, 0.12, 0.11, 0.44]);
    has("house_grpc_server_handling_seconds", &[0.011, 0.044]);
    has("job_latency_seconds", &[0.013, 0.052]);
    assert_eq!(bounds.len(), 4);
    assert_eq!(sla.bounds(), bounds["house_http_request_duration_seconds"]);
}

#[test]
fn a_promise_of_other_calls_alone_is_not_about_http() {
    let sla = Sla::new("jobs").operation("job", |it| it.availability(0.99));
    assert!(histogram_bounds([&sla]).is_empty());
}

#[test]
fn what_cannot_be_promised_is_refused_with_what_to_change() {
    let ms = Duration::from_millis;
    let api = || Sla::new("api");
    let day = ms(24 * 3_600_000);
    let refusals: [(&str, &dyn Fn() -> Sla); 26] = [
        ("\"a b\" cannot name an SLA: use letters, digits, `_` and `-`", &|| Sla::new("a b")),
        ("the job of api is empty", &|| api().job("")),
        ("an availability is 1, and has to be between 0 and 1, both excluded: write 0.999", &|| {
            api().availability(1.0)
        }),
        ("an availability is NaN", &|| api().availability(f64::NAN)),
        ("leaves less than a call in 10^12", &|| api().availability(1.0 - 1e-14)),
        ("an availability is promised twice: keep one", &|| api().availability(0.9).availability(0.99)),
        ("a latency threshold is zero", &|| api().latency(0.99, Duration::ZERO)),
        ("is longer than a day", &|| api().latency(0.99, day * 2)),
        ("two latencies are promised for the share 0.99", &|| {
            api().latency(0.99, ms(1)).latency(0.99, ms(2))
        }),
        ("a period of 86400s cannot be kept: give whole days, 7 to 90", &|| api().period(day)),
        ("cannot be kept", &|| api().period(day * 30 + ms(1))),
        ("\"job\" is a label that the rules set themselves", &|| api().selector("job", "x")),
        ("\"instance\" is a label that the rules set themselves", &|| api().alert_label("instance", "x")),
        ("which has a line break or a control character", &|| api().selector("env", "a\u{2028}b")),
        ("\"env\" is a selector, which alerts have as a label", &|| {
            api().selector("env", "a").alert_label("env", "b")
        }),
        ("two latencies are promised for the share 0.99", &|| {
            api().latency(0.99, ms(1)).latency(0.99 + 1e-13, ms(2))
        }),
        ("the selector \"env\" is given twice", &|| api().selector("env", "a").selector("env", "b")),
        ("\"severity\" is a label that the rules set themselves", &|| api().alert_label("severity", "x")),
        ("\"get\" is no method of an endpoint", &|| api().endpoint("get", "/", |it| it.availability(0.9))),
        ("the route of an endpoint is empty", &|| api().endpoint("GET", "", |it| it.availability(0.9))),
        ("nothing is promised of GET /: give an availability or a latency", &|| {
            api().endpoint("GET", "/", |it| it)
        }),
        ("GET / is promised something twice", &|| {
            api()
                .endpoint("GET", "/", |it| it.availability(0.9))
                .endpoint("GET", "/", |it| it.availability(0.9))
        }),
        ("nothing is promised of gRPC", &|| api().grpc(|it| it)),
        ("\"UNAVAILABLE\" cannot count as a failure: name codes as Go spells them", &|| {
            api().grpc(|it| it.availability(0.9).bad(["UNAVAILABLE"]))
        }),
        ("job is promised something twice", &|| {
            api().operation("job", |it| it.availability(0.9)).operation("job", |it| it.availability(0.9))
        }),
        ("no word counts as a failure", &|| api().operation("job", |it| it.availability(0.9).bad([""; 0]))),
    ];
    for (expected, build) in refusals {
        let message = support::refusal(build);
        assert!(message.contains(expected), "{message:?} should say {expected:?}");
    }
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
        prop_assert!(bounds.len() <= 20.max(2 * nanos.len() + 1), "{bounds:?}");
    }
}
