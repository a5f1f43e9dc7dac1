//! `HttpMetricsLayer::client()` around hyper-util's client: errors, timeouts and retries, told apart.

use std::{
    future::{Ready, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use hyper_util::{
    client::legacy::{Client, Error, connect::HttpConnector},
    rt::TokioExecutor,
};
use tower::{
    BoxError, Service, ServiceBuilder, ServiceExt,
    retry::{Policy, RetryLayer},
    timeout::error::Elapsed,
};
use tower_metrics::{HttpMetricsLayer, retry::MeteredPolicy, testing::Recorder};

use crate::server;

/// Retries an answer of 503, three times.
#[derive(Clone)]
struct Unavailable(usize);

impl<B> Policy<Request<Empty<Bytes>>, Response<B>, BoxError> for Unavailable {
    type Future = Ready<()>;

    fn retry(
        &mut self,
        _: &mut Request<Empty<Bytes>>,
        result: &mut Result<Response<B>, BoxError>,
    ) -> Option<Ready<()>> {
        let is_unavailable = result.as_ref().is_ok_and(|response| response.status() == 503);
        (is_unavailable && self.0 > 0).then(|| {
            self.0 -= 1;
            ready(())
        })
    }

    fn clone_request(&mut self, request: &Request<Empty<Bytes>>) -> Option<Request<Empty<Bytes>>> {
        Some(Request::get(request.uri().clone()).body(Empty::new()).unwrap())
    }
}

fn client() -> Client<HttpConnector, Empty<Bytes>> {
    Client::builder(TokioExecutor::new()).build_http()
}

fn get(uri: String) -> Request<Empty<Bytes>> {
    Request::get(uri).body(Empty::new()).unwrap()
}

/// What a call through tower's Layers came to.
fn kind(error: &BoxError) -> &'static str {
    match error.downcast_ref::<Error>() {
        Some(error) if error.is_connect() => "connect",
        Some(_) => "request",
        None if error.is::<Elapsed>() => "timeout",
        None => "other",
    }
}

#[tokio::test]
async fn a_connection_that_is_refused_and_an_answer_that_is_late_are_two_things() {
    let (server, nobody, recorder) = (server::start().await, server::nobody().await, Recorder::new());
    let layer = HttpMetricsLayer::client()
        .servers(["127.0.0.1"])
        .classify_errors(kind)
        .expect_errors(["connect", "request", "timeout", "other"])
        .recorder(recorder.shared());
    let mut client = ServiceBuilder::new()
        .layer(layer)
        // A short time, because nothing but time can tell that there is no answer.
        .timeout(Duration::from_millis(50))
        .service(client());
    for (kind, uri) in
        [("connect", format!("http://{nobody}/")), ("timeout", format!("http://{server}/never"))]
    {
        let error = client.ready().await.unwrap().call(get(uri)).await.unwrap_err();
        let labels = [("outcome", "error"), ("status", "none"), ("error_type", kind)];
        assert_eq!(recorder.counter("http_client_requests_total", labels), 1, "{error:?}: {recorder}");
    }
    assert_eq!(recorder.counter("http_client_requests_total", []), 2, "{recorder}");
}

#[tokio::test]
async fn a_call_that_is_retried_is_one_call_of_three_attempts() {
    let (server, recorder) = (server::start().await, Recorder::new());
    let layer = HttpMetricsLayer::client().servers(["127.0.0.1"]).recorder(recorder.shared());
    let policy = MeteredPolicy::new("flaky", Unavailable(3)).recorder(recorder.shared());
    let client = ServiceBuilder::new()
        .layer(layer.clone())
        .layer(RetryLayer::new(policy))
        .layer(layer.attempts())
        .map_err(BoxError::from)
        .service(client());
    let response = client.oneshot(get(format!("http://{server}/flaky"))).await.unwrap();
    assert_eq!(response.status(), 200);
    drop(response);
    let calls = |status| recorder.counter("http_client_requests_total", [("status", status)]);
    let attempts = |status| recorder.counter("http_client_request_attempts_total", [("status", status)]);
    let retries = |result| recorder.counter("retry_attempts_total", [("result", result)]);
    assert_eq!((calls("200"), calls("503")), (1, 0), "{recorder}");
    assert_eq!((attempts("200"), attempts("503")), (1, 2), "{recorder}");
    assert_eq!((retries("retried"), retries("recovered")), (2, 1), "{recorder}");
}
