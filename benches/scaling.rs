//! What the cost depends on: routes, codes, threads, connections.
//!
//! ```text
//! cargo bench --bench scaling
//! ```

mod launch;

use std::process::ExitCode;

fn main() -> ExitCode {
    launch::launch("scaling")
}
