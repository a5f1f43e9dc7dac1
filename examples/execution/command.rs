//! The commands that may run: programs by name, with arguments that are checked. Never a shell.

use std::process::Stdio;

use tokio::process::{Child, Command as Process};

/// A command that is on the list.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    program: &'static str,
    args: Vec<String>,
}

struct Allowed {
    program: &'static str,
    takes: &'static str,
    takes_these: fn(&[String]) -> bool,
}

const ALLOWED: [Allowed; 6] = [
    Allowed { program: "true", takes: "nothing", takes_these: <[_]>::is_empty },
    Allowed { program: "false", takes: "nothing", takes_these: <[_]>::is_empty },
    Allowed { program: "date", takes: "nothing", takes_these: <[_]>::is_empty },
    Allowed {
        program: "echo",
        takes: "up to 16 words of 256 bytes, none of which begins with -",
        takes_these: words,
    },
    Allowed { program: "seq", takes: "a number up to 100000", takes_these: |args| number(args, 100_000) },
    Allowed { program: "sleep", takes: "seconds up to 3600", takes_these: |args| number(args, 3_600) },
];

// ===== impl Command =====

impl Command {
    /// Returns what may run; the error says what may.
    pub(crate) fn allowed(program: &str, args: Vec<String>) -> Result<Self, String> {
        let Some(allowed) = ALLOWED.iter().find(|it| it.program == program) else {
            let programs = ALLOWED.map(|it| it.program).join(", ");
            return Err(format!("{program:.64?} is not allowed: use one of {programs}"));
        };
        let Allowed { program, takes, takes_these } = allowed;
        if takes_these(&args) { Ok(Self { program, args }) } else { Err(format!("{program} takes {takes}")) }
    }

    /// Starts it with nothing of this process but its rights. It is killed when it is dropped.
    pub(crate) fn start(&self) -> std::io::Result<Child> {
        Process::new(self.program)
            .args(&self.args)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
    }
}

fn words(args: &[String]) -> bool {
    args.len() <= 16 && args.iter().all(|it| it.len() <= 256 && !it.starts_with('-') && !it.contains('\0'))
}

fn number(args: &[String], most: u32) -> bool {
    matches!(args, [it] if it.bytes().all(|it| it.is_ascii_digit()) && it.parse().is_ok_and(|it: u32| it <= most))
}
