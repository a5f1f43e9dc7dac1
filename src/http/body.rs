//! The response body that ends its call.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::{call::Call, outcome::Outcome};

pin_project! {
    /// The response body of a measured call; see the [module](super) for when it ends the call.
    ///
    /// Frames, trailers, errors, `size_hint` and `is_end_stream` are those of the wrapped body.
    pub struct ResponseBody<B> {
        #[pin]
        inner: B,
        call: Option<Call>,
        // Bytes until the length that the head announced; a server stops polling there without a last `None`.
        left: u64,
    }
}

// ===== impl ResponseBody =====

impl<B> ResponseBody<B> {
    /// Wraps a body that ends `call` after `left` bytes at the latest, where the call did not end with the head.
    #[inline]
    pub(crate) fn new(inner: B, call: Option<Call>, left: u64) -> Self {
        Self { inner, call, left }
    }

    /// Returns the wrapped body.
    #[must_use]
    pub fn get_ref(&self) -> &B {
        &self.inner
    }

    /// Returns the wrapped body, mutably.
    #[must_use]
    pub fn get_mut(&mut self) -> &mut B {
        &mut self.inner
    }

    /// Unwraps the body. A call that was still open ends here, as `body_dropped`.
    #[must_use]
    pub fn into_inner(self) -> B {
        self.inner
    }
}

impl<B: Body> Body for ResponseBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    #[inline]
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let mut this = self.project();
        let Some(call) = this.call else {
            return this.inner.poll_frame(cx);
        };
        let frame = ready!(call.inside(|| this.inner.as_mut().poll_frame(cx)));
        let outcome = match &frame {
            None => Some(Outcome::Completed),
            Some(Err(_)) => Some(Outcome::BodyError),
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    *this.left = this.left.saturating_sub(data.remaining() as u64);
                }
                let is_last = *this.left == 0 || frame.is_trailers();
                (is_last || call.inside(|| this.inner.is_end_stream())).then_some(Outcome::Completed)
            }
        };
        if let Some(outcome) = outcome {
            this.call.take().expect("the call was open above").end(outcome);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

// tower-http asks for it in the Layers that answer with an empty body of their own.
impl<B: Default> Default for ResponseBody<B> {
    fn default() -> Self {
        Self::new(B::default(), None, 0)
    }
}

impl<B: fmt::Debug> fmt::Debug for ResponseBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody")
            .field("inner", &self.inner)
            .field("is_open", &self.call.is_some())
            .finish()
    }
}
