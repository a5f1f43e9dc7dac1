//! The response body, whose trailers tell how the call ended.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::status::Code;
use crate::{call::Call, outcome::Outcome};

pin_project! {
    /// The response body of a measured gRPC call; see the [module](super) for when it ends the call.
    ///
    /// Frames, trailers, errors, `size_hint` and `is_end_stream` are those of the wrapped body.
    pub struct ResponseBody<B> {
        #[pin]
        inner: B,
        call: Option<Call>,
    }
}

// ===== impl ResponseBody =====

impl<B> ResponseBody<B> {
    /// Wraps a body that ends `call`, where the head did not.
    #[inline]
    pub(super) fn new(inner: B, call: Option<Call>) -> Self {
        Self { inner, call }
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

    /// Unwraps the body. A call that was still open ends here, as one that was given up.
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
                // The last word: a status of the head was said before the call was over.
                if let Some(code) = frame.trailers_ref().and_then(Code::of) {
                    call.answered(code.to_end());
                }
                let is_last = frame.is_trailers() || call.inside(|| this.inner.is_end_stream());
                is_last.then_some(Outcome::Completed)
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
        Self::new(B::default(), None)
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
