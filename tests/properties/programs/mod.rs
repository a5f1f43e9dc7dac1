//! Random programs of calls, polls, drops, panics, errors, clones, scrapes and silences, on up to eight threads: at every
//! quiet point the numbers are those of a model that knows nothing of the crate.
//!
//! `PROPTEST_CASES=100000 cargo test --all-features --release --test properties programs` runs as many as one likes.

mod forgetful;
mod model;
mod run;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Barrier, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use proptest::{collection::vec, prelude::*};
use tower_metrics::Outcome;

use self::{
    forgetful::Forgetful,
    model::{Answer, Piece, Plan},
    run::{Op, Thread, layers},
};
use crate::support::quiet_panics;

fn piece() -> impl Strategy<Value = Piece> {
    prop_oneof![
        6 => Just(Piece::Data),
        2 => Just(Piece::Pending),
        1 => Just(Piece::Trailers),
        1 => Just(Piece::Fail),
        1 => Just(Piece::Panic),
    ]
}

fn plan() -> impl Strategy<Value = Plan> {
    let status = prop_oneof![Just(200), Just(204), Just(304), Just(404), Just(405), Just(500)];
    let answered = (status, vec(piece(), 0..5), any::<bool>(), any::<bool>()).prop_map(
        |(status, pieces, is_exact, tells_end)| Answer::Head { status, pieces, is_exact, tells_end },
    );
    let answer = prop_oneof![
        1 => Just(Answer::PanicInCall),
        1 => Just(Answer::PanicInPoll),
        1 => Just(Answer::Error),
        7 => answered,
    ];
    (0..3_usize, answer, 0..4_usize).prop_map(|(pending, answer, path)| Plan { pending, answer, path })
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (any::<prop::sample::Index>(), plan()).prop_map(|(layer, plan)| Op::Call(layer, plan)),
        12 => any::<prop::sample::Index>().prop_map(Op::Poll),
        3 => any::<prop::sample::Index>().prop_map(Op::Drop),
        1 => any::<prop::sample::Index>().prop_map(Op::CloneService),
        1 => Just(Op::Scrape),
    ]
}

/// Phases, each of as many lists of operations as there are threads, and the seconds of silence after each phase.
fn program() -> impl Strategy<Value = (Vec<Vec<Vec<Op>>>, Vec<u64>)> {
    (1..=8_usize, 1..5_usize).prop_flat_map(|(threads, phases)| {
        let silence = prop_oneof![Just(0), Just(1), Just(4), Just(15), Just(90_000)];
        (vec(vec(vec(op(), 0..30), phases), threads), vec(silence, phases))
    })
}

fn run(threads: Vec<Vec<Vec<Op>>>, silences: &[u64]) {
    let (forgetful, time) = Forgetful::new();
    let layers = layers(&forgetful, &time);
    let quiet = Barrier::new(threads.len());
    let live = AtomicI64::new(0);
    // Noted and told at the end: who panics between two barriers leaves the others waiting.
    let wrong = Mutex::new(Vec::new());
    let note = |what: String| wrong.lock().unwrap().push(what);
    let check_gauge = |when: &str| {
        let (shown, truth) = (forgetful.gauge("http_requests_in_flight"), live.load(Ordering::SeqCst));
        if shown != truth as f64 {
            note(format!("{when}, the gauge shows {shown} where {truth} are in flight"));
        }
    };
    let program = |index: usize, phases: Vec<Vec<Op>>| {
        let mut thread = Thread::new(&layers, &forgetful);
        for (ops, silence) in phases.into_iter().zip(silences) {
            let before = thread.live();
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| thread.run(ops))) {
                note(format!("{:?}", panic.downcast_ref::<String>()));
            }
            live.fetch_add(thread.live() - before, Ordering::SeqCst);
            quiet.wait();
            if index == 0 {
                check_gauge("before a silence");
                time.advance(*silence);
                forgetful.scrape(true);
                check_gauge("after a silence");
            }
            quiet.wait();
        }
        thread.finish()
    };
    let ended: Vec<[u64; Outcome::ALL.len()]> = std::thread::scope(|scope| {
        let program = &program;
        let threads = threads.into_iter().enumerate();
        let running: Vec<_> =
            threads.map(|(index, phases)| scope.spawn(move || program(index, phases))).collect();
        running.into_iter().map(|thread| thread.join().expect("its panics were caught")).collect()
    });
    assert_eq!(wrong.into_inner().unwrap(), Vec::<String>::new());
    forgetful.scrape(true);

    assert_eq!(forgetful.gauge("http_requests_in_flight"), 0.0);
    for outcome in Outcome::ALL {
        let expected: u64 = ended.iter().map(|thread| thread[outcome as usize]).sum();
        assert_eq!(forgetful.counted("http_requests_total", outcome.as_str()), expected, "{outcome}");
    }
    let all: u64 = ended.iter().flatten().sum();
    assert_eq!(forgetful.counted("http_requests_total", ""), all);
    assert_eq!(forgetful.sampled("http_request_duration_seconds"), all);
}

proptest! {
    #[test]
    fn every_call_of_every_program_ends_once((threads, silences) in program()) {
        quiet_panics();
        run(threads, &silences);
    }
}
