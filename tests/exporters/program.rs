//! `examples/exporters.rs` at work, under the URIs of a test.

use std::{
    io::{BufRead, BufReader, Lines, Read, Write},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Output, Stdio},
    sync::LazyLock,
};

use crate::programs::example;

/// Built once for all tests.
static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| example("exporters"));

/// The program before its calls, between these and its end, or after it.
pub(crate) struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// Where the page is, if it is served.
    pub(crate) page: Option<String>,
}

// ===== impl Program =====

impl Program {
    /// Starts it; it makes its calls when it is told.
    pub(crate) fn start(uris: &str, calls: u32) -> Self {
        let mut child = command(Some(uris))
            .args(["--wait", "--calls", &calls.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let begun = lines.next().expect("the exporters are installed").unwrap();
        let page = begun.split_once("http://").map(|(_, page)| page.trim_end_matches("/metrics").to_owned());
        Self { child, lines, page }
    }

    /// Returns when the calls are made.
    pub(crate) fn call(&mut self) {
        self.tell();
        assert!(self.lines.next().unwrap().unwrap().starts_with("called"));
    }

    /// Returns when it has shut its exporters down and has ended: what it said on its standard error.
    pub(crate) fn end(mut self) -> String {
        self.tell();
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let ended = self.lines.next().unwrap_or_else(|| panic!("it does not shut down: {said}"));
        assert!(ended.unwrap().starts_with("ended"));
        assert!(self.child.wait().unwrap().success());
        said
    }

    fn tell(&mut self) {
        self.child.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Runs it to its end, which is soon where the URIs are wrong.
pub(crate) fn run(uris: Option<&str>, args: &[&str]) -> Output {
    command(uris).args(args).output().unwrap()
}

fn command(uris: Option<&str>) -> Command {
    let mut command = Command::new(&*PROGRAM);
    command.env_remove("METRICS_EXPORTER");
    if let Some(uris) = uris {
        command.env("METRICS_EXPORTER", uris);
    }
    command
}
