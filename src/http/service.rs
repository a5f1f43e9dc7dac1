//! The way of one HTTP request through the service.

use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{Http, RequestHead, ResponseBody, ResponseFuture, future::Asked};
use crate::{applied_twice, call::Call, instrument::Metrics};

// ===== impl Metrics =====

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for Metrics<S, Http>
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
        // A `Result` of which one side cannot exist has nothing to tell apart, so it has no size.
        let infallible = const { size_of::<Result<(), S::Error>>() == 0 };
        let asked = Asked::of(request.method());
        let mut call = self.protocol.begin(&mut request, infallible);
        let inner = match &mut call {
            Some(call) => call.inside(|| self.inner.call(request)),
            None => self.inner.call(request),
        };
        ResponseFuture::new(inner, call, asked)
    }
}

// ===== impl Http =====

impl Http {
    /// Begins the call under the recorder of this moment; without one that takes anything there is none.
    fn begin<B>(&self, request: &mut Request<B>, infallible: bool) -> Option<Call> {
        self.spec.source.with(|recorder| {
            let at = self.cache.at(&self.spec, recorder)?;
            let head = RequestHead::of(request);
            let endpoint = self.config.endpoint(head);
            if self.config.skips(head, &endpoint) {
                return None;
            }
            let values = self.config.values(head, &endpoint);
            let series = at.series(values.as_slice(), || self.config.birth(head, &endpoint, infallible));
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
