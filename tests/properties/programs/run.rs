//! One thread of a program: it makes calls, drives them, drops them, and counts what the model says of each.

use std::{
    future::Future,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, Waker},
};

use http::{Request, Response};
use http_body::Body;
use proptest::sample::Index;
use tower::{Layer, Service};
use tower_metrics::{
    HttpMetricsLayer, InFlightLayer, LatencyLayer, Metrics, Outcome, RequestCountLayer,
    http::{Http, ResponseBody, ResponseFuture},
};

use super::{
    forgetful::{Forgetful, IDLE_TIMEOUT, Time},
    model::{Answer, Model, Plan, body},
};
use crate::support::Script;

#[derive(Clone, Debug)]
pub(super) enum Op {
    Call(Index, Plan),
    /// Polls a future, or the body that came of it.
    Poll(Index),
    Drop(Index),
    CloneService(Index),
    Scrape,
}

/// Plays the plan that a request brings.
#[derive(Clone, Debug)]
pub(super) struct Player;

pub(super) struct Playing {
    pending: usize,
    answer: Option<Answer>,
}

type Measured = Metrics<Player, Http>;
type Nested = Metrics<Metrics<Metrics<Player, Http>, Http>, Http>;

/// The full Layer, or the three single ones nested: the counts are the same.
#[derive(Clone)]
pub(super) enum Stack {
    Whole(Measured),
    Nested(Nested),
}

type NestedFuture = ResponseFuture<ResponseFuture<ResponseFuture<Playing>>>;
type NestedBody = ResponseBody<ResponseBody<ResponseBody<Script>>>;

enum State {
    Whole(Pin<Box<ResponseFuture<Playing>>>),
    Nested(Pin<Box<NestedFuture>>),
    WholeBody(Pin<Box<ResponseBody<Script>>>),
    NestedBody(Pin<Box<NestedBody>>),
}

struct Live {
    state: State,
    model: Model,
    /// What the model has said of its end, if anything yet.
    has_ended: bool,
}

pub(super) struct Thread<'a> {
    stacks: Vec<Stack>,
    forgetful: &'a Forgetful,
    calls: Vec<Live>,
    ended: [u64; Outcome::ALL.len()],
}

/// Layers that share all series, or a part of them.
pub(super) fn layers(forgetful: &Forgetful, time: &Time) -> Vec<Stack> {
    let layer = || {
        HttpMetricsLayer::new().recorder(forgetful.shared()).clock(time.clock()).idle_timeout(IDLE_TIMEOUT)
    };
    let by_path = || layer().endpoint(|head| Some(head.uri().path().into())).max_label_sets(2);
    let nested = |layer: HttpMetricsLayer| {
        let timed = LatencyLayer::from(layer.clone()).layer(Player);
        InFlightLayer::from(layer.clone()).layer(RequestCountLayer::from(layer).layer(timed))
    };
    vec![
        Stack::Whole(layer().layer(Player)),
        Stack::Whole(by_path().layer(Player)),
        Stack::Nested(nested(layer())),
        Stack::Nested(nested(by_path())),
    ]
}

// ===== impl Thread =====

impl<'a> Thread<'a> {
    pub(super) fn new(stacks: &[Stack], forgetful: &'a Forgetful) -> Self {
        Self { stacks: stacks.to_vec(), forgetful, calls: Vec::new(), ended: [0; Outcome::ALL.len()] }
    }

    /// How many calls are in flight.
    pub(super) fn live(&self) -> i64 {
        self.calls.iter().filter(|call| !call.has_ended).count() as i64
    }

    pub(super) fn run(&mut self, ops: Vec<Op>) {
        for op in ops {
            match op {
                Op::Call(layer, plan) => self.call(layer.index(self.stacks.len()), plan),
                Op::Poll(call) if !self.calls.is_empty() => self.poll(call.index(self.calls.len())),
                Op::Drop(call) if !self.calls.is_empty() => self.drop(call.index(self.calls.len())),
                Op::CloneService(stack) => {
                    let index = stack.index(self.stacks.len());
                    self.stacks[index] = self.stacks[index].clone();
                }
                Op::Scrape => self.forgetful.scrape(false),
                Op::Poll(_) | Op::Drop(_) => {}
            }
        }
    }

