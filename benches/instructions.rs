//! How many instructions each Layer adds to a bare service, counted by callgrind; with `--gate`, whether that is few enough.
//!
//! ```text
//! cargo bench --bench instructions
//! cargo bench --bench instructions -- --gate
//! ```

mod launch;

use std::process::ExitCode;

fn main() -> ExitCode {
    launch::launch("instructions")
}
