//! What bytes can ask for: each target makes something hostile of them, and panics where a promise is broken.
//!
//! The fuzzer and `cargo test` run the same bodies, so they use the public API and nothing of the tests' support.

#![allow(dead_code, reason = "a fuzzed program needs one target")]

pub(crate) mod input;
mod plan;
mod script;

pub(crate) mod body_script;
pub(crate) mod grpc_status;
pub(crate) mod request_labels;
pub(crate) mod sanitiser;
