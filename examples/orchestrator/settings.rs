//! What the program is told on its command line.

use std::{path::PathBuf, time::Duration};

pub(crate) const USAGE: &str = "cargo run --example orchestrator -- [--addr HOST:PORT] [--metrics-addr HOST:PORT] \
    [--agent-timeout SECONDS] [--breaker-pause SECONDS] [--refresh-interval SECONDS] [--rotation-interval SECONDS] \
    [--token-file FILE] [--faults]";

#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) addr: String,
    pub(crate) metrics_addr: String,
    pub(crate) agent_timeout: Duration,
    pub(crate) breaker_pause: Duration,
    pub(crate) refresh_interval: Duration,
    pub(crate) rotation_interval: Duration,
    /// Whose token resets breakers; without it nobody does.
    pub(crate) token_file: Option<PathBuf>,
    /// Whether there are routes that break things.
    pub(crate) has_faults: bool,
}

// ===== impl Settings =====

impl Settings {
    pub(crate) fn new(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut settings = Self::default();
        while let Some(flag) = args.next() {
            if flag == "--faults" {
                settings.has_faults = true;
                continue;
            }
            let mut value = |what| args.next().ok_or(format!("{flag} wants {what} after it"));
            match &*flag {
                "--addr" => settings.addr = value("HOST:PORT")?,
                "--metrics-addr" => settings.metrics_addr = value("HOST:PORT")?,
                "--agent-timeout" => settings.agent_timeout = seconds(&flag, &value("SECONDS")?)?,
                "--breaker-pause" => settings.breaker_pause = seconds(&flag, &value("SECONDS")?)?,
                "--refresh-interval" => settings.refresh_interval = seconds(&flag, &value("SECONDS")?)?,
                "--rotation-interval" => settings.rotation_interval = seconds(&flag, &value("SECONDS")?)?,
                "--token-file" => settings.token_file = Some(value("FILE")?.into()),
                _ => return Err(format!("{flag} is no flag of this program: {USAGE}")),
            }
        }
        Ok(settings)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            addr: "127.0.0.1:7000".into(),
            metrics_addr: "127.0.0.1:9311".into(),
            agent_timeout: Duration::from_secs(60),
            breaker_pause: Duration::from_secs(30),
            refresh_interval: Duration::from_secs(60),
            rotation_interval: Duration::from_secs(600),
            token_file: None,
            has_faults: false,
        }
    }
}

fn seconds(flag: &str, value: &str) -> Result<Duration, String> {
    let seconds = value.parse().ok().filter(|seconds| (0.1..=86_400.0).contains(seconds));
    let wrong = || format!("{flag} is {value:?}: say how many seconds, 0.1 to 86400");
    seconds.map(Duration::from_secs_f64).ok_or_else(wrong)
}
