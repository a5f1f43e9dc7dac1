//! The same requests for everybody, sent by hand.

use std::{
    future::Future,
    hint::black_box,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use axum::body::Body;
use http::{Request, Response, Uri};
use tower::Service;

/// Sends the next request and reads its answer to the end.
pub type Caller = Box<dyn FnMut() + Send>;

/// Makes callers that share one instance of what is measured. The number says which thread the caller is for.
pub type Callers = Box<dyn Fn(usize) -> Caller>;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    /// How many routes are asked for in turn.
    pub routes: usize,
    /// How many status codes they answer in turn.
    pub codes: usize,
    /// Whether the answer has content; a call without ends with its head.
    pub has_content: bool,
    /// Whether every thread asks for routes of its own.
    pub is_apart: bool,
    /// Whether it is answered at all.
    pub is_answered: bool,
}

/// The one method of the service of gRPC.
pub(crate) const METHOD: &str = "/shop.Orders/Place";

/// The service is ready at any time, as those of `hyper` are.
#[derive(Clone, Copy)]
pub(crate) enum Use {
    /// One service takes all calls.
    Kept,
    /// Each call has a clone of its own, as `axum::serve` does it.
    Cloned,
    /// One service takes all calls, which are of its one method.
    Rpc,
}

pub(crate) fn callers<S, B>(service: S, work: Work, way: Use) -> Callers
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + 'static,
    B: http_body::Body,
{
    Box::new(move |thread| {
        let mut service = service.clone();
        let uris = match way {
            Use::Rpc => vec![Uri::from_static(METHOD)],
            Use::Kept | Use::Cloned => work.uris(thread),
        };
        let mut next = 0;
        Box::new(move || {
            let mut request = Request::new(Body::empty());
            *request.uri_mut() = uris[next].clone();
            next = if next + 1 == uris.len() { 0 } else { next + 1 };
            match way {
                Use::Kept | Use::Rpc => call(&mut service, request),
                Use::Cloned => call(&mut service.clone(), request),
            }
        })
    })
}

fn call<S, B>(service: &mut S, request: Request<Body>)
where
    S: Service<Request<Body>, Response = Response<B>>,
    B: http_body::Body,
{
    let context = &mut Context::from_waker(Waker::noop());
    let Poll::Ready(Ok(response)) = pin!(service.call(black_box(request))).poll(context) else {
        panic!("the answer is ready")
    };
    let mut body = pin!(response.into_body());
    while !body.is_end_stream() {
        match Pin::as_mut(&mut body).poll_frame(context) {
            Poll::Ready(Some(frame)) => drop(black_box(frame)),
            Poll::Ready(None) => break,
            Poll::Pending => panic!("the body is ready"),
        }
    }
}

// ===== impl Work =====

impl Work {
    pub const HEAD: Self =
        Self { routes: 1, codes: 1, has_content: false, is_apart: false, is_answered: true };
    pub const BODY: Self = Self { has_content: true, ..Self::HEAD };
    pub const PENDING: Self = Self { is_answered: false, ..Self::HEAD };

    /// What is asked for in turn.
    pub fn uris(self, thread: usize) -> Vec<Uri> {
        let first = if self.is_apart { thread * self.routes } else { 0 };
        let paths = (0..self.routes * self.codes).map(|number| {
            let (route, code) = (first + number % self.routes, number / self.routes);
            format!("/v{route}/users/7/posts/{}", status(code))
        });
        paths.map(|path| path.parse().expect("it is a path")).collect()
    }
}

/// 200, then those of 4xx that say nothing of the route.
fn status(number: usize) -> usize {
    match number {
        0 => 200,
        1..=5 => 399 + number,
        _ => 400 + number,
    }
}
