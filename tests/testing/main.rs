//! The kit for tests: what its assertions say, what its balance compares, and what its torture finds.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

#[path = "../support/mod.rs"]
mod support;

// Of the example with tonic, whose files look for each other here.
#[path = "../../examples/tonic/orders.rs"]
mod orders;
#[allow(missing_docs, unreachable_pub, dead_code, clippy::all, reason = "generated")]
#[path = "../../examples/tonic/shop.rs"]
mod shop;

mod assertions;
mod balance;
mod broken;
mod examples;
mod found;
mod labels;
mod threads;
mod tortured;
mod unseen;
