//! What holds for every input: random and hostile requests, label values and bodies.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

#[path = "../support/exposition/mod.rs"]
mod exposition;
#[path = "../support/mod.rs"]
mod support;
mod targets;

mod fuzzed;
mod hostile;
mod pages;
mod programs;
mod taint;
mod tainted;
