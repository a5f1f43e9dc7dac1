//! What each Layer adds to a bare service, beside a floor written by hand and the peers: time, allocations, bytes.
//!
//! ```text
//! cargo bench --bench overhead
//! ```

mod launch;

use std::process::ExitCode;

fn main() -> ExitCode {
    launch::launch("overhead")
}
