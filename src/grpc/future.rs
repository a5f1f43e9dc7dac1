//! The response future: it reads the status of a head, and hands the call on to the body.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Response, StatusCode};
use http_body::Body;
use pin_project_lite::pin_project;

use super::{Grpc, ResponseBody, ResponseHead, status::Code};
use crate::{call::Call, outcome::Outcome};

pin_project! {
    /// The future of a measured gRPC call.
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        call: Option<Call>,
        due: Option<Due>,
        // An answer to HEAD has none, and no server polls it.
        has_body: bool,
        // Where the answer is asked for more than its status.
        protocol: Option<Arc<Grpc>>,
    }

    impl<F> PinnedDrop for ResponseFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let Some(call) = this.call {
                Due::judge(*this.due, call);
            }
        }
    }
}

/// When a call ought to be answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    start: u64,
    seconds: f64,
}

/// Who keeps the time of a call may have begun this much before the Layer did, in seconds.
const EARLY: f64 = 1e-3;

// ===== impl ResponseFuture =====

impl<F> ResponseFuture<F> {
    /// Waits for what `inner` returns, which is made where it stays: it may be large. The call is in until then.
    #[inline]
    pub(super) fn new(
        inner: impl FnOnce() -> F,
        call: Option<Call>,
        due: Option<Due>,
        has_body: bool,
        protocol: Option<Arc<Grpc>>,
    ) -> Self {
        Self { inner: inner(), call: Call::is_out(call), due, has_body, protocol }
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
        match this.inner.poll(cx) {
            Poll::Pending => {
                Call::comes_out(this.call);
                Poll::Pending
            }
            Poll::Ready(Ok(response)) => {
                // Taken first, so that a body that panics ends the call at once.
                let call = Call::is_out(this.call.take()).and_then(|mut call| {
                    if let Some(protocol) = this.protocol {
                        protocol.answered(ResponseHead::of(&response), &mut call);
                    }
                    match end_of(&response, &mut call, *this.has_body) {
                        None => Some(call),
                        Some(outcome) => {
                            call.end(outcome);
                            None
                        }
                    }
                });
                Poll::Ready(Ok(response.map(|body| ResponseBody::new(body, call))))
            }
            Poll::Ready(Err(error)) => {
                if let Some(mut call) = Call::is_out(this.call.take()) {
                    Due::judge(*this.due, &mut call);
                    call.end(Outcome::Error);
                }
                Poll::Ready(Err(error))
            }
        }
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("is_open", &self.call.is_some()).finish_non_exhaustive()
    }
}

// ===== impl Due =====

impl Due {
    pub(super) fn new(call: &Call, timeout: f64) -> Self {
        Self { start: call.clock().raw(), seconds: timeout - EARLY }
    }

    /// Gives a call that was not answered in time the code that says so.
    fn judge(due: Option<Self>, call: &mut Call) {
        if due.is_some_and(|due| call.clock().seconds_between(due.start, call.clock().raw()) >= due.seconds) {
            call.answered(Code::DEADLINE_EXCEEDED.to_end());
        }
    }
}

/// The outcome, where the head is all there is; else it is the body's to tell.
#[inline]
fn end_of<B: Body>(response: &Response<B>, call: &mut Call, has_body: bool) -> Option<Outcome> {
    let code = Code::of(response.headers()).or_else(|| Code::of_http(response.status()));
    if let Some(code) = code {
        call.answered(code.to_end());
    }
    let is_bodiless = matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let is_ended = is_bodiless || !has_body || call.inside(|| response.body().is_end_stream());
    is_ended.then_some(Outcome::Completed)
}
