//! Clients on real sockets: hyper-util's and reqwest's, and what came of calls without an answer.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

#[path = "../support/mod.rs"]
mod support;

#[path = "../support/programs/mod.rs"]
mod programs;

mod hyper;
mod reqwest;
mod server;

/// The lines of the README are what the example prints.
#[test]
fn the_readme_shows_what_the_example_prints() {
    let output = std::process::Command::new(programs::example("client")).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let readme = include_str!("../../README.md");
    let block = readme.split_once("(`cargo run --example client`), among others:").unwrap().1;
    let block = block.split("```").nth(1).unwrap().trim_start_matches("text").trim();
    assert!(block.lines().count() > 3);
    for line in block.lines() {
        assert!(printed.lines().any(|it| it == line), "{line} is not in:\n{printed}");
    }
}
