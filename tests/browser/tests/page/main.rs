//! The page for people as its reader sees it: in a real browser, of real programs.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

mod access;
mod driver;
mod expected;
#[path = "../../../support/exposition/mod.rs"]
mod exposition;
mod hard;
mod looked;
mod pictures;
mod program;
mod shown;
