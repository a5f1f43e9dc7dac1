//! A body that does what bytes say, and how it is read.

use std::{
    any::Any,
    collections::VecDeque,
    io,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::{Body, Frame, SizeHint};

use super::input::Input;

#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) steps: VecDeque<Step>,
    pub(super) hint: (u64, Option<u64>),
    pub(super) tells_end: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Data(Bytes),
    Trailers(HeaderMap),
    Pending,
    Fail,
    Panic,
}

/// What one poll gave.
#[derive(Debug, PartialEq)]
pub(super) enum Polled {
    Data(Bytes),
    Trailers(HeaderMap),
    Pending,
    Failed(String),
    Panicked,
    End,
}

pub(super) const STATUSES: [&str; 9] = ["0", "5", "9", "10", "16", "17", "00", "-1", "OK"];

// ===== impl Script =====

impl Script {
    pub(super) fn read(input: &mut Input<'_>) -> Self {
        let mut steps = VecDeque::new();
        for _ in 0..input.below(9) {
            match input.below(8) {
                0..2 => steps.extend(messages(input)),
                kind => steps.push_back(Step::read(kind, input)),
            }
        }
        let exact = |steps: &VecDeque<Step>| steps.iter().map(Step::length).sum();
        let hint = match input.below(4) {
            0 => (0, None),
            1 => (exact(&steps), Some(exact(&steps))),
            2 => (u64::from(input.byte()), None),
            _ => {
                let lower = u64::from(input.byte());
                (lower, Some(lower + u64::from(input.byte() % 3)))
            }
        };
        Self { steps, hint, tells_end: input.flag() }
    }
}

impl Body for Script {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.steps.pop_front() {
            None => Poll::Ready(None),
            Some(Step::Data(data)) => Poll::Ready(Some(Ok(Frame::data(data)))),
            Some(Step::Trailers(trailers)) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
            Some(Step::Fail) => Poll::Ready(Some(Err(io::Error::other("as scripted")))),
            Some(Step::Pending) => Poll::Pending,
            Some(Step::Panic) => panic_as_scripted(),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.tells_end && self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::new();
        hint.set_lower(self.hint.0);
        if let Some(upper) = self.hint.1 {
            hint.set_upper(upper);
        }
        hint
    }
}

// ===== impl Step =====

impl Step {
    fn read(kind: usize, input: &mut Input<'_>) -> Self {
        match kind {
            2 => Self::Trailers(grpc_headers(input)),
            3 => Self::Fail,
            4 => Self::Pending,
            5 => Self::Panic,
            _ => Self::Data(Bytes::copy_from_slice(input.bytes())),
        }
    }

    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Data(data) => data.len() as u64,
            _ => 0,
        }
    }
}

/// Some length-prefixed messages of gRPC, the last perhaps with a wrong length, cut into two frames anywhere.
fn messages(input: &mut Input<'_>) -> [Step; 2] {
    let mut bytes = Vec::new();
    for _ in 0..=input.below(3) {
        let data = &[7; 9][..input.below(10)];
        bytes.extend([&[0, 0, 0, 0, data.len() as u8], data].concat());
    }
    if input.byte() == 1 {
        bytes.push(0);
    }
    let mut bytes = Bytes::from(bytes);
    let begin = bytes.split_to(input.below(bytes.len() + 1));
    [Step::Data(begin), Step::Data(bytes)]
}

/// Headers or trailers with any number of statuses and messages in them.
pub(super) fn grpc_headers(input: &mut Input<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for _ in 0..input.below(3) {
        let value = match input.byte() {
            byte @ 0..128 => HeaderValue::from_static(STATUSES[usize::from(byte) % STATUSES.len()]),
            _ => HeaderValue::from_bytes(input.bytes()).unwrap_or(HeaderValue::from_static("")),
        };
        headers.append(
            input.one_of(&["grpc-status", "grpc-status", "grpc-message", "grpc-status-details-bin"]),
            value,
        );
    }
    headers
}

/// By a way that no hook sees: a fuzzer's would end the process.
pub(super) fn panic_as_scripted() -> ! {
    resume_unwind(Box::new("as scripted"))
}

/// Runs what may panic as scripted; any other panic goes on.
pub(super) fn caught<T>(f: impl FnOnce() -> T) -> Option<T> {
    let is_scripted = |payload: &Box<dyn Any + Send>| payload.downcast_ref() == Some(&"as scripted");
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(done) => Some(done),
        Err(payload) if is_scripted(&payload) => None,
        Err(payload) => resume_unwind(payload),
    }
}

/// Polls once. A body that panicked is not to be polled again.
pub(super) fn polled<B>(body: &mut B) -> Polled
where
    B: Body<Data = Bytes, Error = io::Error> + Unpin,
{
    match caught(|| Pin::new(body).poll_frame(&mut Context::from_waker(Waker::noop()))) {
        None => Polled::Panicked,
        Some(Poll::Pending) => Polled::Pending,
        Some(Poll::Ready(None)) => Polled::End,
        Some(Poll::Ready(Some(Err(error)))) => Polled::Failed(error.to_string()),
        Some(Poll::Ready(Some(Ok(frame)))) => match frame.into_data() {
            Ok(data) => Polled::Data(data),
            Err(frame) => Polled::Trailers(frame.into_trailers().expect("a frame is data or trailers")),
        },
    }
}
