//! A reqwest client whose calls are measured, for who writes requests with reqwest.

use std::fmt;

use http::{Request, Response};
use reqwest::{Body, Client, Error, RequestBuilder};
use tower_layer::Layer;
use tower_service::Service;

use super::ClientService;
use crate::{
    http::{ErrorKind, Http, HttpMetricsLayer, Kinds},
    instrument::Metrics,
};

/// A `reqwest::Client` whose calls are measured. Cloning it is as cheap as cloning the client.
///
/// See the [module](super) for an example, and for what a call is.
pub struct MeasuredClient<H = Kinds<Error>> {
    service: Metrics<ClientService, Http<H>>,
}

// ===== impl MeasuredClient =====

impl<H> MeasuredClient<H>
where
    H: ErrorKind<Error> + Send + Sync + 'static,
{
    /// Measures the calls of `client` by `layer`, which is mostly an [`HttpMetricsLayer::client`].
    #[must_use]
    pub fn new(client: Client, layer: HttpMetricsLayer<H>) -> Self {
        Self { service: layer.layer(ClientService::new(client)) }
    }

    /// Sends what was built with a client, which is to be the one that is measured: its settings are those of the measured one.
    ///
    /// # Errors
    ///
    /// As `RequestBuilder::send` does. A request that cannot be built is none that is measured.
    pub async fn send(&self, request: RequestBuilder) -> Result<reqwest::Response, Error> {
        self.execute(request.build()?).await
    }

    /// Sends a request.
    ///
    /// # Errors
    ///
    /// As `reqwest::Client::execute` does.
    pub async fn execute(&self, request: reqwest::Request) -> Result<reqwest::Response, Error> {
        let request = Request::<Body>::try_from(request)?;
        // A client is always ready.
        let response: Response<_> = self.service.clone().call(request).await?;
        Ok(response.map(Body::wrap).into())
    }

    /// Returns the client.
    #[must_use]
    pub fn get_ref(&self) -> &Client {
        self.service.get_ref().get_ref()
    }
}

// By hand, because the Layer's closures are shared and need not be `Clone`.
impl<H> Clone for MeasuredClient<H> {
    fn clone(&self) -> Self {
        Self { service: self.service.clone() }
    }
}

impl<H> fmt::Debug for MeasuredClient<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeasuredClient").finish_non_exhaustive()
    }
}
