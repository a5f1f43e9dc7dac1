//! The claims, put to one peer after the other in the same words.

use std::panic::AssertUnwindSafe;

use axum::{Router, body::Body, http::Request};
use futures_util::FutureExt;
use tower::{ServiceExt, layer::util::Identity};

use crate::{
    calls::{Service, allocations, call, failing, frame, get, grpc, head, routes, with_host, with_method},
    reading::Reading,
};

/// How many calls an attacker makes, each with a word of its own.
const ATTACK: usize = 1_000;

/// A Layer, placed as its own manual says, and what it has recorded.
pub(crate) trait Peer {
    /// As `Cargo.lock` spells it.
    const CRATE: &'static str;
    /// The metric that has one more with each call that ended: a counter, or else a histogram.
    const ENDED: &'static str;
    /// The gauge of calls that began and did not end.
    const IN_FLIGHT: &'static str;
    /// Whether it has series at all.
    const SERIES: bool = true;

    fn new() -> Self;

    fn routes(&self, routes: Router) -> Router;

    /// Where it speaks of gRPC.
    fn grpc(&self, _: Router) -> Option<Router> {
        None
    }

    fn service(&self, inner: Service) -> Service;

    /// By [`allocations_alone`](crate::calls::allocations_alone).
    fn allocations(&self) -> f64;

    fn read(&self) -> Reading;

    /// Runs with this peer's recorder, where that is not a part of the Layer.
    fn current<T>(&self, run: impl FnOnce() -> T) -> T {
        run()
    }
}

/// A claim, and what is right.
pub(crate) const CLAIMS: [(&str, &str); 13] = [
    ("a call dropped before the head", "1 counted, 0 in flight"),
    ("a handler that panics", "1 counted, 0 in flight"),
    ("a service that returns `Err`", "1 counted, 0 in flight"),
    ("while a body is sent", "1 in flight"),
    ("a body dropped midway", "told"),
    ("a body that fails midway", "told"),
    ("`grpc-status: 13` in the trailers", "told"),
    ("label sets for 1,000 methods", "0"),
    ("label sets for 1,000 paths without a route", "0"),
    ("label sets for 1,000 gRPC methods that nobody has", "0"),
    ("label sets for 1,000 `Host`s", "0"),
    ("allocations of a call, the Layer alone", "0"),
    // The box that axum puts around a body of another type than its own.
    ("allocations of a call, in a `Router`", "1"),
];

/// What this peer does, in the order of [`CLAIMS`].
pub(crate) fn findings<P: Peer>() -> [String; CLAIMS.len()] {
    assert_it_is_read_right::<P>();
    let completed = moved::<P>(|peer| call(&peer.routes(routes()), get("/body")));
    let told = |ended: &Reading| if *ended == completed { "as completed" } else { "told" }.to_owned();
    [
        ending::<P>(|peer| assert!(peer.routes(routes()).oneshot(get("/pending")).now_or_never().is_none())),
        ending::<P>(|peer| {
            let call = AssertUnwindSafe(peer.routes(routes()).oneshot(get("/panics")));
            assert!(call.catch_unwind().now_or_never().expect("it is ready").is_err());
        }),
        ending::<P>(|peer| {
            assert!(peer.service(failing()).oneshot(get("/")).now_or_never().expect("it is ready").is_err());
        }),
        in_flight_with_a_body::<P>(),
        told(&moved::<P>(|peer| {
            let mut response = head(&peer.routes(routes()), get("/body"));
            assert_eq!(frame(&mut response), "a");
        })),
        told(&moved::<P>(|peer| call(&peer.routes(routes()), get("/body?fails")))),
        grpc_failure::<P>(),
        minted::<P>(P::routes, |word| with_method(&format!("M{word}"))),
        minted::<P>(P::routes, |word| get(&format!("/nowhere/{word}"))),
        match P::new().grpc(Router::new()) {
            Some(_) => minted::<P>(
                |peer, routes| peer.grpc(routes).expect("it is there"),
                |word| grpc(&format!("/shop.Orders/Nobody{word}")),
            ),
            None => "–".to_owned(),
        },
        minted::<P>(P::routes, |word| with_host(&format!("h{word}.example"))),
        rounded({
            let peer = P::new();
            peer.current(|| peer.allocations())
        }),
        allocations_in_a_router::<P>(),
    ]
}

