//! The agents, each behind a stack of its own: what is counted, the circuit breaker, what is measured, the timeout.

use std::{
    collections::BTreeMap,
    error::Error,
    fmt,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};
use tower::{
    BoxError, Service, ServiceBuilder, ServiceExt, timeout::error::Elapsed, util::BoxCloneSyncService,
};
use tower_metrics::{RejectionLayer, RequestCountLayer, ServiceMetricsLayer, labels::Capped};

use crate::{
    breaker::{Breaker, Open},
    faults::Faults,
    promise::COST,
};

/// Every type of agent that there is.
pub(crate) const AGENTS: [&str; 5] = ["coder", "planner", "researcher", "reviewer", "tester"];

const MICRODOLLARS_PER_TOKEN: u64 = 15;
const MOST_SECONDS: f64 = 120.0;
const MOST_TOKENS: u64 = 1_000_000;

/// What is asked of an agent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Task {
    repository: String,
    user: String,
    /// How long it takes, in the place of work.
    #[serde(default)]
    seconds: f64,
    #[serde(default = "some_tokens")]
    tokens: u64,
}

/// What an agent did.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    agent_type: &'static str,
    tokens: u64,
    microdollars: u64,
}

/// All agents.
pub(crate) struct Agents {
    by_type: BTreeMap<&'static str, (Stack, Breaker)>,
}

/// One agent: it takes its time, and costs something.
#[derive(Clone)]
struct Agent {
    agent_type: &'static str,
    cost: Capped<2>,
    faults: Faults,
}

/// What a task uses, from its begin to its end: it is paid for whether or not it was of use, and of a task that is given up,
/// by a timeout or by its caller, as much as was used by then.
struct Meter {
    task: Task,
    cost: Capped<2>,
    begun: Instant,
}

#[derive(Debug)]
struct Failed;

type Stack = BoxCloneSyncService<Task, Report, BoxError>;

// ===== impl Agents =====

impl Agents {
    pub(crate) fn new(timeout: Duration, pause: Duration, faults: &Faults) -> Self {
        // Label sets are fewer than repositories times users could be: whoever spends is found by either label, and what is
        // beyond is `_OVERFLOW`, with the sum exact.
        let cost = Capped::new(COST.name(), ["repository", "user"], COST.help())
            .max_values("repository", 500)
            .max_values("user", 1_000)
            .max_label_sets(2_000);
        let agent = |agent_type| {
            let breaker = Breaker::new(agent_type, pause);
            let agent = Agent { agent_type, cost: cost.clone(), faults: faults.clone() };
            (agent_type, (stack(agent, timeout, breaker.clone()), breaker))
        };
        Self { by_type: AGENTS.map(agent).into() }
    }

    /// The breaker of an agent, if there is such an agent.
    pub(crate) fn breaker(&self, agent_type: &str) -> Option<&Breaker> {
        self.by_type.get(agent_type).map(|(_, breaker)| breaker)
    }

    /// Has an agent do its task, if there is such an agent.
    pub(crate) fn run(
        &self,
        agent_type: &str,
        task: Task,
    ) -> Option<(&'static str, impl Future<Output = Result<Report, BoxError>> + use<>)> {
        let (agent_type, (stack, _)) = self.by_type.get_key_value(agent_type)?;
        Some((agent_type, stack.clone().oneshot(task)))
    }
}

/// From the outside in: what is counted, what is refused, what is measured, what takes too long.
fn stack(agent: Agent, timeout: Duration, breaker: Breaker) -> Stack {
    let agent_type = agent.agent_type;
    let calls = ServiceMetricsLayer::new("orchestrator_circuit_breaker_calls")
        .label("agent", move |_: &Task| agent_type.into())
        .classify(|result: Result<&Report, &BoxError>| outcome(result))
        .expect_words(["success", "failure", "timeout", "rejected"]);
    let calls = RequestCountLayer::from(calls);
    calls.initialize_with([agent_type]);
    let executions = ServiceMetricsLayer::new("orchestrator_agent_execution")
        .label("agent_type", move |_: &Task| agent_type.into())
        .classify(|result: Result<&Report, &BoxError>| outcome(result))
        .expect_words(["success", "failure", "timeout"]);
    executions.initialize_with([agent_type]);
    let stack = ServiceBuilder::new()
        .layer(calls)
        .layer(RejectionLayer::new("circuit_breaker").reason(|_| Some("open")).around(breaker))
        .layer(executions)
        .timeout(timeout)
        .service(agent);
    BoxCloneSyncService::new(stack)
}

/// The word for a result, on every metric and in every event.
pub(crate) fn outcome<T, E: AsRef<dyn Error + Send + Sync>>(result: Result<T, E>) -> &'static str {
    match result {
        Ok(_) => "success",
        Err(error) if error.as_ref().is::<Open>() => "rejected",
        Err(error) if error.as_ref().is::<Elapsed>() => "timeout",
        Err(_) => "failure",
    }
}

// ===== impl Task =====

impl Task {
    /// Says what is wrong with it, if anything is.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.repository.is_empty() || self.user.is_empty() {
            Err("`repository` and `user` say who pays: leave neither empty\n".into())
        } else if !(0.0..=MOST_SECONDS).contains(&self.seconds) {
            Err(format!("`seconds` is {}: it can be 0 to {MOST_SECONDS}\n", self.seconds))
        } else if self.tokens > MOST_TOKENS {
            Err(format!("`tokens` is {}: it can be {MOST_TOKENS} at most\n", self.tokens))
        } else {
            Ok(())
        }
    }
}

fn some_tokens() -> u64 {
    1_000
}

// ===== impl Agent =====

impl Service<Task> for Agent {
    type Response = Report;
    type Error = Failed;
    type Future = BoxFuture<'static, Result<Report, Failed>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failed>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, task: Task) -> Self::Future {
        let Self { agent_type, cost, faults } = self.clone();
        Box::pin(async move {
            let (seconds, tokens) = (task.seconds, task.tokens);
            let _meter = Meter::start(task, cost);
            sleep(Duration::from_secs_f64(seconds)).await;
            assert!(!faults.is_on("panic"), "the agent panics, as switched");
            match faults.is_on(agent_type) {
                true => Err(Failed),
                false => Ok(Report { agent_type, tokens, microdollars: tokens * MICRODOLLARS_PER_TOKEN }),
            }
        })
    }
}

// ===== impl Meter =====

impl Meter {
    fn start(task: Task, cost: Capped<2>) -> Self {
        // A scrape meanwhile sees a new payer at zero, and then the increase.
        cost.increment([&*task.repository, &*task.user], 0);
        Self { task, cost, begun: Instant::now() }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        let Task { repository, user, seconds, tokens } = &self.task;
        let share = (self.begun.elapsed().as_secs_f64() / seconds).min(1.0);
        let used = (*tokens as f64 * share).round() as u64;
        self.cost.increment([repository, user], used * MICRODOLLARS_PER_TOKEN);
    }
}

// ===== impl Failed =====

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the agent failed, as switched")
    }
}

impl Error for Failed {}
