//! What comes of a call after its head: the frames of a body, whatever they are made of.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

/// A call that was made, until there is its answer, if that has a body.
pub(super) type Answer = Pin<Box<dyn Future<Output = Result<Option<Frames>, ()>> + Send>>;

/// The body of an answer.
pub(super) type Frames = Pin<Box<dyn Rest + Send>>;

/// What is left of an answer.
pub(super) trait Rest {
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Next>;
    fn is_end(&self) -> bool;
    /// Tells whether the answer has no body, whatever is in it.
    fn is_bodiless(&self) -> bool;
}

/// What a body gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Frame,
    End,
    Failed,
}

pin_project! {
    /// A future whose answer is opened. It drops what is in it when it is itself dropped, and not sooner, as who awaits a
    /// future in a task does.
    struct Opened<F, T> {
        #[pin]
        inner: F,
        open: fn(T) -> Option<Frames>,
    }
}

pin_project! {
    struct Framed<B> {
        #[pin]
        inner: B,
        is_bodiless: bool,
    }
}

/// Makes a call an answer that is opened so.
pub(super) fn answer<F, T, E>(inner: F, open: fn(T) -> Option<Frames>) -> Answer
where
    F: Future<Output = Result<T, E>> + Send + 'static,
    T: 'static,
{
    Box::pin(Opened { inner, open })
}

/// What is left of an answer of HTTP.
pub(super) fn body<B>(response: Response<B>) -> Option<Frames>
where
    B: Body + Send + 'static,
{
    let status = response.status();
    let is_bodiless = status.is_informational() || matches!(status.as_u16(), 204 | 304);
    Some(Box::pin(Framed { inner: response.into_body(), is_bodiless }))
}

/// What is left of any other answer.
pub(super) fn nothing<T>(_: T) -> Option<Frames> {
    None
}

// ===== impl Opened =====

impl<F, T, E> Future for Opened<F, T>
where
    F: Future<Output = Result<T, E>>,
{
    type Output = Result<Option<Frames>, ()>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.inner.poll(cx));
        Poll::Ready(result.map(this.open).map_err(drop))
    }
}

// ===== impl Framed =====

impl<B: Body> Rest for Framed<B> {
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Next> {
        self.project().inner.poll_frame(cx).map(|frame| match frame {
            None => Next::End,
            Some(Ok(_)) => Next::Frame,
            Some(Err(_)) => Next::Failed,
        })
    }

    fn is_end(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn is_bodiless(&self) -> bool {
        self.is_bodiless
    }
}
