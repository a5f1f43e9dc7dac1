//! Counters of one name that no call stands behind.

use std::sync::Arc;

use super::{Birth, Cache, Spec};

/// Counters of one name, found by their label values as the series of calls are.
#[derive(Debug)]
pub(crate) struct Family {
    spec: Arc<Spec>,
    cache: Cache,
}

// ===== impl Family =====

impl Family {
    pub(crate) fn new(spec: Spec) -> Self {
        Self { spec: Arc::new(spec), cache: Cache::default() }
    }

    /// Adds `count` under these values, in the order of the labels; 0 makes the counter stand there.
    pub(crate) fn increment(&self, values: &[&str], count: u64) {
        self.spec.source.with(|recorder| {
            if let Some(scope) = self.cache.scope(&self.spec, recorder) {
                let is_open = !self.spec.open_labels.is_empty();
                let birth = || Birth { infallible: true, to_be_proven: false, is_open };
                self.cache.series(scope, &self.spec, recorder, values, birth).add(count);
            }
        });
    }
}
