//! The way of one gRPC call through the service.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderMap, Method, Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{
    Grpc, RequestHead, ResponseBody, ResponseFuture, ResponseHead, future::Due, layer::Config,
    methods::METHOD_LABELS, status,
};
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
        ResponseFuture::new(|| self.inner.call(request), call, due, has_body, self.protocol.for_answers())
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
        let call = self.begin_at(RequestHead::of(request))?;
        if call.is_first() {
            applied_twice::notice(&self.cache, &self.spec, &self.hints, request.extensions_mut());
        }
        Some(call)
    }

    /// Begins the call under the recorder of this moment; without one that takes anything there is none.
    fn begin_at(&self, head: RequestHead<'_>) -> Option<Call> {
        let at = self.cache.at(&self.spec)?;
        let Config { methods, own, .. } = &self.config;
        let path = head.uri().path();
        if methods.skips(path) {
            return None;
        }
        Some(Call::begin(match own.is_empty() {
            true => methods.series(at, path),
            false => {
                let open = own.open_in_request(METHOD_LABELS);
                own.of_request(head).with(|own| methods.series_with(at, path, own, open))
            }
        }))
    }

    /// What the answer is asked by, where it is asked for more than its status.
    #[inline]
    fn for_answers(self: &Arc<Self>) -> Option<Arc<Self>> {
        self.config.own.has_response_labels().then(|| Arc::clone(self))
    }

    /// Goes on with the call under the labels of its answer.
    #[cold]
    pub(super) fn answered(&self, head: ResponseHead<'_>, call: &mut Call) {
        if let Some(at) = self.cache.at(&self.spec) {
            self.config.own.of_response(head).with(|own| call.answered_as(at, 0, own));
        }
    }
}
