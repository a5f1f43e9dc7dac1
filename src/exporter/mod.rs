//! Exporters, set up for the metrics of this crate: chosen at startup, each behind a feature of its own.
//!
//! A Layer needs nothing but the `metrics` facade, so any exporter can be set up as its own manual says. What
//! stands here spares the two mistakes that are made then: histograms without bounds, which become summaries, and
//! upkeep that nobody runs, so that memory grows with every request.
//!
//! # The listener
//!
//! [`Prometheus::serve`] answers `GET` and `HEAD` of `/metrics` with the text format 0.0.4, as it is, never compressed.
//!
//! It works on two threads of its own: what is asked of it does not keep the application's workers from its requests, and
//! it answers when all of those are stuck.
//!
//! Every scrape gets a page whose rendering began after it asked. One page is rendered at a time, and all who wait share
//! it; after it, nothing is rendered for nine times as long as it took, 5 s at most. So whoever asks, however often, has at
//! most a tenth of one core for rendering, as long as a page takes no more than half a second. A flood of requests for a
//! large page can still take all 128 connections: where that is to be feared, a token keeps strangers from waiting at all.
//!
//! | what | limit | beyond it |
//! |---|---|---|
//! | requests of a connection | 1 | it is closed with the answer |
//! | time to send a request | 10 s | the connection is closed |
//! | head of a request | 16 KiB | 431 |
//! | body of a request | | it is not read |
//! | time to the page | 10 s | 503 |
//! | time of a connection as a whole | 60 s | it is closed |
//! | connections | 128 | the oldest without a request makes way, else the oldest that has an answer to read, else the newcomer |
//! | pages that slow readers hold | the two newest, and more within 64 MiB | their connections are closed, within a second |
//!
//! | answer | to |
//! |---|---|
//! | 401 | whoever does not show the [token](Prometheus::bearer_token), whatever it asks for |
//! | 404 | any other path |
//! | 405 | any other method |
//! | 406 | an `Accept` header that takes no text, such as OpenMetrics alone |
//! | 500 | all who wait for a page whose rendering panicked; the next one is another try |

#[cfg(feature = "prometheus")]
mod accept;
#[cfg(feature = "prometheus")]
mod answer;
#[cfg(any(feature = "otlp", feature = "push-gateway", feature = "tcp"))]
mod background;
mod bounds;
mod choice;
#[cfg(any(feature = "dogstatsd", feature = "statsd"))]
mod clean;
#[cfg(any(feature = "otlp", feature = "push-gateway"))]
mod client;
#[cfg(feature = "prometheus")]
mod connections;
#[cfg(feature = "otlp")]
mod described;
#[cfg(feature = "dogstatsd")]
mod dogstatsd;
mod error;
mod exporters;
#[cfg(feature = "_exporter")]
mod flush;
#[cfg(feature = "prometheus")]
mod handle;
#[cfg(feature = "_exporter")]
mod health;
mod histograms;
mod installed;
#[cfg(feature = "prometheus")]
mod listener;
#[cfg(feature = "otlp")]
mod otlp;
#[cfg(feature = "prometheus")]
mod pages;
mod plan;
#[cfg(feature = "process")]
#[cfg_attr(docsrs, doc(cfg(feature = "process")))]
pub mod process;
#[cfg(feature = "prometheus")]
mod prometheus;
#[cfg(feature = "push-gateway")]
mod push;
#[cfg(feature = "prometheus")]
mod ready;
#[cfg(feature = "statsd")]
mod statsd;
#[cfg(feature = "_exporter")]
mod target;
#[cfg(feature = "tcp")]
mod tcp;
#[cfg(feature = "prometheus")]
mod token;
#[cfg(feature = "prometheus")]
mod upkeep;
#[cfg(feature = "tcp")]
mod wire;

pub use self::{
    error::Error,
    exporters::{Exporters, from_env, install},
    installed::Installed,
};
#[cfg(feature = "prometheus")]
#[cfg_attr(docsrs, doc(cfg(feature = "prometheus")))]
pub use self::{handle::Handle, prometheus::Prometheus};
/// The exporter behind [`Prometheus`], in the version that its builder belongs to.
#[cfg(feature = "prometheus")]
#[cfg_attr(docsrs, doc(cfg(feature = "prometheus")))]
pub use ::metrics_exporter_prometheus;
