//! Tower.
mod call;
#[cfg_attr(not(feature = "testing"), expect(unreachable_pub, reason = "public through `testing` alone"))]
mod clock;
#[cfg(feature = "prometheus")]
pub mod exporter;
pub mod http;
mod in_flight;
mod instrument;
mod labels;
pub mod names;
mod outcome;
mod series;
pub mod sla;
#[cfg(feature = "testing")]
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
pub mod testing;

pub use ::metrics;

pub use self::{
    http::HttpMetricsLayer,
    instrument::{InFlightLayer, LatencyLayer, Metrics, RequestCountLayer},
    outcome::Outcome,
};
