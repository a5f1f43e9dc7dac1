//! Programs that run to their end, and the folder with what they read.

#![allow(dead_code, reason = "no test binary needs all of it")]

use std::{
    env, fs,
    path::PathBuf,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

/// A folder that goes with the test.
pub(crate) struct Scratch(PathBuf);

// ===== impl Scratch =====

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        static FOLDERS: AtomicU32 = AtomicU32::new(0);
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let dir = env::temp_dir().join(format!("tower-metrics-{name}-{}-{number}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// Runs a program of a Debian package to its end, and returns what it said if it agreed.
pub(crate) fn run(program: &str, args: &[&str]) -> Result<String, String> {
    // promtool spends a fifth of its time on collecting garbage, of which it makes little.
    let output = Command::new(program).args(args).env("GOGC", "400").output();
    let output =
        output.unwrap_or_else(|error| panic!("`{program}` does not start, install its package: {error}"));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    if output.status.success() { Ok(said) } else { Err(said) }
}
