//! What `src/sync.rs` is to the crate.

pub(crate) use std::sync::atomic::{AtomicU64, Ordering};
