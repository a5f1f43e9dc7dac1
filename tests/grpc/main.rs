//! The gRPC Layers, as a black box and on real sockets.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

#[path = "../../examples/tonic/orders.rs"]
mod orders;
#[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
#[path = "../../examples/tonic/shop.rs"]
mod shop;
#[path = "../support/mod.rs"]
mod support;

mod codes;
mod endings;
mod labels;
mod messages;
mod wire;