    /// Drops what is left, and tells how the calls have ended.
    pub(super) fn finish(mut self) -> [u64; Outcome::ALL.len()] {
        while !self.calls.is_empty() {
            self.drop(0);
        }
        self.ended
    }

    fn call(&mut self, stack: usize, plan: Plan) {
        let path = ["/", "/a", "/b", "/c"][plan.path];
        let request = Request::get(path).body(plan.clone()).unwrap();
        let stack = &mut self.stacks[stack];
        let state = catch_unwind(AssertUnwindSafe(|| match stack {
            Stack::Whole(service) => State::Whole(Box::pin(service.call(request))),
            Stack::Nested(service) => State::Nested(Box::pin(service.call(request))),
        }));
        match state {
            Ok(state) => self.calls.push(Live { state, model: Model::new(plan), has_ended: false }),
            Err(_) => {
                assert!(matches!(plan.answer, Answer::PanicInCall));
                self.ended[Outcome::Panicked as usize] += 1;
            }
        }
    }

    fn poll(&mut self, index: usize) {
        let call = &mut self.calls[index];
        let outcome = (!call.has_ended).then(|| call.model.polled()).flatten();
        if let Some(outcome) = outcome {
            self.ended[outcome as usize] += 1;
            call.has_ended = true;
        }
        let mut cx = Context::from_waker(Waker::noop());
        let next = catch_unwind(AssertUnwindSafe(|| match &mut call.state {
            State::Whole(future) => answered(future.as_mut().poll(&mut cx), State::WholeBody),
            State::Nested(future) => answered(future.as_mut().poll(&mut cx), State::NestedBody),
            State::WholeBody(body) => drained(body.as_mut().poll_frame(&mut cx)),
            State::NestedBody(body) => drained(body.as_mut().poll_frame(&mut cx)),
        }));
        match next {
            Ok(Next::Same) => {}
            Ok(Next::Is(state)) => call.state = state,
            Ok(Next::Over) | Err(_) => {
                assert!(call.has_ended, "it goes on for the model: {:?}", call.model);
                self.calls.swap_remove(index);
            }
        }
    }

    fn drop(&mut self, index: usize) {
        let call = self.calls.swap_remove(index);
        if !call.has_ended {
            self.ended[call.model.dropped() as usize] += 1;
        }
    }
}

enum Next {
    Same,
    Is(State),
    Over,
}

fn answered<B>(poll: Poll<Result<Response<B>, io::Error>>, body: fn(Pin<Box<B>>) -> State) -> Next {
    match poll {
        Poll::Pending => Next::Same,
        Poll::Ready(Err(_)) => Next::Over,
        Poll::Ready(Ok(response)) => Next::Is(body(Box::pin(response.into_body()))),
    }
}

fn drained<F>(poll: Poll<Option<Result<F, io::Error>>>) -> Next {
    match poll {
        Poll::Ready(None | Some(Err(_))) => Next::Over,
        Poll::Pending | Poll::Ready(Some(Ok(_))) => Next::Same,
    }
}

// ===== impl Player =====

impl Service<Request<Plan>> for Player {
    type Response = Response<Script>;
    type Error = io::Error;
    type Future = Playing;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Plan>) -> Playing {
        let plan = request.into_body();
        if matches!(plan.answer, Answer::PanicInCall) {
            panic!("as asked");
        }
        Playing { pending: plan.pending, answer: Some(plan.answer) }
    }
}

impl Future for Playing {
    type Output = io::Result<Response<Script>>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        if self.pending > 0 {
            self.pending -= 1;
            return Poll::Pending;
        }
        match self.answer.take().expect("it is not polled again") {
            Answer::PanicInCall | Answer::PanicInPoll => panic!("as asked"),
            Answer::Error => Poll::Ready(Err(io::Error::other("as asked"))),
            Answer::Head { status, pieces, is_exact, tells_end } => {
                let body = body(&pieces, is_exact, tells_end);
                Poll::Ready(Ok(Response::builder().status(status).body(body).unwrap()))
            }
        }
    }
}
