//! The response future: it judges the head, and hands the call on to the body.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderMap, Method, Response, header::CONTENT_LENGTH};
use http_body::Body;
use pin_project_lite::pin_project;

use super::{ErrorKind, Http, ResponseBody, ResponseHead};
use crate::{call::Call, outcome::Outcome};

pin_project! {
    /// The future of a measured HTTP call.
    pub struct ResponseFuture<F, H = ()> {
        #[pin]
        inner: F,
        call: Option<Call>,
        asked: Asked,
        // Where the answer is asked for more than its status.
        protocol: Option<Arc<Http<H>>>,
    }
}

/// What of the request decides where its answer ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asked {
    Head,
    Connect,
    Other,
}

// ===== impl ResponseFuture =====

impl<F, H> ResponseFuture<F, H> {
    /// Waits for what `inner` returns, which is made where it stays: it may be large. The call is in until then.
    #[inline]
    pub(super) fn new(
        inner: impl FnOnce() -> F,
        call: Option<Call>,
        asked: Asked,
        protocol: Option<Arc<Http<H>>>,
    ) -> Self {
        Self { inner: inner(), call: Call::is_out(call), asked, protocol }
    }
}

impl<F, B, E, H> Future for ResponseFuture<F, H>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
    H: ErrorKind<E>,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        Call::goes_in(this.call);
        match this.inner.poll(cx) {
            Poll::Pending => {
                Call::comes_out(this.call);
                Poll::Pending
            }
            Poll::Ready(Ok(response)) => {
                // Taken first, so that a body that panics ends the call at once.
                let (call, left) = match Call::is_out(this.call.take()) {
                    None => (None, 0),
                    Some(mut call) => {
                        if let Some(protocol) = this.protocol {
                            protocol.answered(ResponseHead::of(&response), &mut call);
                        }
                        match this.asked.end_of(&response, &mut call) {
                            Ok(left) => (Some(call), left),
                            Err(outcome) => {
                                call.end(outcome);
                                (None, 0)
                            }
                        }
                    }
                };
                Poll::Ready(Ok(response.map(|body| ResponseBody::new(body, call, left))))
            }
            Poll::Ready(Err(error)) => {
                if let Some(call) = Call::is_out(this.call.take()) {
                    let kind = this.protocol.as_ref().and_then(|protocol| protocol.kind_of(&error));
                    call.end_as(Outcome::Error, kind);
                }
                Poll::Ready(Err(error))
            }
        }
    }
}

impl<F, H> fmt::Debug for ResponseFuture<F, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("is_open", &self.call.is_some()).finish_non_exhaustive()
    }
}

// ===== impl Asked =====

impl Asked {
    #[inline]
    pub(super) fn of(method: &Method) -> Self {
        match *method {
            Method::HEAD => Self::Head,
            Method::CONNECT => Self::Connect,
            _ => Self::Other,
        }
    }

    /// How many bytes of the body the call goes on for, without end where nobody says; or the outcome, where it ends with
    /// the head.
    #[inline]
    fn end_of<B: Body>(self, response: &Response<B>, call: &mut Call) -> Result<u64, Outcome> {
        let status = response.status().as_u16();
        call.answered(status);
        if let Some(outcome) = self.outcome_of(status) {
            return Err(outcome);
        }
        let body = response.body();
        if call.inside(|| body.is_end_stream()) {
            return Err(Outcome::Completed);
        }
        let length = content_length(response.headers()).or_else(|| call.inside(|| body.size_hint().exact()));
        match length {
            Some(0) => Err(Outcome::Completed),
            length => Ok(length.unwrap_or(u64::MAX)),
        }
    }

    /// The outcome, where the status alone tells that the call ends with its head.
    #[inline]
    fn outcome_of(self, status: u16) -> Option<Outcome> {
        match (self, status) {
            // RFC 9110, sections 7.8 and 9.3.6: from here on the connection speaks something else.
            (_, 101) | (Self::Connect, 200..300) => Some(Outcome::Upgraded),
            // RFC 9110, section 6.4.1: such an answer has no content, so servers drop its body unpolled.
            (Self::Head, _) | (_, 100..200 | 204 | 304) => Some(Outcome::Completed),
            _ => None,
        }
    }
}

/// RFC 9110, section 8.6: digits alone. `parse` would take `+4`, which servers do not.
#[inline]
fn content_length(headers: &HeaderMap) -> Option<u64> {
    // Many answers have no header yet when they pass here.
    let length = if headers.is_empty() { None } else { headers.get(CONTENT_LENGTH) };
    let text = length?.to_str().ok()?;
    text.parse().ok().filter(|_| !text.starts_with('+'))
}
