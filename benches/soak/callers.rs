//! Threads that make calls, each of which ends in one of all the ways there are, and count how.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::atomic::{AtomicU64, Ordering},
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use tower::{Layer, Service};
use tower_metrics::{HttpMetricsLayer, Outcome};

/// How many calls go by between two looks at whether it is time to stop.
const TURN: u64 = 1_000;

const ROUTES: u64 = 12;

/// When the callers stop.
pub(crate) struct Stop {
    calls: u64,
    after: Duration,
}

pub(crate) struct Callers {
    layer: HttpMetricsLayer,
    stop: Stop,
    begun: AtomicU64,
    ended: [AtomicU64; Outcome::ALL.len()],
    clock: quanta::Clock,
    start: u64,
}

/// A service and its body, which do what the number in the request says.
#[derive(Clone, Copy)]
struct Faulty;

struct Answer(u64);

struct Broken {
    kind: u64,
    frames: u8,
}

// ===== impl Stop =====

impl Stop {
    pub(crate) fn after_calls(calls: u64) -> Self {
        Self { calls, after: Duration::MAX }
    }

    pub(crate) fn after(after: Duration) -> Self {
        Self { calls: u64::MAX, after }
    }
}

// ===== impl Callers =====

impl Callers {
    pub(crate) fn new(layer: HttpMetricsLayer, stop: Stop) -> Self {
        let clock = quanta::Clock::new();
        let start = clock.raw();
        Self { layer, stop, begun: AtomicU64::new(0), ended: Default::default(), clock, start }
    }

    /// A thread for each core.
    pub(crate) fn threads(&self) -> impl Iterator<Item = impl FnOnce() + Send + '_> {
        let cores = thread::available_parallelism().map_or(1, usize::from) as u64;
        let share = self.stop.calls.div_ceil(cores);
        (0..cores).map(move |core| move || self.run(core, share))
    }

    pub(crate) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    pub(crate) fn ended(&self) -> impl Iterator<Item = (Outcome, u64)> + '_ {
        Outcome::ALL
            .into_iter()
            .map(|outcome| (outcome, self.ended[outcome as usize].load(Ordering::Relaxed)))
    }

    fn run(&self, core: u64, calls: u64) {
        let mut service = self.layer.layer(Faulty);
        let mut number = core;
        let mut left = calls;
        while left > 0 {
            let elapsed = Duration::from_nanos(self.clock.delta_as_nanos(self.start, self.clock.raw()));
            if elapsed >= self.stop.after {
                return;
            }
            // A route is called for 2 s in each 24 s; meanwhile the exporter forgets it.
            let route = format!("/{}", elapsed.as_secs() / 2 % ROUTES);
            let turn = left.min(TURN);
            let mut ended = [0; Outcome::ALL.len()];
            for _ in 0..turn {
                number =
                    number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                ended[call(&mut service, &route, (number >> 33) % 100) as usize] += 1;
            }
            self.begun.fetch_add(turn, Ordering::Relaxed);
            for (all, mine) in self.ended.iter().zip(ended) {
                all.fetch_add(mine, Ordering::Relaxed);
            }
            left -= turn;
        }
    }
}

/// Makes a call whose end the kind decides, and tells that end.
fn call<S, B>(service: &mut S, route: &str, kind: u64) -> Outcome
where
    S: Service<Request<u64>, Response = Response<B>, Error = io::Error>,
    B: Body,
{
    let mut cx = Context::from_waker(Waker::noop());
    let request = Request::get(route).body(kind).expect("it is a path");
    let called = catch_unwind(AssertUnwindSafe(|| {
        let mut future = Box::pin(service.call(request));
        let Poll::Ready(answer) = future.as_mut().poll(&mut cx) else { return Outcome::Cancelled };
        let Ok(response) = answer else { return Outcome::Error };
        let mut body = pin!(response.into_body());
        loop {
            match body.as_mut().poll_frame(&mut cx) {
                Poll::Pending => return Outcome::BodyDropped,
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(_))) => return Outcome::BodyError,
                Poll::Ready(None) => return Outcome::Completed,
            }
        }
    }));
    called.unwrap_or(Outcome::Panicked)
}

// ===== impl Faulty =====

impl Service<Request<u64>> for Faulty {
    type Response = Response<Broken>;
    type Error = io::Error;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<u64>) -> Answer {
        let kind = request.into_body();
        assert!(kind != 0, "as asked");
        Answer(kind)
    }
}

impl Future for Answer {
    type Output = io::Result<Response<Broken>>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        match self.0 {
            1 => panic!("as asked"),
            2..6 => Poll::Ready(Err(io::Error::other("as asked"))),
            6..12 => Poll::Pending,
            kind => Poll::Ready(Ok(Response::new(Broken { kind, frames: 0 }))),
        }
    }
}

impl Body for Broken {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.frames += 1;
        match (self.frames, self.kind) {
            (1, _) => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"hello"))))),
            (_, 12) => panic!("as asked"),
            (_, 13..16) => Poll::Ready(Some(Err(io::Error::other("as asked")))),
            (_, 16..22) => Poll::Pending,
            _ => Poll::Ready(None),
        }
    }
}
