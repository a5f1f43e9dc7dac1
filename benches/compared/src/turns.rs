//! Times, from many short rounds in which everybody has a turn.
//!
//! A machine that slows down slows all of them, so what a Layer adds is the median of its differences to the bare
//! service of the same round.

use std::{sync::Barrier, thread};

use quanta::Clock;

use crate::Caller;

/// Callers on one thread each, which call at the same time.
pub type Team = Vec<Caller>;

/// The nanoseconds that a call took: of each team, in each round.
#[must_use]
pub struct Times(Vec<Vec<f64>>);

/// Has every team call in each round, and `after` do what is not measured.
pub fn measure(teams: &mut [Team], rounds: usize, calls: u32, mut after: impl FnMut()) -> Times {
    let mut nanos = vec![Vec::with_capacity(rounds); teams.len()];
    for round in 0..rounds + 1 {
        for (team, nanos) in teams.iter_mut().zip(&mut nanos) {
            let took = turn(team, calls);
            // The first round makes what is made once.
            if round > 0 {
                nanos.push(took / f64::from(calls));
            }
        }
        after();
    }
    Times(nanos)
}

/// How long the slowest took.
fn turn(team: &mut Team, calls: u32) -> f64 {
    let clock = Clock::new();
    let time = |caller: &mut Caller| {
        let start = clock.raw();
        (0..calls).for_each(|_| caller());
        clock.delta_as_nanos(start, clock.raw()) as f64
    };
    if let [alone] = &mut team[..] {
        return time(alone);
    }
    let barrier = Barrier::new(team.len());
    thread::scope(|scope| {
        let (time, barrier) = (&time, &barrier);
        let running = team.iter_mut().map(|caller| {
            scope.spawn(move || {
                barrier.wait();
                time(caller)
            })
        });
        let running: Vec<_> = running.collect();
        running.into_iter().map(|it| it.join().expect("a caller does not panic")).fold(0.0, f64::max)
    })
}

// ===== impl Times =====

impl Times {
    /// What a call took.
    #[must_use]
    pub fn of(&self, team: usize) -> f64 {
        median(self.0[team].clone())
    }

    /// What a call took beyond one of the other team in the same round.
    #[must_use]
    pub fn added(&self, team: usize, to: usize) -> f64 {
        median(self.0[team].iter().zip(&self.0[to]).map(|(it, bare)| it - bare).collect())
    }
}

/// The middle one.
///
/// # Panics
///
/// Panics where there is none.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
