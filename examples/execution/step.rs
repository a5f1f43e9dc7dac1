//! One step of a plan: a process, tried again where that may help.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    net::TcpStream,
    sync::mpsc::UnboundedSender,
    time::{Sleep, sleep, timeout},
};
use tower::{
    ServiceBuilder,
    retry::{Policy, RetryLayer},
    util::BoxCloneSyncService,
};
use tower_metrics::{Outcome, ServiceMetricsLayer, metrics::counter, retry::MeteredPolicy};

use crate::{command::Command, plan::AgentType, promise};

/// What is to be done.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    agent_type: AgentType,
    command: Command,
    /// Where its server is reached.
    address: Option<String>,
    timeout: Duration,
}

/// A step, and who hears of it.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) step: Step,
    pub(crate) number: usize,
    pub(crate) lines: Lines,
}

/// Who hears what is going on: a line of JSON each. What a process may print is limited, so nothing grows where nobody reads.
#[derive(Clone, Debug)]
pub(crate) struct Lines(pub(crate) UnboundedSender<Bytes>);

/// Why an attempt failed: a label, so a closed set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorType {
    /// The server cannot be reached.
    Connection,
    /// The process could not be started, or something killed it.
    System,
    /// It took too long, and was killed.
    Timeout,
    /// It printed too much, and was killed.
    Output,
    /// It ended, and said that it failed.
    Command,
    /// It is not on the list, and was not tried.
    NotAllowed,
}

/// The steps of one type of agent.
pub(crate) type Steps = BoxCloneSyncService<Attempt, (), ErrorType>;

/// What a process may print.
const MOST_OUTPUT: u64 = 64 * 1024;

/// Tries again what may pass by itself.
#[derive(Clone, Debug)]
struct Healing {
    left: u32,
}

/// Steps of this type of agent, counted outside of the retry: a step that is healed is one, and a success. Each type has a
/// policy of its own, so that the label `policy` is the agent type.
pub(crate) fn steps(agent_type: AgentType) -> Steps {
    let measured = ServiceMetricsLayer::new("execution_step")
        .count_as("execution_steps_total")
        .outcome_label("status")
        .word(Outcome::Completed, "success")
        .word(Outcome::Error, "failed")
        .label("agent_type", |attempt: &Attempt| attempt.step.agent_type.as_str().into());
    measured.initialize_with([agent_type.as_str()]);
    let policy = MeteredPolicy::new(agent_type.as_str(), Healing { left: 2 });
    ErrorType::ALL.iter().for_each(|error| error.count(agent_type, 0));
    BoxCloneSyncService::new(
        ServiceBuilder::new().layer(measured).layer(RetryLayer::new(policy)).service_fn(Attempt::made),
    )
}

// ===== impl Step =====

impl Step {
    pub(crate) fn new(
        agent_type: AgentType,
        command: Command,
        address: Option<String>,
        seconds: u64,
    ) -> Self {
        Self { agent_type, command, address, timeout: Duration::from_secs(seconds) }
    }
}

// ===== impl Attempt =====

impl Attempt {
    async fn made(self) -> Result<(), ErrorType> {
        let made = timeout(self.step.timeout, self.process()).await.unwrap_or(Err(ErrorType::Timeout));
        if let Err(error) = made {
            error.count(self.step.agent_type, 1);
            self.lines.say(&json!({ "step": self.number, "error": error.as_str() }));
        }
        made
    }

    async fn process(&self) -> Result<(), ErrorType> {
        if let Some(address) = &self.step.address {
            TcpStream::connect(address).await.map_err(|_| ErrorType::Connection)?;
        }
        let mut child = self.step.command.start().map_err(|_| ErrorType::System)?;
        self.lines.say(&json!({ "step": self.number, "pid": child.id() }));

        let output = child.stdout.take().expect("it is a pipe");
        let mut output = BufReader::new(output.take(MOST_OUTPUT + 1));
        let (mut line, mut printed) = (Vec::new(), 0);
        while output.read_until(b'\n', &mut line).await.map_err(|_| ErrorType::System)? > 0 {
            printed += line.len() as u64;
            if printed > MOST_OUTPUT {
                return Err(ErrorType::Output);
            }
            let text = String::from_utf8_lossy(&line);
            self.lines.say(&json!({ "step": self.number, "output": text.trim_end_matches('\n') }));
            line.clear();
        }
        match child.wait().await.map_err(|_| ErrorType::System)?.code() {
            Some(0) => Ok(()),
            Some(_) => Err(ErrorType::Command),
            None => Err(ErrorType::System),
        }
    }
}

// ===== impl Lines =====

impl Lines {
    pub(crate) fn say(&self, line: &Value) {
        // Whoever heard may have gone; then all of this ends at once.
        drop(self.0.send(format!("{line}\n").into()));
    }
}

// ===== impl ErrorType =====

impl ErrorType {
    const ALL: [Self; 6] =
        [Self::Connection, Self::System, Self::Timeout, Self::Output, Self::Command, Self::NotAllowed];

    pub(crate) fn count(self, agent_type: AgentType, count: u64) {
        counter!(promise::ERRORS.name(), "agent_type" => agent_type.as_str(), "error_type" => self.as_str())
            .increment(count);
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Connection => "connection_error",
            Self::System => "system_error",
            Self::Timeout => "timeout",
            Self::Output => "output_limit",
            Self::Command => "command_failed",
            Self::NotAllowed => "not_allowed",
        }
    }
}

// ===== impl Healing =====

impl Policy<Attempt, (), ErrorType> for Healing {
    type Future = Sleep;

    fn retry(&mut self, _: &mut Attempt, result: &mut Result<(), ErrorType>) -> Option<Sleep> {
        // A command that says no says it again.
        let may_pass = matches!(result, Err(ErrorType::Connection | ErrorType::System));
        (may_pass && self.left > 0).then(|| {
            self.left -= 1;
            sleep(Duration::from_millis(200))
        })
    }

    fn clone_request(&mut self, attempt: &Attempt) -> Option<Attempt> {
        Some(attempt.clone())
    }
}
