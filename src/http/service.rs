//! The way of one HTTP request through the service.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{ErrorKind, Http, RequestHead, ResponseBody, ResponseFuture, ResponseHead, future::Asked};
use crate::{
    applied_twice,
    call::Call,
    instrument::Metrics,
    labels::{UNMATCHED, Values},
    series::{At, Birth, Series},
};

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
        let mut call = self.protocol.begin(&mut request, infallible);
        Call::goes_in(&mut call);
        ResponseFuture::new(|| self.inner.call(request), call, asked, self.protocol.for_answers())
    }
}

// ===== impl Http =====

impl<H> Http<H> {
    #[inline]
    fn begin<B>(&self, request: &mut Request<B>, infallible: bool) -> Option<Call> {
        let call = self.begin_of(RequestHead::of(request), infallible);
        if call.as_ref().is_some_and(Call::is_first) {
            applied_twice::notice(&self.cache, &self.spec, &self.hints, request.extensions_mut());
        }
        call
    }

    /// What the answer is asked by, where it is asked for more than how it ends the call.
    #[inline]
    fn for_answers(self: &Arc<Self>) -> Option<Arc<Self>> {
        self.asks_answers.then(|| Arc::clone(self))
    }

    /// Goes on with the call under the labels of its answer.
    pub(super) fn answered(&self, head: ResponseHead<'_>, call: &mut Call) {
        if !self.config.own.has_response_labels() {
            return;
        }
        if let Some(at) = self.cache.at(&self.spec) {
            let own = self.config.own.of_response(head);
            own.with(|own| call.answered_as(at, head.status().as_u16(), own));
        }
    }

    /// Begins the call under the recorder of this moment; without one that takes anything there is none.
    fn begin_of(&self, head: RequestHead<'_>, infallible: bool) -> Option<Call> {
        let at = self.cache.at(&self.spec)?;
        if self.is_simple {
            let method = self.config.methods.number(head.method());
            let endpoint = self.config.matched(head).unwrap_or(UNMATCHED);
            // The number of the method is in the hash, and need not be compared.
            let is_it = |series: &Series| matches!(series.values(), [_, its] if **its == *endpoint);
            if let Some(series) = at.find_of(self.methods.hash(self.cache.hasher(), method, endpoint), is_it)
            {
                return Some(Call::begin(series));
            }
        }
        self.begin_otherwise(at, head, infallible)
    }

    /// Begins the call of a label set that was not seen before, or of a Layer that was told more.
    #[inline(never)]
    fn begin_otherwise(&self, at: At<'_>, head: RequestHead<'_>, infallible: bool) -> Option<Call> {
        let endpoint = &*self.config.endpoint(head);
        if self.config.skips(head, endpoint) {
            return None;
        }
        let values = self.config.values(head, endpoint);
        let birth = || self.config.birth(head, endpoint, infallible);
        let series = match self.config.own.is_empty() {
            true => self.series(at, values, birth),
            false => {
                let own = self.config.own.of_request(head);
                own.with(|own| self.series(at, values.and(own), birth))
            }
        };
        Some(Call::begin(series))
    }

    /// Finds or makes the series of these values.
    pub(super) fn series(
        &self,
        at: At<'_>,
        values: Values<'_>,
        birth: impl FnOnce() -> Birth,
    ) -> Arc<Series> {
        let values = values.as_slice();
        match (values, self.is_simple) {
            ([method, endpoint], true) => {
                let method = self.config.methods.number_of(method);
                let hash = self.methods.hash(self.cache.hasher(), method, endpoint);
                at.series_of(hash, |series| series.is_of(values), values, birth)
            }
            _ => at.series(values, birth),
        }
    }
}
