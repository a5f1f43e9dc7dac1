//! One call of HTTP, from the request to wherever the floor has it end.

use axum::extract::MatchedPath;
use http::Request;
use quanta::Clock;

use super::routes::{Route, Routes};

/// How calls in flight are shown.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Gauges {
    /// By `increment` and `decrement`, which not every exporter takes.
    UpAndDown,
    /// By `set`, from a count of its own, as the crate does.
    Set,
}

/// What all calls share.
pub(super) struct All {
    routes: Routes,
    clock: Clock,
    gauges: Gauges,
}

#[derive(Clone, Copy)]
pub(super) struct Open {
    route: &'static Route,
    start: u64,
    all: &'static All,
}

// ===== impl All =====

impl All {
    pub(super) fn new(gauges: Gauges) -> &'static Self {
        Box::leak(Box::new(Self { routes: Routes::new(), clock: Clock::new(), gauges }))
    }

    pub(super) fn begin<B>(&'static self, request: &Request<B>) -> Open {
        let matched = request.extensions().get::<MatchedPath>();
        let endpoint = matched.map_or("unmatched", MatchedPath::as_str);
        let route = self.routes.route(request.method().as_str(), endpoint);
        let start = self.clock.raw();
        match self.gauges {
            Gauges::UpAndDown => route.in_flight.increment(1.0),
            Gauges::Set => route.word.up(|count| route.in_flight.set(count as f64)),
        }
        Open { route, start, all: self }
    }
}

// ===== impl Open =====

impl Open {
    pub(super) fn end(self, code: u16) {
        let Self { route, start, all } = self;
        let nanos = all.clock.delta_as_nanos(start, all.clock.raw());
        match all.gauges {
            Gauges::UpAndDown => route.in_flight.decrement(1.0),
            Gauges::Set => route.word.down(|count| route.in_flight.set(count as f64)),
        }
        route.ended(code, nanos as f64 / 1e9);
    }
}
