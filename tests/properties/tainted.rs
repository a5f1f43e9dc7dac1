//! Requests and answers with a marker in every field.

use std::{
    future::{Pending, Ready, pending, ready},
    io,
    panic::resume_unwind,
};

use bytes::Bytes;
use futures_util::{future::Either, stream};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use http_body::Frame;
use http_body_util::StreamBody;

/// Survives whatever may be done to it: upper and lower case, and being cut.
pub(crate) const MARKER: &str = "zqtaint";

/// How many things the service can do with a request.
pub(crate) const WAYS: usize = 7;

pub(crate) type Frames = StreamBody<stream::Iter<std::vec::IntoIter<Result<Frame<Bytes>, io::Error>>>>;
type Answered = Result<Response<Frames>, io::Error>;
type Answer = Either<Ready<Answered>, Pending<Answered>>;

/// The marker, and something that no other request has.
pub(crate) fn tainted(n: usize) -> String {
    format!("{MARKER}{n:x}")
}

/// Headers whose names and values are all tainted, as far as their names are not those that something reads.
pub(crate) fn headers(n: usize) -> HeaderMap {
    let value = || HeaderValue::try_from(tainted(n)).unwrap();
    let known = [
        "host",
        "authorization",
        "cookie",
        "user-agent",
        "referer",
        "x-forwarded-for",
        "x-request-id",
        "traceparent",
        "content-type",
        "content-length",
        "grpc-status",
        "grpc-message",
        "grpc-timeout",
        "grpc-status-details-bin",
    ];
    let own = HeaderName::try_from(format!("x-{}", tainted(n))).unwrap();
    // Without some of them the others are taken seriously.
    let known = known.into_iter().enumerate().filter(|(index, _)| n >> index & 1 == 0);
    known.map(|(_, name)| (HeaderName::from_static(name), value())).chain([(own, value())]).collect()
}

/// A request with the marker in every field.
pub(crate) fn request<B>(n: usize, body: B) -> Request<B> {
    let taint = tainted(n);
    let method = match n % 5 {
        0 => Method::from_bytes(taint.as_bytes()).unwrap(),
        1 => Method::POST,
        2 => Method::HEAD,
        _ => Method::GET,
    };
    let uri = match n % 4 {
        0 => format!("http://{taint}.example:{}/{taint}?{taint}={taint}", n % 60_000),
        1 => format!("/users/{taint}?{taint}"),
        2 => format!("/{taint}.Orders/{taint}"),
        _ => format!("/shop.Orders/Place?{taint}"),
    };
    let mut request = Request::builder().method(method).uri(uri).extension(taint).body(body).unwrap();
    *request.headers_mut() = headers(n);
    request
}

pub(crate) fn body(n: usize) -> Frames {
    let data = Bytes::from(format!("\0\0\0\0\u{b}{}", tainted(n)));
    let last = match n % 3 {
        0 => Err(io::Error::other(tainted(n))),
        _ => Ok(Frame::trailers(headers(n))),
    };
    StreamBody::new(stream::iter(vec![Ok(Frame::data(data.clone())), Ok(Frame::data(data)), last]))
}

/// By a way that prints nothing.
pub(crate) fn panic_with(n: usize) -> ! {
    resume_unwind(Box::new(tainted(n)))
}

pub(crate) fn answer(n: usize) -> Answer {
    match n % WAYS {
        0 => Either::Left(ready(Err(io::Error::other(tainted(n))))),
        1 => panic_with(n),
        2 => Either::Right(pending()),
        way => {
            let mut response = Response::new(body(n));
            *response.status_mut() = [200, 404, 503, 900][way - 3].try_into().unwrap();
            *response.headers_mut() = headers(n + 1);
            response.extensions_mut().insert(tainted(n));
            Either::Left(ready(Ok(response)))
        }
    }
}
