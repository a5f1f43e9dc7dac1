//! Upkeep that runs without being remembered, and tells when it last did.

use std::{io, thread, time::Duration};

use metrics::Gauge;
use metrics_exporter_prometheus::{PrometheusHandle, PrometheusRecorder};

use crate::{
    clock,
    names::{self, Naming},
    series::{Instrument, contained},
};

/// Begins upkeep on a thread of its own. The global recorder is never freed, so neither does that end.
pub(super) fn keep_up(handle: PrometheusHandle, interval: Duration, done: Gauge) -> io::Result<()> {
    let thread = thread::Builder::new().name("tower-metrics-upkeep".into());
    done.set(clock::unix_seconds());
    thread.spawn(move || {
        loop {
            thread::sleep(interval);
            // Should it panic, it is tried again: without it memory grows until the process ends.
            if contained(|| handle.run_upkeep()).is_some() {
                done.set(clock::unix_seconds());
            }
        }
    })?;
    Ok(())
}

/// What tells when it was last done.
pub(super) fn gauge(recorder: &PrometheusRecorder) -> Gauge {
    let gauge = Instrument::new(&names::UPKEEP_TIMESTAMP_SECONDS, &Naming::new());
    gauge.describe(recorder);
    gauge.gauge(recorder, &gauge.key(Vec::new()))
}
