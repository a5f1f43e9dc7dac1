//! One call from readiness to the drop of its body: what the service does, and how far its caller goes.

use std::{
    future::{Future, poll_fn},
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body::Body;
use tower::Service;

use super::{
    input::Input,
    script::{Polled, Script, caught, panic_as_scripted, polled},
};

#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) method: Method,
    unready: usize,
    is_never_ready: bool,
    panics_in_call: bool,
    /// How often the future is pending before its end.
    pending: usize,
    end: End,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Script,
    ready_polls: usize,
    future_polls: usize,
    pub(super) body_polls: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Answer,
    Error,
    Panic,
    /// It was dropped before.
    Never,
}

/// Everything that a caller can see.
#[derive(Debug, PartialEq)]
pub(super) enum Seen {
    Ready(Poll<Result<(), String>>),
    Panicked,
    Pending,
    Error(String),
    Head(StatusCode, HeaderMap),
    Body { hint: (u64, Option<u64>), is_end: bool },
    Frame(Polled),
}

/// The service of a plan.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    plan: Rc<Plan>,
    ready_polls: usize,
}

// ===== impl Plan =====

impl Plan {
    pub(super) fn read(input: &mut Input<'_>, headers: impl FnOnce(&mut Input<'_>) -> HeaderMap) -> Self {
        let often = |input: &mut Input<'_>| if input.byte() < 220 { 9 } else { input.below(4) };
        let seldom = |input: &mut Input<'_>| if input.byte() < 220 { 0 } else { input.below(3) };
        Self {
            method: input.one_of(&[Method::GET, Method::POST, Method::HEAD, Method::CONNECT]),
            unready: seldom(input),
            is_never_ready: input.byte() > 250,
            panics_in_call: input.byte() > 250,
            pending: seldom(input),
            end: input.one_of(&[End::Answer, End::Answer, End::Answer, End::Answer, End::Error, End::Panic]),
            status: match input.byte() {
                byte @ 0..200 => input_status(byte),
                _ => StatusCode::from_u16(input.short() % 900 + 100).expect("http permits 100 to 999"),
            },
            headers: headers(input),
            body: Script::read(input),
            ready_polls: often(input),
            future_polls: often(input),
            body_polls: often(input) + input.below(4),
        }
    }

    /// How the future ends for a caller of this patience; none for one who never calls.
    pub(super) fn outcome(&self) -> Option<End> {
        if self.is_never_ready || self.ready_polls <= self.unready {
            None
        } else if self.panics_in_call {
            Some(End::Panic)
        } else if self.future_polls <= self.pending {
            Some(End::Never)
        } else {
            Some(self.end)
        }
    }

    pub(super) fn service(&self) -> Planned {
        Planned { plan: Rc::new(self.clone()), ready_polls: 0 }
    }

    /// Goes as far with a service as the plan says, and tells what was seen.
    pub(super) fn play<S, B>(&self, mut service: S) -> Vec<Seen>
    where
        S: Service<Request<Script>, Response = Response<B>, Error = io::Error>,
        B: Body<Data = Bytes, Error = io::Error> + Unpin,
    {
        let mut seen = Vec::new();
        let context = &mut Context::from_waker(Waker::noop());
        let mut is_ready = false;
        for _ in 0..self.ready_polls {
            let ready = service.poll_ready(context).map_err(|error| error.to_string());
            is_ready = ready == Poll::Ready(Ok(()));
            let is_pending = ready.is_pending();
            seen.push(Seen::Ready(ready));
            if !is_pending {
                break;
            }
        }
        if !is_ready {
            return seen;
        }
        let mut request = Request::new(self.body.clone());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = http::Uri::from_static("/shop.Orders/Watch");
        let Some(future) = caught(|| service.call(request)) else {
            seen.push(Seen::Panicked);
            return seen;
        };
        let mut future = Box::pin(future);
        let mut answer = None;
        for _ in 0..self.future_polls {
            match caught(|| future.as_mut().poll(context)) {
                None => seen.push(Seen::Panicked),
                Some(Poll::Pending) => {
                    seen.push(Seen::Pending);
                    continue;
                }
                Some(Poll::Ready(Err(error))) => seen.push(Seen::Error(error.to_string())),
                Some(Poll::Ready(Ok(response))) => answer = Some(response),
            }
            break;
        }
        drop(future);
        if let Some(response) = answer {
            self.read_body(response, &mut seen);
        }
        seen
    }

    fn read_body<B>(&self, response: Response<B>, seen: &mut Vec<Seen>)
    where
        B: Body<Data = Bytes, Error = io::Error> + Unpin,
    {
        let (head, mut body) = response.into_parts();
        seen.push(Seen::Head(head.status, head.headers));
        for _ in 0..self.body_polls {
            let hint = body.size_hint();
            seen.push(Seen::Body { hint: (hint.lower(), hint.upper()), is_end: body.is_end_stream() });
            seen.push(Seen::Frame(polled(&mut body)));
            // A body that panicked is not polled again.
            if seen.last() == Some(&Seen::Frame(Polled::Panicked)) {
                break;
            }
        }
    }
}

fn input_status(byte: u8) -> StatusCode {
    let all = [200, 200, 200, 200, 101, 204, 304, 404, 429, 500, 503];
    StatusCode::from_u16(all[usize::from(byte) % all.len()]).expect("they are statuses")
}

// ===== impl Planned =====

impl<B> Service<Request<B>> for Planned {
    type Response = Response<Script>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Script>, io::Error>>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        self.ready_polls += 1;
        match (self.ready_polls > self.plan.unready, self.plan.is_never_ready) {
            (false, _) => Poll::Pending,
            (true, false) => Poll::Ready(Ok(())),
            (true, true) => Poll::Ready(Err(io::Error::other("never ready"))),
        }
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        let plan = Rc::clone(&self.plan);
        if plan.panics_in_call {
            panic_as_scripted();
        }
        let mut polls = 0;
        Box::pin(poll_fn(move |_| {
            polls += 1;
            if polls <= plan.pending {
                return Poll::Pending;
            }
            match plan.end {
                End::Answer | End::Never => {
                    let mut response = Response::new(plan.body.clone());
                    *response.status_mut() = plan.status;
                    *response.headers_mut() = plan.headers.clone();
                    Poll::Ready(Ok(response))
                }
                End::Error => Poll::Ready(Err(io::Error::other("as planned"))),
                End::Panic => panic_as_scripted(),
            }
        }))
    }
}
