//! What the real tools say of the rules as files.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::promises::{many, rules};

/// A folder that goes with the test.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("tower-metrics-{name}-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// Runs a program of a Debian package, and returns what it said if it agreed.
pub(crate) fn run(program: &str, args: &[&str], file: &Path) -> Result<String, String> {
    let output = Command::new(program).args(args).arg(file).output();
    let output =
        output.unwrap_or_else(|error| panic!("`{program}` does not start, install its package: {error}"));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    if output.status.success() { Ok(said) } else { Err(said) }
}

#[test]
#[ignore = "needs the Debian packages prometheus and victoria-metrics"]
fn promtool_and_vmalert_have_nothing_to_say() {
    let scratch = Scratch::new("lint");
    for count in [1, 3, 10] {
        let file = scratch.write("rules.yml", &rules(&many(count)).to_yaml());
        let said = run("promtool", &["check", "rules", "--lint=all", "--lint-fatal"], &file).unwrap();
        assert!(said.contains("SUCCESS"), "{count}: {said}");
        let rule = format!("-rule={}", file.display());
        let vmalert = Command::new("vmalert").args(["-dryRun", &rule]).output().expect("`vmalert` starts");
        assert!(vmalert.status.success(), "{count}: {vmalert:?}");
    }
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn promtool_would_have_something_to_say() {
    let scratch = Scratch::new("broken");
    let broken = rules(&many(1)).to_yaml().replacen("sum by (job)", "sum by job", 1);
    let file = scratch.write("rules.yml", &broken);
    assert!(run("promtool", &["check", "rules", "--lint=all", "--lint-fatal"], &file).is_err());
}
