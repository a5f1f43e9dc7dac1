//! Throughput and processor time of a whole server, asked by `wrk`.
//!
//! ```text
//! cargo bench --bench end_to_end
//! ```

mod launch;

use std::process::ExitCode;

fn main() -> ExitCode {
    launch::launch("end_to_end")
}
