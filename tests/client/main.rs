//! Clients on real sockets: hyper-util's and reqwest's, and what came of calls without an answer.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

#[path = "../support/mod.rs"]
mod support;

mod hyper;
mod reqwest;
mod server;
