//! An execution: it goes on while its answer is read, and ends with it.

use std::{convert::Infallible, sync::Arc};

use axum::body::Body;
use futures_util::stream;
use serde_json::{Value, json};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinSet,
};
use tower::{
    BoxError, ServiceBuilder, ServiceExt, filter::FilterLayer, load_shed::error::Overloaded,
    util::BoxCloneSyncService,
};
use tower_metrics::{Operation, Outcome, RejectionLayer, operation::Started};

use crate::{
    plan::{AgentType, Plan, Servers},
    step::{Attempt, Lines, Steps, steps},
    store::{Record, Store},
};

/// Plans become bodies, in which the execution is told; as many at once as there are slots.
pub(crate) type Executions = BoxCloneSyncService<Plan, Body, BoxError>;

/// How many executions go on at once: each is a process.
pub(crate) const SLOTS: usize = 16;

/// What executions are made with.
#[derive(Clone)]
struct Runner {
    measured: Operation<2>,
    /// By agent type, in the order of their declaration.
    steps: [Steps; 4],
    store: Store,
}

pub(crate) fn executions(servers: &Servers, store: Store) -> Executions {
    let measured = Operation::new("execution")
        .labels(["agent_type", "server_tag"])
        .outcome_label("status")
        .word(Outcome::Completed, "success")
        .word(Outcome::Error, "failed")
        .started()
        .in_flight_limit(SLOTS);
    for agent_type in AgentType::ALL {
        servers.tags().for_each(|tag| measured.initialize_with([agent_type.as_str(), tag]));
    }
    let runner = Runner { measured, steps: AgentType::ALL.map(steps), store };
    let slots = Arc::new(Semaphore::new(SLOTS));
    // tower's own limiter would give the slot back with the head of the answer.
    let with_slot = move |plan: Plan| match Arc::clone(&slots).try_acquire_owned() {
        Ok(slot) => Ok((plan, slot)),
        Err(_) => Err(Overloaded::new()),
    };
    let service = ServiceBuilder::new()
        .layer(RejectionLayer::new("executions").around(FilterLayer::new(with_slot)))
        .service_fn(move |(plan, slot)| {
            let body = runner.clone().body(plan, slot);
            async { Ok::<_, Infallible>(body) }
        });
    BoxCloneSyncService::new(service)
}

// ===== impl Runner =====

impl Runner {
    /// A task of its own, so that whoever reads slowly does not hold up a limit of time; its set ends it with the body.
    fn body(self, plan: Plan, slot: OwnedSemaphorePermit) -> Body {
        let measured = self.measured.start_with([plan.agent_type.as_str(), &plan.server_tag]);
        let (lines, heard) = mpsc::unbounded_channel();
        let mut task = JoinSet::new();
        task.spawn(async move {
            let lines = Lines(lines);
            let last = self.run(plan, &lines, measured).await;
            drop(slot);
            // Told last, so that whoever reads it finds it in the store and in the numbers, and the slot free.
            lines.say(&last);
        });
        Body::from_stream(stream::unfold((heard, task), async |(mut heard, task)| {
            let line = heard.recv().await?;
            Some((Ok::<_, Infallible>(line), (heard, task)))
        }))
    }

    /// Runs step after step, until one fails for good, and returns how it ended. Dropped before its end, it is cancelled, in
    /// the numbers and in the store.
    async fn run(self, plan: Plan, lines: &Lines, measured: Started) -> Value {
        let Plan { agent_type, server_tag, steps } = plan;
        let mut record = Record::begun(&self.store, agent_type, server_tag);
        lines.say(&json!({ "execution": record.id() }));

        let mut result = Ok(());
        for (number, step) in steps.into_iter().enumerate() {
            let attempt = Attempt { step, number, lines: lines.clone() };
            result = self.steps[agent_type as usize].clone().oneshot(attempt).await;
            if result.is_err() {
                break;
            }
            record.step_done();
        }

        let status = if result.is_ok() {
            measured.complete();
            "success"
        } else {
            measured.fail();
            "failed"
        };
        record.end(status)
    }
}
