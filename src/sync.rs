//! The atomics that threads share through more than one step. The models in `tests/loom` put loom's in their place.

pub(crate) use std::sync::atomic::{AtomicU64, Ordering};
