//! Code that is not a tower service: a job, a block, a batch, a function.
//!
//! Make an operation once, in a static or in the state of the application, and clone it: the handles that it has found,
//! and the count of what its labels have made, are its own.
//!
//! [`Operation`] records what [`ServiceMetricsLayer`](crate::ServiceMetricsLayer) records, from a guard: `<name>_total`,
//! `<name>_duration_seconds` and `<name>_in_flight`; and on request when the
//! [oldest](Operation::oldest_start_timestamp) of those in flight began.
//!
//! ```
//! use tower_metrics::Operation;
//!
//! let imports = Operation::new("import").labels(["source"]);
//!
//! // A block, which is `cancelled` should it be left before its end.
//! let import = imports.start_with(["catalogue"]);
//! let skipped = 2;
//! import.finish(if skipped == 0 { "success" } else { "partial" });
//!
//! // A closure, which is `error` if it returns one.
//! let parsed = imports.try_run_with(["prices"], || "17".parse::<u32>());
//! assert_eq!(parsed, Ok(17));
//!
//! // A future, which is `cancelled` should it be dropped before its end, and `error` if it gives one.
//! let fetched = imports.try_instrument_with(["rates"], async { "1.07".parse::<f64>() });
//! # drop(fetched);
//! ```

mod begin;
mod guard;

pub use self::{
    begin::Operation,
    guard::{Instrumented, Started, TryInstrumented},
};
