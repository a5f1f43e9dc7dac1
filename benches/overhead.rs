//! What the Layers add to a bare service: one process, rounds in turns, medians.
//!
//! ```text
//! cargo bench --bench overhead
//! ```
//!
//! Each candidate answers the same request and its body is read to the end. In each round every candidate runs
//! once, and what a Layer adds is the difference to the bare service of the same round, so that a machine that
//! slows down slows all of them. The recorder is that of `metrics-exporter-prometheus`, with its upkeep done
//! between rounds, outside the time.

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    hint::black_box,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use tower::{Layer, Service, service_fn};
use tower_metrics::{
    HttpMetricsLayer, InFlightLayer, LatencyLayer, RequestCountLayer, ServiceMetricsLayer,
    exporter::Prometheus,
};

const ROUNDS: usize = 201;
const CALLS: u32 = 5_000;

type Candidate = (&'static str, Box<dyn FnMut()>);

fn main() {
    // `cargo test --benches` runs this too, and wants to know only that it does.
    let rounds = if std::env::args().any(|arg| arg == "--bench") { ROUNDS } else { 3 };

    let recorder = Arc::new(Prometheus::new().into_builder().build_recorder());
    let handle = recorder.handle();
    let layer = || HttpMetricsLayer::new().recorder(Arc::clone(&recorder) as _);
    let service = ServiceMetricsLayer::new("job").recorder(Arc::clone(&recorder) as _);
    let mut candidates: Vec<Candidate> = vec![
        ("bare service", candidate(service_fn(answer))),
        ("HttpMetricsLayer", candidate(layer().layer(service_fn(answer)))),
        ("RequestCountLayer", candidate(RequestCountLayer::from(layer()).layer(service_fn(answer)))),
        ("LatencyLayer", candidate(LatencyLayer::from(layer()).layer(service_fn(answer)))),
        ("InFlightLayer", candidate(InFlightLayer::from(layer()).layer(service_fn(answer)))),
        ("ServiceMetricsLayer", candidate(service.layer(service_fn(answer)))),
        ("HttpMetricsLayer, no recorder", candidate(HttpMetricsLayer::new().layer(service_fn(answer)))),
    ];

    let clock = quanta::Clock::new();
    let mut nanos = vec![Vec::with_capacity(rounds); candidates.len()];
    for _ in 0..rounds {
        for ((_, call), nanos) in candidates.iter_mut().zip(&mut nanos) {
            let start = clock.raw();
            (0..CALLS).for_each(|_| call());
            nanos.push(clock.delta_as_nanos(start, clock.raw()) as f64 / f64::from(CALLS));
        }
        handle.run_upkeep();
    }

    println!("{:<30} {:>8} {:>8} {:>8} {:>8}", "", "ns/call", "+ ns", "x bare", "allocs");
    for (index, (name, call)) in candidates.iter_mut().enumerate() {
        let added = nanos[index].iter().zip(&nanos[0]).map(|(it, bare)| it - bare).collect();
        let ratio = nanos[index].iter().zip(&nanos[0]).map(|(it, bare)| it / bare).collect();
        let allocations =
            allocation_counter::measure(|| (0..64).for_each(|_| call())).count_total as f64 / 64.0;
        println!(
            "{name:<30} {:>8.0} {:>8.0} {:>8.2} {allocations:>8.2}",
            median(nanos[index].clone()),
            median(added),
            median(ratio),
        );
    }
}

fn answer(_: Request<()>) -> Ready<Result<Response<Full<Bytes>>, Infallible>> {
    ready(Ok(Response::new(Full::new(Bytes::from_static(b"hello")))))
}

fn candidate<S, B>(mut service: S) -> Box<dyn FnMut()>
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible> + 'static,
    B: Body,
{
    Box::new(move || {
        let context = &mut Context::from_waker(Waker::noop());
        let Poll::Ready(Ok(response)) = pin!(service.call(black_box(Request::new(())))).poll(context) else {
            panic!("the answer is ready")
        };
        let mut body = pin!(response.into_body());
        while !body.is_end_stream() {
            drop(black_box(body.as_mut().poll_frame(context)));
        }
    })
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
