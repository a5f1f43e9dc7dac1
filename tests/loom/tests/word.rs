//! In every order in which threads can run, the gauge is the count as soon as all is quiet.
//!
//! The gauge of the models stores with `Relaxed`, the weakest that the facade allows. Two models show that loom would
//! find a mistake: the way of publishing that looks right first, and a word whose publisher does not look again.

use loom::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};
use models::Word;

/// A word and the gauge that it is published on, as two Layers share them.
#[derive(Default)]
struct Shared {
    word: Word,
    gauge: AtomicU64,
}

impl Shared {
    fn set(&self) -> impl Fn(u64) + '_ {
        |count| self.gauge.store(count, Ordering::Relaxed)
    }

    fn shown(&self) -> u64 {
        self.gauge.load(Ordering::Relaxed)
    }
}

/// Explores every order in which two threads can run, or those of three with two preemptions, and runs `check` when all
/// have ended.
fn model<const N: usize>(threads: [fn(&Shared); N], check: fn(&Shared)) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = (N > 2).then_some(2);
    builder.check(move || {
        let shared = Arc::new(Shared::default());
        let running = threads.map(|run| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || run(&shared))
        });
        for thread in running {
            thread.join().unwrap();
        }
        check(&shared);
    });
}

fn up(shared: &Shared) {
    shared.word.up(shared.set());
}

fn up_and_down(shared: &Shared) {
    shared.word.up(shared.set());
    shared.word.down(shared.set());
}

#[test]
fn calls_that_begin_and_end_at_once_leave_the_gauge_at_zero() {
    model([up_and_down, up_and_down], |shared| assert_eq!(shared.shown(), 0));
}

#[test]
fn three_calls_that_begin_at_once_are_all_shown() {
    model([up, up, up], |shared| assert_eq!(shared.shown(), 3));
}

#[test]
fn one_that_stays_is_shown_whatever_others_do() {
    model([up, up_and_down], |shared| assert_eq!(shared.shown(), 1));
}

#[test]
fn a_layer_that_comes_meanwhile_shows_what_is_in_flight() {
    model([up, |shared| shared.word.refresh(shared.set())], |shared| assert_eq!(shared.shown(), 1));
}

#[test]
fn a_limit_is_never_passed_and_every_place_is_taken() {
    fn take(shared: &Shared) {
        shared.word.up_to(2, |count| {
            assert!(count <= 2);
            shared.set()(count);
        });
    }
    model([take, take, take], |shared| assert_eq!(shared.shown(), 2));
}

#[test]
fn the_count_never_goes_below_zero() {
    model([up_and_down, up_and_down, up_and_down], |shared| {
        shared.word.up(|count| {
            assert_eq!(count, 1, "all that began has ended");
            shared.set()(count);
        });
    });
}

/// Counts, and publishes what it has seen: the obvious way.
#[test]
#[should_panic(expected = "as it is")]
fn loom_finds_that_publishing_what_one_has_seen_is_wrong() {
    loom::model(|| {
        let shared = Arc::new((AtomicU64::new(0), AtomicU64::new(0)));
        let up = |shared: &(AtomicU64, AtomicU64)| {
            let count = shared.0.fetch_add(1, Ordering::SeqCst) + 1;
            shared.1.store(count, Ordering::SeqCst);
        };
        let other = Arc::clone(&shared);
        let thread = thread::spawn(move || up(&other));
        up(&shared);
        thread.join().unwrap();
        assert_eq!(shared.1.load(Ordering::SeqCst), 2, "the gauge shows the count as it is");
    });
}

/// Publishes until the count is what was published, as a re-read after the store: right only with stronger stores than
/// a gauge has to have.
#[test]
#[should_panic(expected = "as it is")]
fn loom_finds_that_looking_again_after_a_relaxed_store_is_wrong() {
    loom::model(|| {
        let shared = Arc::new((AtomicU64::new(0), AtomicU64::new(0)));
        let up = |shared: &(AtomicU64, AtomicU64)| {
            let mut count = shared.0.fetch_add(1, Ordering::AcqRel) + 1;
            loop {
                shared.1.store(count, Ordering::Relaxed);
                let now = shared.0.load(Ordering::Acquire);
                if now == count {
                    return;
                }
                count = now;
            }
        };
        let other = Arc::clone(&shared);
        let thread = thread::spawn(move || up(&other));
        up(&shared);
        thread.join().unwrap();
        assert_eq!(shared.1.load(Ordering::Relaxed), 2, "the gauge shows the count as it is");
    });
}
