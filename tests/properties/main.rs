//! What holds for every input: random and hostile requests, label values and bodies.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

#[path = "../support/exposition/mod.rs"]
mod exposition;
mod targets;

mod fuzzed;
mod hostile;
mod pages;
mod taint;
