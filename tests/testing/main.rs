//! The kit for tests: what its assertions say, what its balance compares, and what its torture finds.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

#[path = "../support/mod.rs"]
mod support;

mod assertions;
mod balance;
mod broken;
mod examples;
mod found;
mod labels;
mod threads;
mod tortured;
