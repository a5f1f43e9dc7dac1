//! What the crate's Layers are measured beside: bare services, a Layer that does nothing, a floor written by hand, and the
//! peers of the field. The programs in `bin/` measure.
//!
//! A [`Candidate`] is one of them around one [`Base`]. Each is given the same requests and read to the end of its body, by
//! one thread that polls by hand, so that nothing is measured but the work.

mod bases;
mod candidates;
mod drive;
mod floor;
mod grpc;
mod no_op;
#[cfg(feature = "peers")]
mod peers;
mod sharded;
mod sync;
pub mod table;
pub mod turns;
mod word;

pub use self::{
    bases::Base,
    candidates::{Candidate, Under, candidates, find, served},
    drive::{Caller, Callers, Work},
};

use metrics_exporter_prometheus::PrometheusHandle;
use tower_metrics::exporter::Prometheus;

/// Does what an exporter does when it is scraped, and between scrapes.
pub fn upkeep(exporter: &PrometheusHandle) {
    sharded::Sharded::shared().flush();
    exporter.run_upkeep();
}

/// Installs the exporter that everybody records into. Its upkeep is the caller's.
pub fn install() -> PrometheusHandle {
    let recorder = Prometheus::new().into_builder().build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).expect("nobody else installs one");
    handle
}
