//! What the tests share: a scripted body, and the balance of a recorder.

#![allow(dead_code, reason = "no test binary needs all of it")]

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::Once,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use tower_metrics::{HttpMetricsLayer, testing::Recorder};

/// A body that does what its script says. Neither `Clone` nor `Default`, as many real ones.
#[derive(Debug)]
pub(crate) struct Script {
    steps: VecDeque<Step>,
    hint: SizeHint,
    tells_end: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Data(&'static str),
    Trailers,
    Pending,
    Fail,
    Panic,
}

impl Script {
    /// A body of unknown length that says nothing about its end before the last `None`.
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self { steps: steps.into_iter().collect(), hint: SizeHint::default(), tells_end: false }
    }

    pub(crate) fn hint(mut self, hint: SizeHint) -> Self {
        self.hint = hint;
        self
    }

    /// `is_end_stream` is true once the script is over.
    pub(crate) fn tells_end(mut self) -> Self {
        self.tells_end = true;
        self
    }
}

impl Body for Script {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.steps.pop_front() {
            None => Poll::Ready(None),
            Some(Step::Data(text)) => Poll::Ready(Some(Ok(Frame::data(text.into())))),
            Some(Step::Trailers) => Poll::Ready(Some(Ok(Frame::trailers(trailers())))),
            Some(Step::Fail) => Poll::Ready(Some(Err(io::Error::other("as scripted")))),
            Some(Step::Panic) => panic!("as scripted"),
            Some(Step::Pending) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.tells_end && self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.hint
    }
}

pub(crate) fn trailers() -> HeaderMap {
    HeaderMap::from_iter([(http::HeaderName::from_static("x-end"), http::HeaderValue::from_static("yes"))])
}

/// A recorder, and a Layer that records to it.
pub(crate) fn measured() -> (Recorder, HttpMetricsLayer) {
    let recorder = Recorder::new();
    let layer = HttpMetricsLayer::new().recorder(recorder.shared());
    (recorder, layer)
}

/// Calls that ended, whichever way.
pub(crate) fn ended(recorder: &Recorder) -> u64 {
    recorder.counter("http_requests_total", [])
}

pub(crate) fn in_flight(recorder: &Recorder) -> f64 {
    recorder.gauge("http_requests_in_flight", [])
}

/// Asserts that one call was begun, and ended with this status and outcome, and that every instrument says so.
#[track_caller]
pub(crate) fn assert_ended_once(recorder: &Recorder, status: &str, outcome: &str) {
    recorder.assert_counter("http_requests_total", [("status", status), ("outcome", outcome)], 1);
    recorder.assert_counter("http_requests_total", [], 1);
    recorder.assert_sample_count("http_request_duration_seconds", [], 1);
    recorder.assert_balanced();
}

/// The message with which `build` panics.
pub(crate) fn refusal<T>(build: impl FnOnce() -> T) -> String {
    let payload =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(build()))).expect_err("it is refused");
    match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(payload) => (*payload.downcast::<&str>().unwrap()).to_owned(),
    }
}

/// Panics that were asked for, by these words, are not worth a line each.
pub(crate) fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !matches!(info.payload().downcast_ref::<&str>(), Some(&"as asked" | &"as scripted")) {
                hook(info);
            }
        }));
    });
}
