//! Why a call was refused.

use std::{
    borrow::Cow,
    error::Error,
    fmt,
    panic::{self, AssertUnwindSafe},
    sync::Arc,
};

use http::{HeaderMap, Request, Response, StatusCode};

use crate::{
    http::RequestHead,
    labels::{PANICKED, UNMATCHED},
};

/// A refusal whose reason is to be told: what the limiter answered in the place of the service.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Refusal<'a> {
    /// The limiter returned an error.
    Error(&'a (dyn Error + 'static)),
    /// The limiter answered with this head.
    #[non_exhaustive]
    Answer {
        /// The status.
        status: StatusCode,
        /// The headers.
        headers: &'a HeaderMap,
    },
}

/// Which answers are judged: none of any service, those of HTTP.
pub trait Judge<Response> {
    /// Marks an answer that comes from further in than the limiter.
    fn mark(&self, response: &mut Response);

    /// Takes the mark of an answer, and returns the refusal that one without a mark may be.
    fn refusal<'a>(&self, response: &'a mut Response) -> Option<Refusal<'a>>;
}

/// What tells the endpoint of a request, where refusals are counted by it.
pub trait Locate<Request> {
    /// Returns the endpoint; `None` where refusals are not counted by endpoint.
    fn endpoint(&self, request: &Request) -> Option<Box<str>>;
}

/// Judges errors alone.
#[derive(Clone, Copy, Debug)]
pub struct Errors;

/// Judges errors, and the heads of HTTP answers.
#[derive(Clone, Default)]
pub struct Answers {
    pub(super) endpoint: Option<Arc<EndpointFn>>,
    pub(super) has_reasons: bool,
}

pub(super) type EndpointFn = dyn for<'a> Fn(RequestHead<'a>) -> Option<Cow<'a, str>> + Send + Sync;

/// The mark of an answer that came from further in.
#[derive(Clone, Copy, Debug)]
struct FromFurtherIn;

pub(super) type ReasonFn = dyn Fn(Refusal<'_>) -> Option<&'static str> + Send + Sync;

pub(super) const RATE_LIMITED: &str = "rate_limited";
pub(super) const OVERLOADED: &str = "overloaded";
pub(super) const TIMED_OUT: &str = "timed_out";
pub(super) const CLOSED: &str = "closed";
pub(super) const OTHER: &str = "other";

/// gRPC's `DeadlineExceeded` and `ResourceExhausted`, as the wire spells them.
const GRPC_DEADLINE_EXCEEDED: &str = "4";
const GRPC_RESOURCE_EXHAUSTED: &str = "8";

// ===== impl Refusal =====

impl Refusal<'_> {
    /// The user's word, else the one that is known; an error is a refusal whatever it is, an answer is one only
    /// if there is a word for it.
    pub(super) fn reason(self, own: Option<&Arc<ReasonFn>>) -> Option<&'static str> {
        let own = own.and_then(|own| {
            let told = panic::catch_unwind(AssertUnwindSafe(|| own(self)));
            told.unwrap_or(Some(PANICKED))
        });
        own.or_else(|| match self {
            Self::Error(error) => Some(known_error(error).unwrap_or(OTHER)),
            Self::Answer { status, headers } => known_answer(status, headers),
        })
    }
}

#[cfg(feature = "tower")]
fn known_error(error: &(dyn Error + 'static)) -> Option<&'static str> {
    if error.is::<tower::load_shed::error::Overloaded>() {
        Some(OVERLOADED)
    } else if error.is::<tower::timeout::error::Elapsed>() {
        Some(TIMED_OUT)
    } else if error.is::<tower::buffer::error::Closed>() || error.is::<tower::buffer::error::ServiceError>() {
        Some(CLOSED)
    } else {
        None
    }
}

#[cfg(not(feature = "tower"))]
fn known_error(_: &(dyn Error + 'static)) -> Option<&'static str> {
    None
}

fn known_answer(status: StatusCode, headers: &HeaderMap) -> Option<&'static str> {
    match status {
        StatusCode::TOO_MANY_REQUESTS => Some(RATE_LIMITED),
        StatusCode::SERVICE_UNAVAILABLE => Some(OVERLOADED),
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => Some(TIMED_OUT),
        // Trailers-only: the code of a call that had messages is in its trailers.
        StatusCode::OK => match headers.get("grpc-status")?.to_str().ok()? {
            GRPC_RESOURCE_EXHAUSTED => Some(RATE_LIMITED),
            GRPC_DEADLINE_EXCEEDED => Some(TIMED_OUT),
            _ => None,
        },
        _ => None,
    }
}

// ===== impl Errors =====

impl<R> Judge<R> for Errors {
    fn mark(&self, _: &mut R) {}

    fn refusal<'a>(&self, _: &'a mut R) -> Option<Refusal<'a>> {
        None
    }
}

impl<R> Locate<R> for Errors {
    fn endpoint(&self, _: &R) -> Option<Box<str>> {
        None
    }
}

// ===== impl Answers =====

impl<B> Locate<Request<B>> for Answers {
    fn endpoint(&self, request: &Request<B>) -> Option<Box<str>> {
        let endpoint = self.endpoint.as_ref()?;
        let told = panic::catch_unwind(AssertUnwindSafe(|| endpoint(RequestHead::of(request))));
        Some(told.unwrap_or(Some(PANICKED.into())).as_deref().unwrap_or(UNMATCHED).into())
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").field("by_endpoint", &self.endpoint.is_some()).finish()
    }
}

impl<B> Judge<Response<B>> for Answers {
    fn mark(&self, response: &mut Response<B>) {
        // An extension allocates, so only answers that could be taken for a refusal are marked: no good one, unless the
        // user's closure is asked about those too.
        let is_good = response.status().is_success() && !response.headers().contains_key("grpc-status");
        if !is_good || self.has_reasons {
            response.extensions_mut().insert(FromFurtherIn);
        }
    }

    fn refusal<'a>(&self, response: &'a mut Response<B>) -> Option<Refusal<'a>> {
        // Taken, so that another limiter further out can answer with what a client of this one gave it.
        let is_own = response.extensions_mut().remove::<FromFurtherIn>().is_none();
        is_own.then(|| Refusal::Answer { status: response.status(), headers: response.headers() })
    }
}

impl fmt::Display for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(error) => write!(f, "refused with the error: {error}"),
            Self::Answer { status, .. } => write!(f, "refused with the status {status}"),
        }
    }
}
