//! Everybody who is measured.

use std::sync::Arc;

use axum::Router;
use metrics::NoopRecorder;
use tower::Layer;
use tower_metrics::{
    GrpcMetricsLayer, HttpMetricsLayer, InFlightLayer, LatencyLayer, RequestCountLayer, ServiceMetricsLayer,
    grpc::unary,
};

use crate::{
    bases::{self, Base, Plain},
    drive::{Callers, Use, Work, callers},
    floor::{BodyFloor, Floor, Gauges, RpcFloor},
    grpc::{self, Grpc},
    no_op::{NoOpBodyLayer, NoOpLayer},
    sharded::Sharded,
};

/// One of those who are measured, around one base.
#[derive(Clone, Copy)]
pub struct Candidate {
    pub base: Base,
    pub name: &'static str,
    pub under: Under,
    callers: fn(Work) -> Callers,
    /// The routes, where the base is axum.
    router: Option<fn(Work) -> Router>,
}

/// Where the numbers go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Under {
    /// The exporter that [`install`](crate::install) installs.
    TheExporter,
    /// Nobody has installed anything.
    Nothing,
}

// ===== impl Candidate =====

impl Candidate {
    /// Callers of one instance, which is made for this work.
    #[must_use]
    pub fn callers(&self, work: Work) -> Callers {
        match self.router {
            Some(router) => callers(served(router(work)), work, Use::Cloned),
            None => (self.callers)(work),
        }
    }

    /// The routes, as `axum::serve` is given them; none around other bases.
    #[must_use]
    pub fn router(&self, work: Work) -> Option<Router> {
        Some(self.router?(work))
    }
}

/// All of them; the bare service of each base first.
#[must_use]
pub fn candidates() -> Vec<Candidate> {
    let ours = [
        plain("bare", |work| callers(bases::plain(work), work, Use::Kept)),
        plain("no-op layer", |work| around_plain(NoOpLayer, work)),
        plain("no-op body layer", |work| around_plain(NoOpBodyLayer, work)),
        plain("floor", |work| around_plain(Floor::new(Gauges::UpAndDown), work)),
        plain("floor-body", |work| around_plain(BodyFloor::new(Gauges::UpAndDown), work)),
        plain("floor-set", |work| around_plain(Floor::new(Gauges::Set), work)),
        plain("floor-body-set", |work| around_plain(BodyFloor::new(Gauges::Set), work)),
        plain("HttpMetricsLayer", |work| around_plain(HttpMetricsLayer::new(), work)),
        plain("RequestCountLayer", |work| around_plain(RequestCountLayer::http(), work)),
        plain("LatencyLayer", |work| around_plain(LatencyLayer::http(), work)),
        plain("InFlightLayer", |work| around_plain(InFlightLayer::http(), work)),
        plain("HttpMetricsLayer, oldest", |work| {
            around_plain(HttpMetricsLayer::new().oldest_start_timestamp(), work)
        }),
        plain("InFlightLayer, oldest", |work| {
            around_plain(InFlightLayer::from(HttpMetricsLayer::new().oldest_start_timestamp()), work)
        }),
        plain("ServiceMetricsLayer", |work| around_plain(ServiceMetricsLayer::new("job"), work)),
        plain("HttpMetricsLayer, no-op recorder", |work| {
            around_plain(HttpMetricsLayer::new().recorder(Arc::new(NoopRecorder)), work)
        }),
        plain("HttpMetricsLayer, sharded", |work| {
            around_plain(HttpMetricsLayer::new().recorder(Arc::clone(Sharded::shared()) as _), work)
        }),
        plain("RequestCountLayer, sharded", |work| {
            let layer = HttpMetricsLayer::new().recorder(Arc::clone(Sharded::shared()) as _);
            around_plain(RequestCountLayer::from(layer), work)
        }),
        plain("LatencyLayer, sharded", |work| {
            let layer = HttpMetricsLayer::new().recorder(Arc::clone(Sharded::shared()) as _);
            around_plain(LatencyLayer::from(layer), work)
        }),
        Candidate {
            under: Under::Nothing,
            ..plain("HttpMetricsLayer, no recorder", |work| around_plain(HttpMetricsLayer::new(), work))
        },
        axum("bare", bases::router),
        axum("no-op layer", |work| bases::router(work).layer(NoOpLayer)),
        axum("no-op body layer", |work| bases::router(work).layer(NoOpBodyLayer)),
        axum("floor", |work| bases::router(work).layer(Floor::new(Gauges::UpAndDown))),
        axum("floor-body", |work| bases::router(work).layer(BodyFloor::new(Gauges::UpAndDown))),
        axum("floor-set", |work| bases::router(work).layer(Floor::new(Gauges::Set))),
        axum("floor-body-set", |work| bases::router(work).layer(BodyFloor::new(Gauges::Set))),
        axum("HttpMetricsLayer", |work| bases::router(work).layer(HttpMetricsLayer::axum())),
        of_grpc("bare", |work| callers(grpc::service(), work, Use::Rpc)),
        of_grpc("no-op layer", |work| around_grpc(NoOpLayer, work)),
        of_grpc("floor", |work| around_grpc(RpcFloor::new(), work)),
        of_grpc("GrpcMetricsLayer", |work| {
            around_grpc(GrpcMetricsLayer::new().methods([unary("shop.Orders", "Place")]), work)
        }),
    ];
    #[cfg(feature = "peers")]
    let peers = crate::peers::candidates();
    #[cfg(not(feature = "peers"))]
    let peers = [];
    let all: Vec<_> = ours.into_iter().chain(peers).collect();
    Base::ALL.iter().flat_map(|base| all.iter().filter(move |it| it.base == *base)).copied().collect()
}

/// The one of this name.
///
/// # Panics
///
/// Panics if there is none.
#[must_use]
pub fn find(base: Base, name: &str) -> Candidate {
    let all = candidates();
    let found = all.iter().find(|it| it.base == base && it.name == name);
    *found.unwrap_or_else(|| panic!("nobody is called {name:?} around {}", base.name()))
}

pub(crate) fn plain(name: &'static str, callers: fn(Work) -> Callers) -> Candidate {
    Candidate { base: Base::Plain, name, under: Under::TheExporter, callers, router: None }
}

pub(crate) fn axum(name: &'static str, router: fn(Work) -> Router) -> Candidate {
    let callers = |_| panic!("axum's come from its routes");
    Candidate { base: Base::Axum, router: Some(router), ..plain(name, callers) }
}

pub(crate) fn of_grpc(name: &'static str, callers: fn(Work) -> Callers) -> Candidate {
    Candidate { base: Base::Grpc, ..plain(name, callers) }
}

/// A bound of its own for each base, because a Layer of a peer knows one type of body or another.
macro_rules! around {
    ($around:ident, $base:ty, $service:expr, $way:expr) => {
        pub(crate) fn $around<L, B>(layer: L, work: Work) -> Callers
        where
            L: Layer<$base>,
            L::Service: tower::Service<axum::extract::Request, Response = http::Response<B>>,
            L::Service: Clone + Send + 'static,
            B: http_body::Body,
        {
            let service: fn(Work) -> $base = $service;
            callers(layer.layer(service(work)), work, $way)
        }
    };
}

around!(around_plain, Plain, bases::plain, Use::Kept);
around!(around_grpc, Grpc, |_| grpc::service(), Use::Rpc);

/// As `axum::serve` has it for a connection: without `with_state`, a router builds its routes anew for each request.
pub fn served(router: Router) -> Router {
    router.with_state::<()>(())
}
