//! tower-http, which records nothing, but calls back: what a user can count with its `TraceLayer`, `OnEarlyDropLayer` and
//! `InFlightRequestsLayer`, placed as their documentation says.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, Response, response::Parts},
};
use tower::Layer;
use tower_http::{
    metrics::{InFlightRequestsLayer, in_flight_requests::InFlightRequestsCounter},
    on_early_drop::{OnBodyDrop, OnEarlyDropLayer, OnFutureDrop},
    trace::{DefaultMakeSpan, OnEos, OnFailure, OnResponse, TraceLayer},
};
use tracing::Span;

use crate::{
    calls::{Service, allocations_alone, boxed},
    claims::Peer,
    reading::Reading,
};

#[derive(Clone, Default)]
struct Called(Arc<Mutex<BTreeMap<&'static str, f64>>>);

impl Called {
    fn back(&self, hook: &'static str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(hook).or_default() += 1.0;
    }
}

impl<B> OnResponse<B> for Called {
    fn on_response(self, _: &Response<B>, _: Duration, _: &Span) {
        self.back("ended{on_response}");
    }
}

impl<C> OnFailure<C> for Called {
    fn on_failure(&mut self, _: C, _: Duration, _: &Span) {
        self.back("ended{on_failure}");
    }
}

impl OnEos for Called {
    fn on_eos(self, _: Option<&HeaderMap>, _: Duration, _: &Span) {
        self.back("on_eos");
    }
}

impl<B> OnFutureDrop<B> for Called {
    type Callback = Box<dyn FnOnce() + Send>;

    fn make(&mut self, _: &Request<B>) -> Self::Callback {
        let called = self.clone();
        Box::new(move || called.back("ended{on_future_drop}"))
    }
}

impl<B> OnBodyDrop<B> for Called {
    type Intermediate = ();
    type Callback = Box<dyn FnOnce() + Send>;

    fn make_at_call(&mut self, _: &Request<B>) {}

    fn make_at_response(&mut self, (): (), _: &Parts) -> Self::Callback {
        let called = self.clone();
        Box::new(move || called.back("on_body_drop"))
    }
}

#[derive(Default)]
pub(crate) struct TowerHttp {
    called: Called,
    in_flight: InFlightRequestsCounter,
}

type Trace<C> = TraceLayer<C, DefaultMakeSpan, (), Called, (), Called, Called>;

impl TowerHttp {
    fn around<C>(
        &self,
        trace: TraceLayer<C>,
    ) -> (InFlightRequestsLayer, Trace<C>, OnEarlyDropLayer<Called, Called>) {
        let called = || self.called.clone();
        let trace = trace.on_request(()).on_response(called()).on_body_chunk(()).on_eos(called());
        (
            InFlightRequestsLayer::new(self.in_flight.clone()),
            trace.on_failure(called()),
            OnEarlyDropLayer::new(called()),
        )
    }
}

impl Peer for TowerHttp {
    const CRATE: &'static str = "tower-http";
    const ENDED: &'static str = "ended";
    const IN_FLIGHT: &'static str = "in_flight";
    const SERIES: bool = false;

    fn new() -> Self {
        Self::default()
    }

    fn routes(&self, routes: Router) -> Router {
        routes.layer(self.around(TraceLayer::new_for_http()))
    }

    fn grpc(&self, routes: Router) -> Option<Router> {
        Some(routes.layer(self.around(TraceLayer::new_for_grpc())))
    }

    fn service(&self, inner: Service) -> Service {
        boxed(self.around(TraceLayer::new_for_http()).layer(inner), Body::new)
    }

    fn allocations(&self) -> f64 {
        allocations_alone(self.around(TraceLayer::new_for_http()))
    }

    fn read(&self) -> Reading {
        let called = self.called.0.lock().unwrap_or_else(PoisonError::into_inner);
        let called = called.iter().map(|(hook, times)| ((*hook).to_owned(), *times));
        called.chain([("in_flight".to_owned(), self.in_flight.get() as f64)]).collect()
    }
}
