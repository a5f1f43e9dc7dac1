//! What a caller may ask for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{command::Command, step::Step};

/// A plan as it is sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    agent_type: AgentType,
    server_tag: String,
    steps: Vec<AskedStep>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedStep {
    command: String,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default = "ten")]
    timeout_seconds: u64,
}

/// A plan that may run.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) agent_type: AgentType,
    pub(crate) server_tag: String,
    pub(crate) steps: Vec<Step>,
}

/// Which agent runs it: a label, so a closed set.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AgentType {
    General,
    Network,
    Database,
    Security,
}

/// Where plans may run: the address that a server is reached at, by its tag. One without an address is this machine.
#[derive(Debug)]
pub(crate) struct Servers(BTreeMap<String, Option<String>>);

/// Why a plan may not run.
#[derive(Debug)]
pub(crate) enum Refused {
    /// It makes no sense.
    Invalid(String),
    /// It makes sense, and is forbidden.
    NotAllowed(AgentType, String),
}

const MOST_STEPS: usize = 20;

/// A minute is long for a step, and short for who waits for a slot.
const LONGEST_SECONDS: u64 = 60;

/// An execution is 42 series for each agent type and server: 5,040 with as many as this, of the 10,000 that a service may
/// have.
const MOST_SERVERS: usize = 30;

const fn ten() -> u64 {
    10
}

// ===== impl Asked =====

impl Asked {
    /// Refuses what may not run, as a whole and before anything of it does.
    pub(crate) fn checked(self, servers: &Servers) -> Result<Plan, Refused> {
        let Self { agent_type, server_tag, steps } = self;
        let Some(address) = servers.0.get(&server_tag) else {
            let tags: Vec<_> = servers.tags().collect();
            let known = tags.join(", ");
            return Err(Refused::Invalid(format!(
                "server_tag {server_tag:.64?} is not known: use one of {known}"
            )));
        };
        if steps.is_empty() || steps.len() > MOST_STEPS {
            return Err(Refused::Invalid(format!("{} steps: give 1 to {MOST_STEPS}", steps.len())));
        }
        let steps = steps.into_iter().map(|step| {
            if !(1..=LONGEST_SECONDS).contains(&step.timeout_seconds) {
                return Err(Refused::Invalid(format!("timeout_seconds are 1 to {LONGEST_SECONDS}")));
            }
            let command = Command::allowed(&step.command, step.args)
                .map_err(|why| Refused::NotAllowed(agent_type, why))?;
            Ok(Step::new(agent_type, command, address.clone(), step.timeout_seconds))
        });
        Ok(Plan { agent_type, steps: steps.collect::<Result<_, _>>()?, server_tag })
    }
}

// ===== impl AgentType =====

impl AgentType {
    pub(crate) const ALL: [Self; 4] = [Self::General, Self::Network, Self::Database, Self::Security];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Network => "network",
            Self::Database => "database",
            Self::Security => "security",
        }
    }
}

// ===== impl Servers =====

impl Servers {
    /// Reads `TAG[=HOST:PORT],…`.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut servers = BTreeMap::new();
        for server in text.split(',') {
            let (tag, address) = match server.split_once('=') {
                Some((tag, address)) => (tag, Some(address.to_owned())),
                None => (server, None),
            };
            let is_tag = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.';
            if tag.is_empty() || tag.len() > 64 || !tag.chars().all(is_tag) {
                return Err(format!(
                    "{tag:?} is no server tag: use up to 64 letters, digits, `-`, `_` and `.`"
                ));
            }
            if address.as_ref().is_some_and(|it| !it.contains(':')) {
                return Err(format!(
                    "{server:?} has no port: give TAG=HOST:PORT, or TAG alone for this machine"
                ));
            }
            if servers.insert(tag.to_owned(), address).is_some() {
                return Err(format!("the server tag {tag} is given twice: keep one"));
            }
        }
        if servers.len() > MOST_SERVERS {
            return Err(format!("{} servers: give {MOST_SERVERS} at most", servers.len()));
        }
        Ok(Self(servers))
    }

    pub(crate) fn tags(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
