//! Calls of other services, in JSON, measured: `http_client_requests_total{server,…}` and what belongs to it.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, Url};
use serde::{Serialize, de::DeserializeOwned};
use tower::BoxError;
use tower_metrics::{
    HttpMetricsLayer,
    http::reqwest::{MeasuredClient, kind},
};

/// A client of the services that it was told of.
#[derive(Clone)]
pub(crate) struct Api {
    client: MeasuredClient,
}

// ===== impl Api =====

impl Api {
    /// `servers` are `HOST:PORT` each; nobody is waited for longer than `patience`.
    pub(crate) fn of<const N: usize>(servers: [&str; N], patience: Duration) -> Result<Self, BoxError> {
        let layer = HttpMetricsLayer::client().servers(servers).reqwest_errors();
        layer.initialize();
        let client = Client::builder().no_proxy().timeout(patience).build()?;
        Ok(Self { client: MeasuredClient::new(client, layer) })
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, url: Url) -> Result<T, BoxError> {
        self.answer(self.client.get_ref().get(url)).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        server: &str,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, BoxError> {
        let request = self.client.get_ref().post(format!("http://{server}{path}"));
        self.answer(request.header("content-type", "application/json").body(serde_json::to_vec(body)?)).await
    }

    /// The answer, if it is a good one.
    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, BoxError> {
        let request = request.build()?;
        let whom = request.url().authority().to_owned();
        let failed = |error: reqwest::Error| format!("{whom} gave no answer: {}", kind(&error));
        let response = self.client.execute(request).await.map_err(failed)?;
        let status = response.status();
        let body = response.bytes().await.map_err(failed)?;
        if !status.is_success() {
            return Err(format!("{whom} answered {status}: {}", String::from_utf8_lossy(&body).trim()).into());
        }
        Ok(serde_json::from_slice(&body)?)
    }
}
