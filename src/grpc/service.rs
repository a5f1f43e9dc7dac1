//! The way of one gRPC call through the service.

use std::task::{Context, Poll};

use http::{HeaderMap, Method, Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{Grpc, ResponseBody, ResponseFuture, future::Due, status};
use crate::{applied_twice, call::Call, instrument::Metrics};

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

    #[inline]
    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let has_body = request.method() != Method::HEAD;
        let mut call = self.protocol.begin(&mut request);
        let due = call.as_ref().and_then(|call| self.protocol.due(call, request.headers()));
        Call::goes_in(&mut call);
        ResponseFuture::new(|| self.inner.call(request), call, due, has_body)
    }
}

// ===== impl Grpc =====

impl Grpc {
    /// When the call ought to be answered, where it says or the Layer was told.
    fn due(&self, call: &Call, headers: &HeaderMap) -> Option<Due> {
        let timeout = status::timeout(headers).or(self.config.timeout)?;
        Some(Due::new(call, timeout))
    }

    #[inline]
    fn begin<B>(&self, request: &mut Request<B>) -> Option<Call> {
        let call = self.begin_at(request.uri().path())?;
        if call.is_first() {
            applied_twice::notice(&self.cache, &self.spec, &self.hints, request.extensions_mut());
        }
        Some(call)
    }

    /// Begins the call under the recorder of this moment; without one that takes anything there is none.
    fn begin_at(&self, path: &str) -> Option<Call> {
        let at = self.cache.at(&self.spec)?;
        if self.config.methods.skips(path) {
            return None;
        }
        Some(Call::begin(self.config.methods.series(at, path)))
    }
}
