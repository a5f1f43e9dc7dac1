//! The torture itself: round after round, a step of each call in turn.

use std::{
    collections::BTreeMap,
    future::poll_fn,
    task::{Context, Poll},
};

use tower_service::Service;

use super::{
    call::{Call, Step},
    dice::Dice,
    faults::Injection,
    left::drop_elsewhere,
    patience::Patience,
    report::{Report, Tally},
    rest::Frames,
    run::Torture,
    told::Made,
    way::{Open, Script, Way},
    witness::Witness,
};

// ===== impl Torture =====

impl Torture {
    pub(super) async fn drive<S, R>(
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
        let mut tallies: BTreeMap<Way, Tally> = BTreeMap::new();
        let mut made = Made::default();
        'rounds: for round in 0..self.rounds {
            let mut new = |script: Script| {
                let injection = Injection { slot: self.slot.clone(), fault: script.fault() };
                Call::new(script, (make(), request()), injection, open)
            };
            let calls: Vec<_> = Script::all(ways).map(&mut new).collect();
            // While tasks of the runtime are about there is no quiet moment to look at, so in the first round they come last.
            let (first, last): (Vec<_>, Vec<_>) =
                calls.into_iter().partition(|call| round > 0 || call.script.way != Way::Aborted);
            for mut together in [first, last] {
                self.round(&mut together, &mut made, &mut witness, &mut dice).await;
                for call in &together {
                    tallies.entry(call.script.way).or_default().add(call.told);
                    witness.hear(call.told);
                }
                if together.iter().any(|call| call.told.is_given_up) {
                    break 'rounds;
                }
            }
        }
        if self.rounds > 0 && !tallies.values().any(Tally::has_given_up) {
            let calls = self.at_once(&mut make, &mut request, open, &mut made);
            for told in calls {
                tallies.entry(Way::AtOnce).or_default().add(told);
                witness.hear(told);
            }
            witness.look(made, &Way::AtOnce);
        }
        let mut off: Vec<_> = witness.first_off().into_iter().collect();
        off.extend(witness.off(made));
        off.extend(self.not_done(&tallies, made));
        off.extend(witness.unbalanced());
        Report {
            ways: tallies.into_iter().collect(),
            calls: witness.to_be_counted(made),
            made: made.calls,
            counted: witness.counted(),
            off,
            seed: self.seed,
            had_faults: self.slot.is_some(),
        }
    }

    /// What the torture could not do, so that nothing is known of it.
    fn not_done(&self, tallies: &BTreeMap<Way, Tally>, made: Made) -> Vec<String> {
        if made.calls == 0 {
            let why = match self.rounds {
                0 => "it was to go no round",
                _ => "the service was never ready for one, or failed before it",
            };
            return vec![format!("no call was made: {why}")];
        }
        let given_up = tallies.iter().filter(|(_, tally)| tally.is_all_given_up());
        let mut off: Vec<_> =
            given_up.map(|(way, _)| format!("given up: nothing came of a call to be \"{way}\"")).collect();
        // One that has waited for its turn in vain has had no fault either.
        if self.slot.is_some() && off.is_empty() && !tallies.values().any(Tally::had_fault) {
            off.push("no fault was taken: is the Layer of faults inside of the measured one?".into());
        }
        off
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
                if has_moved && !calls.iter().all(Call::is_done) {
                    continue;
                }
                // What is left may have the place in a limiter, or the lock, that the others wait for.
                let has_left = leave(calls, made);
                if has_left && !calls.iter().any(Call::is_away) {
                    witness.look(*made, &Way::DroppedElsewhere);
                }
                if calls.iter().all(Call::is_done) {
                    return Poll::Ready(());
                }
                if !has_left {
                    break;
                }
            }
            if patience.get_or_insert_with(|| Patience::begin(self.patience)).is_over(cx) {
                for call in &mut *calls {
                    let before = call.told;
                    call.give_up();
                    made.add(before, call.told);
                }
                return Poll::Ready(());
            }
            Poll::Pending
        })
        .await;
    }
}

/// Lets other threads drop what is left to them, and tells whether there was any.
fn leave<S, R, T>(calls: &mut [Call<S, R, T>], made: &mut Made) -> bool {
    let mut left = Vec::new();
    for call in calls {
        let before = call.told;
        left.extend(call.leave());
        made.add(before, call.told);
    }
    let has_any = !left.is_empty();
    drop_elsewhere(left);
    has_any
}
