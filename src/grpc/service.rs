//! The way of one gRPC call through the service.

use std::task::{Context, Poll};

use http::{HeaderMap, Method, Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{Grpc, ResponseBody, ResponseFuture, future::Due, status};
use crate::{applied_twice, call::Call, instrument::Metrics, series::Birth};

/// Registered names are closed by construction, and so is `unknown`.
pub(super) const BIRTH: Birth = Birth { infallible: false, to_be_proven: false, is_open: false };

// ===== impl Metrics =====

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for Metrics<S, Grpc>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: Body,
{
    type Response = Response<ResponseBody<ResBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let has_body = request.method() != Method::HEAD;
        let mut call = self.protocol.begin(&mut request);
        let due = call.as_ref().and_then(|call| self.protocol.due(call, request.headers()));
        let inner = match &mut call {
            Some(call) => call.inside(|| self.inner.call(request)),
            None => self.inner.call(request),
        };
        ResponseFuture::new(inner, call, due, has_body)
    }
}

// ===== impl Grpc =====

impl Grpc {
    /// When the call ought to be answered, where it says or the Layer was told.
    fn due(&self, call: &Call, headers: &HeaderMap) -> Option<Due> {
        let timeout = status::timeout(headers).or(self.config.timeout)?;
        Some(Due::new(call, timeout))
    }

    /// Begins the call under the recorder of this moment; without one that takes anything there is none.
    fn begin<B>(&self, request: &mut Request<B>) -> Option<Call> {
        self.spec.source.with(|recorder| {
            let at = self.cache.at(&self.spec, recorder)?;
            let path = request.uri().path();
            if self.config.methods.skips(path) {
                return None;
            }
            let series = at.series(&self.config.methods.values(path), || BIRTH);
            if series.is_new() {
                let twice = applied_twice::notice(&at, &self.spec, request.extensions_mut());
                if let Some(name) = twice {
                    self.hints.applied_twice(name.as_str());
                }
            }
            Some(Call::begin(series))
        })
    }
}
