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
    pub(super) fn new(inner: F, call: Option<Call>, asked: Asked) -> Self {
        Self { inner, call, asked }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(match this.call {
            Some(call) => call.inside(|| this.inner.poll(cx)),
            None => this.inner.poll(cx),
        });
        let call = this.call.take();
        Poll::Ready(match (answer, call) {
            (Ok(response), Some(call)) => Ok(this.asked.open(response, call)),
            (Ok(response), None) => Ok(response.map(ResponseBody::ended)),
            (Err(error), call) => {
                if let Some(call) = call {
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
    pub(super) fn of(method: &Method) -> Self {
        match *method {
            Method::HEAD => Self::Head,
            Method::CONNECT => Self::Connect,
            _ => Self::Other,
        }
    }

    /// Ends the call if it ends with the head, else leaves that to the body.
    fn open<B: Body>(self, response: Response<B>, mut call: Call) -> Response<ResponseBody<B>> {
        let status = response.status();
        call.answered(status.as_u16());
        let body = response.body();
        let (is_end_stream, hint) = call.inside(|| (body.is_end_stream(), body.size_hint().exact()));
        let length = content_length(response.headers()).or(hint);

        let outcome = if self.is_upgraded_by(status) {
            Some(Outcome::Upgraded)
        } else if is_end_stream || length == Some(0) || self.has_no_body(status) {
            Some(Outcome::Completed)
        } else {
            None
        };
        match outcome {
            Some(outcome) => {
                call.end(outcome);
                response.map(ResponseBody::ended)
            }
            None => response.map(|body| ResponseBody::open(body, call, length)),
        }
    }

    /// RFC 9110, sections 7.8 and 9.3.6: from here on the connection speaks something else.
    fn is_upgraded_by(self, status: StatusCode) -> bool {
        status == StatusCode::SWITCHING_PROTOCOLS || (matches!(self, Self::Connect) && status.is_success())
    }

    /// RFC 9110, section 6.4.1: such an answer has no content, so servers drop its body unpolled.
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