/// A peer that was asked for a metric under a wrong name would look as if it had recorded nothing.
fn assert_it_is_read_right<P: Peer>() {
    let peer = P::new();
    peer.current(|| {
        let app = peer.routes(routes());
        let before = peer.read();
        let in_flight = || peer.read().since(&before).sum(P::IN_FLIGHT);
        let ended = || peer.read().since(&before).sum(P::ENDED);
        let mut pending = Box::pin(app.clone().oneshot(get("/pending")));
        assert!((&mut pending).now_or_never().is_none());
        assert_eq!((ended(), in_flight()), (0.0, 1.0), "{}: {:?}", P::CRATE, peer.read());
        call(&app, get("/body"));
        call(&app, get("/"));
        assert_eq!((ended(), in_flight()), (2.0, 1.0), "{}: {:?}", P::CRATE, peer.read());
    });
}

/// What these calls moved.
fn moved<P: Peer>(calls: impl FnOnce(&P)) -> Reading {
    let peer = P::new();
    peer.current(|| {
        let before = peer.read();
        calls(&peer);
        peer.read().since(&before)
    })
}

fn ending<P: Peer>(calls: impl FnOnce(&P)) -> String {
    let moved = moved(calls);
    let mut found = format!("{} counted, {} in flight", moved.sum(P::ENDED), moved.sum(P::IN_FLIGHT));
    // Counted nowhere, and not only elsewhere than looked for.
    if moved.sum(P::ENDED) == 0.0 {
        for name in moved.names().into_iter().filter(|name| *name != P::IN_FLIGHT) {
            found.push_str(&format!(", {} in `{name}`", moved.sum(name)));
        }
    }
    found
}

fn in_flight_with_a_body<P: Peer>() -> String {
    let peer = P::new();
    peer.current(|| {
        let before = peer.read();
        let mut response = head(&peer.routes(routes()), get("/body"));
        assert_eq!(frame(&mut response), "a");
        format!("{} in flight", peer.read().since(&before).sum(P::IN_FLIGHT))
    })
}

fn grpc_failure<P: Peer>() -> String {
    let ended = |status: u8| {
        moved::<P>(|peer| {
            if let Some(app) = peer.grpc(routes()) {
                call(&app, grpc(&format!("/shop.Orders/Place?{status}")));
            }
        })
    };
    let (ok, internal) = (ended(0), ended(13));
    let found = match ok.label_sets() {
        0 => "–",
        _ if ok == internal => "as `OK`",
        _ => "told",
    };
    found.to_owned()
}

/// How many label sets there are more after the attack than after one such call.
fn minted<P: Peer>(around: impl Fn(&P, Router) -> Router, attack: impl Fn(usize) -> Request<Body>) -> String {
    if !P::SERIES {
        return "–".to_owned();
    }
    let peer = P::new();
    peer.current(|| {
        let app = around(&peer, routes());
        call(&app, attack(0));
        let before = peer.read().label_sets();
        (1..=ATTACK).for_each(|word| call(&app, attack(word)));
        (peer.read().label_sets() - before).to_string()
    })
}

/// Of a call of a known route, beyond those of a `Router` with a Layer that does nothing.
fn allocations_in_a_router<P: Peer>() -> String {
    let each = |app: Router| {
        // As `axum::serve` does: without it, handlers are layered anew in every call.
        let app = app.with_state(());
        allocations(|request| call(&app, request))
    };
    let peer = P::new();
    let measured = peer.current(|| each(peer.routes(routes())));
    rounded(measured - each(routes().layer(Identity::new())))
}

/// An exporter's block of 64 samples is no allocation of the call.
fn rounded(allocations: f64) -> String {
    allocations.round().to_string()
}
