//! Calls of a [reqwest](https://docs.rs/reqwest) client, measured.
//!
//! `reqwest::Client` is a tower service of requests of its own, which no Layer of HTTP goes around. [`ClientService`] makes it a
//! service of `http::Request`, around which any Layer goes. [`MeasuredClient`] is both in one for who goes on writing requests
//! with reqwest:
//!
//! ```
//! use tower_metrics::{HttpMetricsLayer, http::reqwest::MeasuredClient};
//!
//! # async fn pay() -> Result<(), reqwest::Error> {
//! let client = reqwest::Client::new();
//! let layer = HttpMetricsLayer::client().servers(["payments.internal"]).reqwest_errors();
//! let measured: MeasuredClient = MeasuredClient::new(client.clone(), layer);
//!
//! let response = measured.send(client.post("http://payments.internal/charges").body("7")).await?;
//! println!("{} {}", response.status(), response.text().await?);
//! # Ok(())
//! # }
//! ```
//!
//! A call is one of `send`: redirects that reqwest follows and what it retries itself are inside of it. It ends when the body
//! was read, or dropped. [`HttpMetricsLayer::reqwest_errors`](crate::HttpMetricsLayer::reqwest_errors) tells apart, in the label
//! `error_type`, what came of a call without an answer:
//!
//! | `error_type` | |
//! |---|---|
//! | `connect` | there was no connection: refused, no such name, TLS, or no connection in time |
//! | `timeout` | no answer in time |
//! | `redirect` | redirects without an end, or one that a policy forbids |
//! | `builder` | the request cannot be: a URI without a host |
//! | `request` | anything else that went wrong with sending it |
//! | `other` | anything else |
//!
//! A timeout inside of a body ends the call as `body_error`, with an `error_type` of `none`; an answer that comes late and whole is
//! `completed`. `connect` is also a name that is not found, TLS that fails, and `https` in a reqwest that was built without it.

mod client;
mod service;

pub use self::{
    client::MeasuredClient,
    service::{ClientService, ResponseFuture},
};

/// The words of [`kind`], all of them.
pub(super) const KINDS: [&str; 6] = ["connect", "timeout", "redirect", "builder", "request", OTHER];

const OTHER: &str = "other";

/// Returns the word for an error, as [`HttpMetricsLayer::reqwest_errors`](crate::HttpMetricsLayer::reqwest_errors) does: see
/// the [module](self).
#[must_use]
pub fn kind(error: &::reqwest::Error) -> &'static str {
    // A connection that was not there in time is both of the first two.
    let is =
        [error.is_connect(), error.is_timeout(), error.is_redirect(), error.is_builder(), error.is_request()];
    KINDS.into_iter().zip(is).find(|(_, is)| *is).map_or(OTHER, |(word, _)| word)
}
