//! What is said once, in words, where the placement of a Layer gives numbers that nobody wants.

#[cfg(feature = "_exporter")]
use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};

/// The hints of one Layer: each is given once, through `tracing` where that feature is on.
#[derive(Debug)]
pub(crate) struct Hints {
    expects_routes: bool,
    said_twice: AtomicBool,
    said_without_route: AtomicBool,
}

// ===== impl Hints =====

impl Hints {
    pub(crate) fn new(expects_routes: bool) -> Self {
        Self {
            expects_routes,
            said_twice: AtomicBool::new(false),
            said_without_route: AtomicBool::new(false),
        }
    }

    pub(crate) fn applied_twice(&self, metric: &str) {
        if !self.said_twice.swap(true, Ordering::Relaxed) {
            warn(
                "this metric is recorded by two Layers around the same call, so that every count is doubled: \
                 remove one of them, or give one other names with .naming()",
                metric,
            );
        }
    }

    pub(crate) fn initialized_without_recorder(&self, metric: &str) {
        warn(
            "initialize() was called while there was no recorder, and did nothing: install the exporter first, or \
             the first failures are seen by no increase(); where the exporter is `none`, all is well",
            metric,
        );
    }

    pub(crate) fn answered_without_route(&self) {
        if self.expects_routes && !self.said_without_route.swap(true, Ordering::Relaxed) {
            warn(
                "a call without a matched route was answered well and is recorded as endpoint=\"unmatched\": \
                 move the Layer into `Router::layer`, unless a fallback or `nest_service` serves such calls by \
                 design",
                "HttpMetricsLayer::axum",
            );
        }
    }
}

/// Nothing more is said until it works again.
#[cfg(feature = "_exporter")]
pub(crate) fn export_failed(to: &str, why: &dyn Display) {
    warn(&format!("metrics are not exported, and the next are tried again: {why}"), to);
}

#[cfg(feature = "_exporter")]
pub(crate) fn export_succeeded(to: &str) {
    warn("metrics are exported again", to);
}

#[cfg(feature = "tracing")]
fn warn(message: &str, about: &str) {
    tracing::warn!(target: "tower_metrics", about, "{message}");
}

#[cfg(not(feature = "tracing"))]
fn warn(_message: &str, _about: &str) {}
