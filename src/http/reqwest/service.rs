//! A reqwest client as a service of `http::Request`.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use reqwest::{Body, Error, ResponseBuilderExt};
use tower_service::Service;

/// A service of `http::Request` around a `reqwest::Client`, or around any service of its requests.
///
/// A URI without a host is an error of the call. The answer has all that the client's has: its extensions, and the URL at which
/// redirects ended.
///
/// # Examples
///
/// ```
/// use tower::ServiceBuilder;
/// use tower_metrics::{HttpMetricsLayer, http::reqwest::ClientService};
///
/// let client = ServiceBuilder::new()
///     .layer(HttpMetricsLayer::client().servers(["payments.internal"]).reqwest_errors())
///     .service(ClientService::new(reqwest::Client::new()));
/// # fn is_a_client(_: impl tower::Service<http::Request<reqwest::Body>>) {}
/// # is_a_client(client);
/// ```
#[derive(Clone, Debug)]
pub struct ClientService<S = reqwest::Client> {
    inner: S,
}

pin_project! {
    /// The future of [`ClientService`].
    #[project = Projected]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: Option<F>,
        error: Option<Error>,
    }
}

// ===== impl ClientService =====

impl<S> ClientService<S> {
    /// Wraps a client.
    #[must_use]
    pub fn new(client: S) -> Self {
        Self { inner: client }
    }

    /// Returns the wrapped client.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Returns the wrapped client, mutably.
    #[must_use]
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Unwraps the client.
    #[must_use]
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, B> Service<Request<B>> for ClientService<S>
where
    S: Service<reqwest::Request, Response = reqwest::Response, Error = Error>,
    B: Into<Body>,
{
    type Response = Response<Body>;
    type Error = Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match request.try_into() {
            Ok(request) => ResponseFuture { inner: Some(self.inner.call(request)), error: None },
            Err(error) => ResponseFuture { inner: None, error: Some(error) },
        }
    }
}

// ===== impl ResponseFuture =====

impl<F> Future for ResponseFuture<F>
where
    F: Future<Output = Result<reqwest::Response, Error>>,
{
    type Output = Result<Response<Body>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.inner.as_pin_mut() {
            Some(inner) => Poll::Ready(ready!(inner.poll(cx)).map(with_url)),
            None => Poll::Ready(Err(this.error.take().expect("a future is not polled after its end"))),
        }
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("error", &self.error).finish_non_exhaustive()
    }
}

/// The answer with its URL, which reqwest itself leaves behind: only a builder can put it into the extensions.
fn with_url(response: reqwest::Response) -> Response<Body> {
    let url = response.url().clone();
    let mut response = Response::<Body>::from(response);
    let told = Response::builder().url(url).body(()).expect("nothing but an extension was set");
    response.extensions_mut().extend(told.into_parts().0.extensions);
    response
}
