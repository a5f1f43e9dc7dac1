//! Starts a program of the package `compared`, so that `cargo bench --bench overhead` is all that one has to know.

use std::{
    env,
    path::Path,
    process::{Command, ExitCode},
};

/// Builds and runs the program. `cargo bench` says `--bench`; whoever does not wants to know only that it compiles.
pub(crate) fn launch(program: &str) -> ExitCode {
    if !env::args().any(|arg| arg == "--bench") {
        println!("nothing is measured: run `cargo bench --bench {program}`");
        return ExitCode::SUCCESS;
    }
    let args: Vec<_> = env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // The floor alone needs no peers, which are many to build.
    let features: &[_] =
        if args.iter().any(|arg| arg == "--gate") { &["--no-default-features"] } else { &[] };
    let status = Command::new(env!("CARGO"))
        .args(["run", "--release", "--quiet", "--bin", program])
        .args(features)
        .arg("--manifest-path")
        .arg(root.join("benches/compared/Cargo.toml"))
        .arg("--target-dir")
        .arg(root.join("target/compared"))
        .arg("--")
        .args(args)
        .status();
    match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => panic!("cargo does not start: {error}"),
    }
}
