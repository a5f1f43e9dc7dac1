//! The gRPC Layers, as a black box, on real sockets, and on a real Prometheus.
//!
//! The last by `cargo test --test grpc -- --ignored`, with the Debian package `prometheus` installed.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

#[path = "../../examples/tonic/orders.rs"]
mod orders;
#[path = "../support/programs/mod.rs"]
mod programs;
#[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
#[path = "../../examples/tonic/shop.rs"]
mod shop;
#[path = "../support/mod.rs"]
mod support;

mod codes;
mod ecosystem;
mod endings;
mod labels;
mod messages;
mod own;
mod wire;
