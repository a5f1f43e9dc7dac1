//! In flight never lies: Layers that share a gauge share its truth.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

mod oldest;
#[path = "../support/mod.rs"]
mod support;

use std::{
    convert::Infallible,
    future::pending,
    sync::{Arc, Barrier},
    thread,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use tower::{Layer, Service, service_fn};
use tower_metrics::{HttpMetricsLayer, InFlightLayer, testing::Recorder};

async fn hang(_: Request<()>) -> Result<Response<Empty<Bytes>>, Infallible> {
    pending().await
}

fn gauge(recorder: &Recorder) -> f64 {
    recorder.gauge("http_requests_in_flight", [])
}

fn layer(recorder: &Recorder) -> HttpMetricsLayer {
    HttpMetricsLayer::new().recorder(recorder.shared())
}

#[test]
fn two_layers_of_one_gauge_show_their_sum() {
    let recorder = Recorder::new();
    let mut one = layer(&recorder).layer(service_fn(hang));
    let mut other = InFlightLayer::from(layer(&recorder)).layer(service_fn(hang));
    let mut calls: Vec<_> = (0..5).map(|_| one.call(Request::new(()))).collect();
    let call = other.call(Request::new(()));
    assert_eq!(gauge(&recorder), 6.0);
    drop(call);
    assert_eq!(gauge(&recorder), 5.0);
    calls.clear();
    assert_eq!(gauge(&recorder), 0.0);
}

#[test]
fn a_layer_that_comes_while_another_has_calls_in_flight_shows_them() {
    let recorder = Recorder::new();
    let mut one = layer(&recorder).layer(service_fn(hang));
    let call = one.call(Request::new(()));
    layer(&recorder).initialize();
    assert_eq!(gauge(&recorder), 1.0);
    drop(one);
    assert_eq!(gauge(&recorder), 1.0, "the call is still in flight when its service is gone");
    drop(call);
    assert_eq!(gauge(&recorder), 0.0);
}

#[test]
fn layers_of_two_recorders_do_not_mix() {
    let recorders = [Recorder::new(), Recorder::new()];
    let calls =
        recorders.each_ref().map(|recorder| layer(recorder).layer(service_fn(hang)).call(Request::new(())));
    assert_eq!(recorders.each_ref().map(gauge), [1.0, 1.0]);
    drop(calls);
    assert_eq!(recorders.each_ref().map(gauge), [0.0, 0.0]);
}

/// Two threads, each with a Layer of its own over the same names, begin and drop calls as fast as they can. At
/// each quiet point both stand still, and the gauge has to be the sum of what they hold.
#[test]
fn at_every_quiet_point_of_two_threads_the_gauge_is_the_sum() {
    const ROUNDS: usize = 2_000;
    let recorder = Recorder::new();
    let quiet = Arc::new(Barrier::new(2));
    let seen: Vec<Vec<(usize, f64)>> = thread::scope(|scope| {
        let run = |seed: usize| {
            let (recorder, quiet) = (&recorder, Arc::clone(&quiet));
            scope.spawn(move || {
                let mut service = layer(recorder).layer(service_fn(hang));
                let mut held = Vec::new();
                let mut seen = Vec::with_capacity(ROUNDS);
                for round in 0..ROUNDS {
                    for step in 0..20 {
                        if (round * 31 + step * 7 + seed) % 5 < 3 {
                            held.push(service.call(Request::new(())));
                        } else {
                            held.pop();
                        }
                    }
                    held.truncate(30);
                    quiet.wait();
                    seen.push((held.len(), gauge(recorder)));
                    quiet.wait();
                }
                seen
            })
        };
        [run(0), run(3)].map(|thread| thread.join().unwrap()).into()
    });
    for (one, other) in seen[0].iter().zip(&seen[1]) {
        let truth = (one.0 + other.0) as f64;
        assert_eq!((one.1, other.1), (truth, truth));
    }
    assert_eq!(gauge(&recorder), 0.0);
}
