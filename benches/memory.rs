//! What is held in memory for calls in flight, label sets, and samples that nobody has scraped.
//!
//! ```text
//! cargo bench --bench memory
//! ```

mod launch;

use std::process::ExitCode;

fn main() -> ExitCode {
    launch::launch("memory")
}
