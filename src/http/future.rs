//! The response future: it judges the head, and hands the call on to the body.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{HeaderMap, Method, Response, StatusCode, header::CONTENT_LENGTH};
use http_body::Body;
use pin_project_lite::pin_project;

use super::ResponseBody;
use crate::{call::Call, outcome::Outcome};

pin_project! {
    /// The future of a measured HTTP call.
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        call: Option<Call>,
        asked: Asked,
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

impl<F> ResponseFuture<F> {
    /// Waits for what `inner` returns, which is made where it stays: it may be large. The call is in until then.
    #[inline]
    pub(super) fn new(inner: impl FnOnce() -> F, call: Option<Call>, asked: Asked) -> Self {
        Self { inner: inner(), call: Call::is_out(call), asked }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        Call::goes_in(this.call);
        let answer = this.inner.poll(cx);
        Call::comes_out(this.call);
        Poll::Ready(match ready!(answer) {
            Ok(response) => {
                let mut left = 0;
                if let Some(call) = this.call {
                    match this.asked.end_of(&response, call) {
                        Ok(length) => left = length,
                        Err(outcome) => this.call.take().expect("it was there above").end(outcome),
                    }
                }
                Ok(response.map(|body| ResponseBody::new(body, this.call.take(), left)))
            }
            Err(error) => {
                if let Some(call) = this.call.take() {
                    call.end(Outcome::Error);
                }
                Err(error)
            }
        })
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
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
        let status = response.status();
        call.answered(status.as_u16());
        if self.is_upgraded_by(status) {
            return Err(Outcome::Upgraded);
        }
        let body = response.body();
        if self.has_no_body(status) || call.inside(|| body.is_end_stream()) {
            return Err(Outcome::Completed);
        }
        let length = content_length(response.headers()).or_else(|| call.inside(|| body.size_hint().exact()));
        match length {
            Some(0) => Err(Outcome::Completed),
            length => Ok(length.unwrap_or(u64::MAX)),
        }
    }

    /// RFC 9110, sections 7.8 and 9.3.6: from here on the connection speaks something else.
    #[inline]
    fn is_upgraded_by(self, status: StatusCode) -> bool {
        status == StatusCode::SWITCHING_PROTOCOLS || (matches!(self, Self::Connect) && status.is_success())
    }

    /// RFC 9110, section 6.4.1: such an answer has no content, so servers drop its body unpolled.
    #[inline]
    fn has_no_body(self, status: StatusCode) -> bool {
        matches!(self, Self::Head)
            || status.is_informational()
            || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
    }
}

/// RFC 9110, section 8.6: digits alone. `parse` would take `+4`, which servers do not.
fn content_length(headers: &HeaderMap) -> Option<u64> {
    let text = headers.get(CONTENT_LENGTH)?.to_str().ok()?;
    text.parse().ok().filter(|_| !text.starts_with('+'))
}
