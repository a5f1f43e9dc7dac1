//! The response future: it reads the status of a head, and hands the call on to the body.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::{ResponseBody, status::Code};
use crate::{call::Call, outcome::Outcome};

pin_project! {
    /// The future of a measured gRPC call.
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        call: Option<Call>,
    }
}

// ===== impl ResponseFuture =====

impl<F> ResponseFuture<F> {
    pub(super) fn new(inner: F, call: Option<Call>) -> Self {
        Self { inner, call }
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
            (Ok(response), Some(call)) => Ok(open(response, call)),
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

/// Ends the call if the head is all there is, else leaves that to the body.
fn open<B: Body>(response: Response<B>, mut call: Call) -> Response<ResponseBody<B>> {
    let code = Code::of(response.headers()).or_else(|| Code::of_http(response.status()));
    if let Some(code) = code {
        call.answered(code.to_end());
    }
    let body = response.body();
    if call.inside(|| body.is_end_stream()) {
        call.end(Outcome::Completed);
        return response.map(ResponseBody::ended);
    }
    response.map(|body| ResponseBody::open(body, call))
}
