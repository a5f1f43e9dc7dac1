//! The torture itself.

use std::{
    fmt,
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::Response;
use http_body::Body;
use tower_service::Service;

use super::{
    aborted::{Abort, Spawn, Task},
    call::{Call, Step},
    dice::Dice,
    faults::{Faults, Injection, Slot},
    left::drop_elsewhere,
    patience::Patience,
    report::{Report, Tally},
    rest::{self, Frames},
    way::{Open, Script, Way},
    witness::{Made, Witness},
};
use crate::testing::Recorder;

/// Runs a service through every way in which a call can end: see the [module](super).
#[must_use = "a torture does nothing until it is run"]
pub struct Torture {
    recorder: Recorder,
    slot: Option<Arc<Slot>>,
    can_fail: bool,
    spawn: Option<Spawn>,
    counted_by: Option<String>,
    rounds: u32,
    seed: u64,
    patience: Duration,
}

// ===== impl Torture =====

impl Torture {
    /// Compares the calls it makes with what this recorder counts of them: the one that the measured Layer was given.
    pub fn new(recorder: &Recorder) -> Self {
        Self {
            recorder: recorder.clone(),
            slot: None,
            can_fail: false,
            spawn: None,
            counted_by: None,
            rounds: 8,
            seed: 0,
            patience: Duration::from_secs(10),
        }
    }

    /// Makes the service panic, fail and wait through these, which stand inside of the measured Layer. Without them only the
    /// caller misbehaves, and a service that answers at once is never dropped while it is pending.
    pub fn faults<E>(mut self, faults: &Faults<E>) -> Self {
        self.slot = Some(Arc::clone(&faults.slot));
        self.can_fail = faults.error.is_some();
        self
    }

    /// Makes some calls tasks of the runtime, and aborts them. What spawns a task returns what aborts it; with tokio:
    ///
    /// ```
    /// # use tower_metrics::testing::{Recorder, Torture};
    /// # let recorder = Recorder::new();
    /// let torture = Torture::new(&recorder).tasks(|task| {
    ///     let task = tokio::spawn(task);
    ///     move || task.abort()
    /// });
    /// # drop(torture);
    /// ```
    pub fn tasks<A>(mut self, spawn: impl Fn(Task) -> A + Send + Sync + 'static) -> Self
    where
        A: FnOnce() + Send + 'static,
    {
        self.spawn = Some(Arc::new(move |task| Box::new(spawn(task)) as Abort));
        self
    }

    /// Says by which metric the calls are counted, where the recorder knows several services: any counter or histogram of the
    /// Layer that is meant, such as `orders_total`. Otherwise they are counted by all that count calls of a server, or where
    /// there is none of a client, or of any service.
    pub fn counted_by(mut self, metric: impl Into<String>) -> Self {
        self.counted_by = Some(metric.into());
        self
    }

    /// Goes each way so many times, 8 unless set. The calls of one round go on together.
    pub fn rounds(mut self, rounds: u32) -> Self {
        self.rounds = rounds;
        self
    }

    /// Lets the calls of a round take turns in another order. The same seed gives the same order, 0 unless set.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Gives up what nothing came of for so long, in each round: 10 s unless set. Only calls that hang take it.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Tortures a service. `make` gives the service for each call, such as `|| service.clone()`, and `request` its request.
    pub async fn run<S, R>(self, make: impl FnMut() -> S, request: impl FnMut() -> R) -> Report
    where
        S: Service<R>,
        S::Future: Send + 'static,
        S::Response: 'static,
    {
        self.drive(make, request, rest::nothing, false).await
    }

    /// Tortures a service of HTTP or gRPC, and reads the bodies of its answers, or does not. `make` gives the service for each
    /// call, such as `|| app.clone()`, and `request` its request.
    pub async fn run_http<S, R, B>(self, make: impl FnMut() -> S, request: impl FnMut() -> R) -> Report
    where
        S: Service<R, Response = Response<B>>,
        S::Future: Send + 'static,
        B: Body + Send + 'static,
    {
        self.drive(make, request, rest::body, true).await
    }

    async fn drive<S, R>(
        self,
        mut make: impl FnMut() -> S,
        mut request: impl FnMut() -> R,
        open: fn(S::Response) -> Option<Frames>,
        has_body: bool,
    ) -> Report
    where
        S: Service<R>,
        S::Future: Send + 'static,
        S::Response: 'static,
    {
        let ways = Open {
            has_body,
            has_tasks: self.spawn.is_some(),
            has_faults: self.slot.is_some(),
            can_fail: self.can_fail,
        };
        let mut witness = Witness::new(&self.recorder, self.counted_by.as_deref());
        let mut dice = Dice::new(self.seed);
        let mut tallies: Vec<(_, Tally)> = Vec::new();
        let mut made = Made::default();
        for round in 0..self.rounds {
            let mut new = |script: Script| {
                let injection = Injection { slot: self.slot.clone(), fault: script.fault() };
                Call::new(script, (make(), request()), injection, open)
            };
            let mut calls: Vec<_> = Script::all(ways).map(&mut new).collect();
            // While tasks of the runtime are about there is no quiet moment to look at, so in the first round they come last.
            let (first, last): (Vec<_>, Vec<_>) =
                calls.drain(..).partition(|call| round > 0 || call.script.way != Way::Aborted);
            for mut together in [first, last] {
                self.round(&mut together, &mut made, &mut witness, &mut dice).await;
                calls.append(&mut together);
            }
            drop_elsewhere(calls.iter_mut().filter_map(Call::leave).collect());

            calls.sort_by_key(|call| call.script.way);
            for call in calls {
                match tallies.iter_mut().find(|(way, _)| *way == call.script.way) {
                    Some((_, tally)) => tally.add(call.told),
                    None => {
                        let mut tally = Tally::default();
                        tally.add(call.told);
                        tallies.push((call.script.way, tally));
                    }
                }
            }
        }
        let mut off: Vec<_> = witness.first_off().into_iter().collect();
        off.extend(witness.off(made));
        off.extend(self.recorder.balance().err().into_iter().flat_map(|it| it.differences().to_vec()));
        Report {
            ways: tallies,
            calls: witness.to_be_counted(made),
            made: made.calls,
            counted: witness.counted(),
            off,
            seed: self.seed,
            had_faults: self.slot.is_some(),
        }
    }

    /// Goes on with all calls of a round, a step of each in turn, until they have ended or nothing comes of them.
    async fn round<S, R>(
        &self,
        calls: &mut [Call<S, R, S::Response>],
        made: &mut Made,
        witness: &mut Witness<'_>,
        dice: &mut Dice,
    ) where
        S: Service<R>,
        S::Future: Send + 'static,
        S::Response: 'static,
    {
        let mut patience = None;
        poll_fn(|cx: &mut Context<'_>| {
            loop {
                dice.shuffle(calls);
                let mut has_moved = false;
                for at in 0..calls.len() {
                    let before = calls[at].told;
                    let step = calls[at].step(self.spawn.as_ref(), cx);
                    made.add(before, calls[at].told);
                    if step == Step::Waits {
                        continue;
                    }
                    has_moved = true;
                    // What a task of the runtime has may end at any time.
                    if !calls.iter().any(Call::is_away) {
                        witness.look(*made, &calls[at]);
                    }
                }
                if calls.iter().all(Call::is_done) {
                    return Poll::Ready(());
                }
                if !has_moved {
                    break;
                }
            }
            if patience.get_or_insert_with(|| Patience::begin(self.patience)).is_over(cx) {
                calls.iter_mut().for_each(Call::give_up);
                return Poll::Ready(());
            }
            Poll::Pending
        })
        .await;
    }
}

impl fmt::Debug for Torture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Torture")
            .field("rounds", &self.rounds)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}
