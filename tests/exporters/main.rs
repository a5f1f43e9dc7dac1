//! Every exporter end to end, as a program of its own that a URI sets up: what arrives are the calls that were made.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

mod fanout;
mod observer;
mod otlp;
mod program;
#[path = "../support/programs/mod.rs"]
mod programs;
mod pushgateway;
#[path = "../support/scrape.rs"]
mod scrape;
mod statsd;
mod uris;
