//! Counters of the user's own, under the cap.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

mod given_up;
#[path = "../support/mod.rs"]
mod support;

use metrics::with_local_recorder;
use tower_metrics::{labels::Capped, testing::Recorder};

use crate::support::refusal;

const NAME: &str = "llm_cost_microdollars_total";

fn cost(recorder: &Recorder) -> Capped<2> {
    Capped::new(NAME, ["repository", "user"], "What was spent.").recorder(recorder.shared())
}

#[test]
fn amounts_add_up_under_their_labels() {
    let recorder = Recorder::new();
    let cost = cost(&recorder);
    cost.increment(["website", "ada"], 1_250);
    cost.clone().increment(["website", "ada"], 750);
    cost.increment(["website", "bob"], 1);
    assert_eq!(recorder.counter(NAME, [("repository", "website"), ("user", "ada")]), 2_000);
    assert_eq!(recorder.counter(NAME, []), 2_001);
    assert_eq!(recorder.description(NAME).unwrap().help, "What was spent.");
    assert!(format!("{cost:?}").contains(NAME));
}

#[test]
fn each_label_has_its_own_limit_and_the_sum_stays_exact() {
    let recorder = Recorder::new();
    let cost = cost(&recorder).max_values("repository", 5).max_values("user", 10);
    for n in 0..1_000 {
        cost.increment([&format!("r{n}"), &format!("u{n}")], 3);
    }
    assert_eq!(recorder.counter(NAME, []), 3_000);
    assert_eq!(recorder.counter(NAME, [("repository", "_OVERFLOW"), ("user", "_OVERFLOW")]), 3 * 990);
    assert_eq!(recorder.counter(NAME, [("repository", "_OVERFLOW"), ("user", "u9")]), 3);
    assert_eq!(recorder.series(NAME).len(), 11);
    assert_eq!(recorder.counter("tower_metrics_overflow_total", [("metric", NAME)]), 995);
}

#[test]
fn label_sets_as_a_whole_are_capped_and_values_are_clean() {
    let recorder = Recorder::new();
    let cost = cost(&recorder).max_label_sets(3);
    for n in 0..100 {
        cost.increment(["r\"\n", &n.to_string()], 1);
    }
    assert_eq!(recorder.series(NAME).len(), 4);
    assert_eq!(recorder.counter(NAME, [("repository", "r__"), ("user", "0")]), 1);
    assert_eq!(recorder.counter(NAME, [("repository", "_OVERFLOW")]), 97);
}

#[test]
fn without_a_recorder_nothing_is_counted_and_later_it_is() {
    let cost = Capped::new(NAME, ["user"], "What was spent.");
    cost.increment(["ada"], 1);
    let recorder = Recorder::new();
    with_local_recorder(&recorder, || cost.increment(["ada"], 2));
    assert_eq!(recorder.counter(NAME, []), 2);
}

#[test]
fn bad_names_and_labels_are_refused_with_what_to_change() {
    for (message, words) in [
        (refusal(|| Capped::new("cost", ["a"], "")), ["\"cost\"", "_total"]),
        (refusal(|| Capped::new("co-st_total", ["a"], "")), ["\"co-st_total\"", "use letters"]),
        (refusal(|| Capped::new("cost_total", ["le"], "")), ["\"le\"", "use letters"]),
        (refusal(|| Capped::new("cost_total", ["a", "a"], "")), ["\"a\"", "twice"]),
        (refusal(|| Capped::new("cost_total", ["a"], "").max_values("b", 1)), ["\"b\"", "no label"]),
    ] {
        assert!(words.iter().all(|word| message.contains(word)), "{words:?} in {message}");
    }
}

/// Runs `each` on four threads at once, so often.
fn race(rounds: usize, each: impl Fn(usize, usize) + Sync) {
    let barrier = std::sync::Barrier::new(4);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (barrier, each) = (&barrier, &each);
            scope.spawn(move || {
                for round in 0..rounds {
                    barrier.wait();
                    each(thread, round);
                }
            });
        }
    });
}

#[test]
fn threads_that_bring_the_same_values_take_one_place_each() {
    let counters: Vec<_> = (0..300)
        .map(|_| {
            let recorder = Recorder::new();
            let counter = cost(&recorder).max_values("user", 4).max_label_sets(4);
            (recorder, counter)
        })
        .collect();
    race(300, |_, round| (0..4).for_each(|n| counters[round].1.increment(["r", &format!("u{n}")], 1)));
    for (recorder, _) in counters {
        assert_eq!(recorder.series(NAME).len(), 4, "{recorder}");
        assert_eq!(recorder.gauge("tower_metrics_label_sets", []), 4.0);
        assert_eq!(recorder.counter("tower_metrics_overflow_total", []), 0);
        assert_eq!(recorder.counter(NAME, []), 16);
    }
}

#[test]
fn threads_that_bring_more_than_there_is_room_for_stay_within_it() {
    let recorder = Recorder::new();
    let counter = cost(&recorder).max_values("repository", 7).max_label_sets(50);
    race(200, |thread, round| counter.increment([&format!("r{round}"), &format!("u{thread}-{round}")], 1));
    assert_eq!(recorder.gauge("tower_metrics_label_sets", []), 50.0);
    assert_eq!(recorder.series(NAME).len(), 51);
    assert_eq!(recorder.counter(NAME, []), 800);
    // What is not among the 7 and the 50 was folded, and each call of it counted once.
    let whole = recorder.series(NAME).iter().filter(|series| !series.contains("_OVERFLOW")).count() as u64;
    assert_eq!(recorder.counter("tower_metrics_overflow_total", []), 800 - whole, "{recorder}");
}

#[test]
fn a_label_that_is_full_folds_alone_where_its_label_set_is_known() {
    let recorder = Recorder::new();
    let cost = cost(&recorder).max_values("user", 1).max_label_sets(2);
    // The third finds the label and the cap full.
    for values in [["r0", "u0"], ["r0", "u1"], ["r1", "u2"], ["r0", "u3"]] {
        cost.increment(values, 1);
    }
    let counted = |repository| recorder.counter(NAME, [("repository", repository), ("user", "_OVERFLOW")]);
    assert_eq!(["r0", "r1", "_OVERFLOW"].map(counted), [2, 0, 1], "{recorder}");
}

#[test]
fn a_value_with_the_name_of_what_is_folded_is_not_folded() {
    let recorder = Recorder::new();
    let cost = cost(&recorder).max_label_sets(1);
    cost.increment(["_OVERFLOW", "_OVERFLOW"], 1);
    assert_eq!(recorder.counter(NAME, [("user", "_OVERFLOW")]), 1);
    assert_eq!(recorder.counter("tower_metrics_overflow_total", []), 0, "{recorder}");
}

#[test]
fn values_that_become_the_same_take_one_place() {
    let recorder = Recorder::new();
    let counter = cost(&recorder).max_values("user", 2);
    for n in 0..50 {
        counter.increment(["r", &format!("{}{n}", "x".repeat(128))], 1);
    }
    counter.increment(["r", "ada"], 1);
    assert_eq!(recorder.counter(NAME, [("user", "ada")]), 1, "{recorder}");
    assert_eq!(recorder.gauge("tower_metrics_label_sets", []), 2.0);
}
