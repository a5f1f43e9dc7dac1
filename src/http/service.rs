//! The way of one HTTP request through the service.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{ErrorKind, Http, ResponseBody, ResponseFuture, ResponseHead, future::Asked};
use crate::{call::Call, instrument::Metrics};

// ===== impl Metrics =====

impl<S, ReqBody, ResBody, H> Service<Request<ReqBody>> for Metrics<S, Http<H>>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: Body,
    H: ErrorKind<S::Error>,
{
    type Response = Response<ResponseBody<ResBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, H>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        // A `Result` of which one side cannot exist has nothing to tell apart, so it has no size.
        let infallible = const { size_of::<Result<(), S::Error>>() == 0 };
        let asked = Asked::of(request.method());
        let mut call = self.protocol.calls.begin(&mut request, infallible);
        Call::goes_in(&mut call);
        ResponseFuture::new(|| self.inner.call(request), call, asked, self.protocol.for_answers())
    }
}

// ===== impl Http =====

impl<H> Http<H> {
    /// What the answer is asked by, where it is asked for more than how it ends the call.
    #[inline]
    fn for_answers(self: &Arc<Self>) -> Option<Arc<Self>> {
        self.calls.asks_answers.then(|| Arc::clone(self))
    }

    /// What kind of error it is, where errors are told apart.
    #[cold]
    pub(super) fn kind_of<E>(&self, error: &E) -> Option<&'static str>
    where
        H: ErrorKind<E>,
    {
        self.errors.kind(error)
    }

    /// Goes on with the call under the labels of its answer.
    #[cold]
    pub(super) fn answered(&self, head: ResponseHead<'_>, call: &mut Call) {
        self.calls.answered(head, call);
    }
}
