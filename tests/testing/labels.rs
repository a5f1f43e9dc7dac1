//! How labels are asked for, and how samples are.

use std::time::Duration;

use tower_metrics::{
    Operation,
    sla::{Sla, histogram_bounds},
    testing::{Clock, Recorder},
};

fn recorded() -> Recorder {
    let recorder = Recorder::new();
    let (clock, time) = Clock::mock();
    let query = Operation::new("db_query").labels(["table"]).recorder(recorder.shared()).clock(clock);
    for (table, millis) in [("users", 20), ("users", 100), ("users", 101), ("orders", 3_000)] {
        query.run_with([table], || time.advance(Duration::from_millis(millis)));
    }
    recorder
}

#[test]
fn labels_are_taken_by_value_borrowed_and_as_a_list() {
    let recorder = recorded();
    let labels = vec![("table", "users"), ("outcome", "completed")];
    let found = [
        recorder.counter("db_query_total", [("table", "users")]),
        recorder.counter("db_query_total", [("table", "users")]),
        recorder.counter("db_query_total", &labels[..]),
        recorder.counter("db_query_total", &labels),
        recorder.counter("db_query_total", labels),
    ];
    assert_eq!(found, [3; 5]);
    assert_eq!([recorder.counter("db_query_total", []), recorder.counter("db_query_total", [])], [4; 2]);
    assert_eq!(recorder.gauge("db_query_in_flight", []).to_string(), "0");
    assert_eq!(recorder.gauge("nowhere", []).to_string(), "0", "it is no -0");
    assert_eq!(recorder.samples("db_query_duration_seconds", [("table", "orders")]), [3.0]);
}

#[test]
fn a_sample_of_exactly_the_bound_is_within_it() {
    let durations = recorded().histogram("db_query_duration_seconds", [("table", "users")]);
    assert_eq!((durations.count(), durations.samples()), (3, &[0.02, 0.1, 0.101][..]));
    assert_eq!(durations.sum(), 0.02 + 0.1 + 0.101);
    let within = [0, 20, 99, 100, 101, 5_000].map(|millis| durations.within(Duration::from_millis(millis)));
    assert_eq!(within, [0, 1, 1, 2, 3, 3]);
}

#[test]
fn samples_are_counted_by_the_bounds_of_a_promise() {
    let recorder = recorded();
    let sla = Sla::new("shop").operation("db_query", |query| query.latency(0.99, Duration::from_millis(100)));
    let bounds = &histogram_bounds([&sla])["db_query_duration_seconds"];
    let buckets = recorder.histogram("db_query_duration_seconds", []).buckets(bounds);
    assert_eq!(buckets.len(), bounds.len() + 1);
    let at = |le: f64| buckets.iter().find(|(bound, _)| *bound == le).unwrap().1;
    assert_eq!([at(0.05), at(0.1), at(0.25), at(f64::INFINITY)], [1, 2, 3, 4]);
    assert!(buckets.is_sorted_by_key(|(_, count)| *count), "they are cumulative: {buckets:?}");
}

#[test]
fn nothing_has_no_samples_and_is_within_everything() {
    let none = Recorder::new().histogram("nothing", []);
    assert_eq!((none.count(), none.sum(), none.within(Duration::ZERO)), (0, 0.0, 0));
    assert_eq!(none.buckets([1.0, f64::INFINITY]), [(1.0, 0), (f64::INFINITY, 0)]);
}
