//! On real sockets: axum and plain hyper, HTTP/1.1 and HTTP/2, clients that read, leave and break off.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod balance;
mod bodies;
mod client;
mod matrix;
mod raw;
mod resets;
mod server;
