//! The torture, as it is set up.

use std::{fmt, sync::Arc, time::Duration};

use http::Response;
use http_body::Body;
use tower_service::Service;

use super::{
    aborted::{Abort, Spawn, Task},
    faults::{Faults, Slot},
    report::Report,
    rest,
};
use crate::testing::Recorder;

/// Runs a service through every way in which a call can end: see the [module](super).
#[must_use = "a torture does nothing until it is run"]
pub struct Torture {
    pub(super) recorder: Recorder,
    pub(super) slot: Option<Arc<Slot>>,
    pub(super) can_fail: bool,
    pub(super) spawn: Option<Spawn>,
    pub(super) counted_by: Option<String>,
    pub(super) rounds: u32,
    pub(super) seed: u64,
    pub(super) patience: Duration,
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

    /// Says by which metric the calls are counted, where the recorder knows several services: any metric of the
    /// Layer that is meant, such as `orders_total`; what others record is then not asked whether it balances. Otherwise they are counted by all that count calls of a server, or where
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

    /// Gives up what a round still waits for after so long: 10 s unless set. The calls of a round wait together, and those of a
    /// service that takes them one after the other have this for all of them. The round in which something was given up is the
    /// last, so a torture of a service that hangs waits so long once, and not once for each round.
    ///
    /// What was given up is told in the report, and where nothing but that became of a way it is off.
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
}

impl fmt::Debug for Torture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Torture")
            .field("rounds", &self.rounds)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}
