//! What the crate takes at the edge: a million calls in flight, ten thousand Layers, label sets beyond the cap, samples
//! that nobody moves on. Prints a figure and its bound in each line, and fails where the bound is passed.
//!
//! ```text
//! cargo bench --bench limits
//! ```

use std::{
    convert::Infallible,
    future::{Pending, Ready, pending, ready},
    process::ExitCode,
    sync::Arc,
    task::{Context, Waker},
    thread,
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_metrics::{
    HttpMetricsLayer, Operation,
    exporter::Prometheus,
    metrics::{self, Recorder},
    testing,
};

type Answer = Result<Response<Empty<Bytes>>, Infallible>;

/// A figure, its unit, and the bound that it must not pass.
type Figure = (&'static str, f64, &'static str, f64);

fn main() -> ExitCode {
    let is_short = !std::env::args().any(|arg| arg == "--bench");
    let million = if is_short { 10_000 } else { 1_000_000 };
    let figures: Vec<Figure> = [
        in_flight(million),
        layers(million / 100),
        overflow(million / 10),
        series(million / 10),
        undrained(million * 5),
        drained(million * 20),
    ]
    .concat();

    let mut is_within = true;
    println!("{:<74} {:>12} {:>12}", "", "measured", "at most");
    for (what, measured, unit, bound) in figures {
        let most = if bound.is_finite() { bound.to_string() } else { "–".to_owned() };
        println!("{what:<74} {measured:>12.2} {most:>12} {unit}");
        // A short run is too small to measure: it shows that the figures can be had.
        is_within &= is_short || measured <= bound;
    }
    if is_within { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What a million calls in flight take of ours, and how fast all are given up.
fn in_flight(calls: usize) -> Vec<Figure> {
    let recorder = testing::Recorder::new();
    let hang = service_fn(|_: Request<()>| -> Pending<Answer> { pending() });
    let mut service = HttpMetricsLayer::new().recorder(recorder.shared()).layer(hang);
    let mut begin = || {
        let mut future = service.call(Request::new(()));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(std::pin::Pin::new(&mut future).poll(&mut cx).is_pending());
        future
    };
    drop(begin());
    let mut held = Vec::with_capacity(0);
    let bytes = grown(|| {
        held.reserve_exact(calls);
        held.extend((0..calls).map(|_| begin()));
    }) / calls as f64;
    assert_eq!(recorder.gauge("http_requests_in_flight", []), calls as f64);
    let (seconds, ()) = timed(|| drop(held));
    assert_eq!(recorder.gauge("http_requests_in_flight", []), 0.0);
    assert_eq!(recorder.counter("http_requests_total", [("outcome", "cancelled")]), calls as u64 + 1);
    vec![
        ("bytes of ours for each of the calls in flight", bytes, "B", 128.0),
        ("all of them dropped", seconds, "s", 1.0),
    ]
}

/// What a Layer takes before its first call, and what a call takes when the handles of all have aged at once.
fn layers(count: usize) -> Vec<Figure> {
    let recorder =
        Arc::new(Prometheus::new().idle_timeout(Duration::from_secs(60)).into_builder().build_recorder());
    let (clock, time) = testing::Clock::mock();
    let layer = |index: usize| {
        HttpMetricsLayer::new()
            .recorder(Arc::clone(&recorder) as _)
            .clock(clock.clone())
            .idle_timeout(Duration::from_secs(60))
            .endpoint(move |_| Some(format!("/{index}").into()))
    };
    drop(layer(0));
    let build = || (0..count).map(layer).collect::<Vec<_>>();
    // The quickest of some: what else the machine does can only add to it.
    let seconds = (0..7).map(|_| timed(build).0).fold(f64::INFINITY, f64::min);
    let mut layers = Vec::new();
    let bytes = grown(|| layers = build()) / count as f64;

    let call = |layer: &HttpMetricsLayer| {
        let answer = service_fn(|_: Request<()>| -> Ready<Answer> { ready(Ok(Response::new(Empty::new()))) });
        poll_ready(layer.layer(answer).oneshot(Request::new(())))
    };
    layers.iter().for_each(call);
    time.advance(Duration::from_secs(30));
    let mut micros: Vec<f64> = layers.iter().map(|layer| timed(|| call(layer)).0 * 1e6).collect();
    micros.sort_by(f64::total_cmp);
    vec![
        ("ten thousand Layers built", seconds * 1e4 / count as f64 * 1e3, "ms", 100.0),
        ("bytes of each before its first call", bytes, "B", 2048.0),
        ("a call, with the handles of all aged at once: median", micros[count / 2], "µs", 50.0),
        // The machine's own interruptions are in it.
        ("… p99.9", micros[count * 999 / 1000], "µs", f64::INFINITY),
    ]
}

/// What a call costs whose labels are over the cap, beside one whose handles are there.
fn overflow(calls: usize) -> Vec<Figure> {
    let recorder = Arc::new(Prometheus::new().into_builder().build_recorder());
    let handle = recorder.handle();
    let job = Operation::new("job").labels(["user"]).max_label_sets(1_000).recorder(recorder);
    let users: Vec<String> = (0..calls).map(|n| n.to_string()).collect();
    users.iter().take(2_000).for_each(|user| job.run_with([user], || ()));
    let folded = grown(|| {
        users[2_000..].iter().for_each(|user| job.run_with([user], || ()));
        handle.run_upkeep();
    });
    let mut ratios = Vec::new();
    for _ in 0..21 {
        let (folded, ()) = timed(|| users[1_000..].iter().for_each(|user| job.run_with([user], || ())));
        let (cached, ()) = timed(|| (1_000..calls).for_each(|n| job.run_with([&*users[n % 1_000]], || ())));
        ratios.push(folded / cached);
        handle.run_upkeep();
    }
    ratios.sort_by(f64::total_cmp);
    vec![
        ("a call over the cap, times one that is cached", ratios[10], "x", 2.0),
        ("MiB that calls over the cap leave behind", folded / 1_048_576.0, "MiB", 1.0),
    ]
}

/// What a series takes in the exporter, by kind.
fn series(count: usize) -> Vec<Figure> {
    let take = |register: fn(&dyn Recorder, &metrics::Key)| {
        let recorder = Prometheus::new().into_builder().build_recorder();
        let bytes = grown(|| {
            for n in 0..count {
                let label = metrics::Label::new("user", n.to_string());
                register(&recorder, &metrics::Key::from_parts("job_duration_seconds", vec![label]));
            }
            recorder.handle().run_upkeep();
        }) / count as f64;
        drop(recorder);
        bytes
    };
    static METADATA: metrics::Metadata<'static> =
        metrics::Metadata::new("limits", metrics::Level::INFO, None);
    vec![
        (
            "bytes of a counter in the exporter",
            take(|it, key| it.register_counter(key, &METADATA).increment(1)),
            "B",
            1024.0,
        ),
        (
            "bytes of a gauge in the exporter",
            take(|it, key| it.register_gauge(key, &METADATA).set(1.0)),
            "B",
            1024.0,
        ),
        (
            "bytes of a histogram with 11 bounds in the exporter",
            take(|it, key| it.register_histogram(key, &METADATA).record(0.1)),
            "B",
            4096.0,
        ),
    ]
}

/// What a sample takes that no upkeep moves on.
fn undrained(samples: usize) -> Vec<Figure> {
    let recorder = Prometheus::new().into_builder().build_recorder();
    let histogram =
        metrics::with_local_recorder(&recorder, || metrics::histogram!("http_request_duration_seconds"));
    let bytes = grown(|| (0..samples).for_each(|_| histogram.record(0.1))) / samples as f64;
    vec![("bytes of a sample that waits for upkeep", bytes, "B", 16.4 * 1.1)]
}

/// What the exporter's own queue loses of a million samples while it is emptied: two threads fill it as fast as they
/// can, without a Layer, and a third one empties it all the time. No bound, because it is not ours.
fn drained(samples: usize) -> Vec<Figure> {
    let recorder = Prometheus::new().into_builder().build_recorder();
    let handle = recorder.handle();
    let histogram =
        metrics::with_local_recorder(&recorder, || metrics::histogram!("http_request_duration_seconds"));
    thread::scope(|scope| {
        let fill = || (0..samples / 2).for_each(|_| histogram.record(0.1));
        let filling = [scope.spawn(fill), scope.spawn(fill)];
        while !filling.iter().all(thread::ScopedJoinHandle::is_finished) {
            handle.run_upkeep();
        }
    });
    let page = handle.render();
    let line = page.lines().find(|line| line.starts_with("http_request_duration_seconds_count"));
    let counted = line.and_then(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok());
    let lost = samples as f64 - counted.expect("the histogram is there");
    vec![(
        "samples that the exporter's queue loses of a million, emptied all the time",
        lost / samples as f64 * 1e6,
        "",
        f64::INFINITY,
    )]
}

fn poll_ready(future: impl Future) {
    let polled = std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_ready());
}

fn timed<T>(f: impl FnOnce() -> T) -> (f64, T) {
    // To make one is slower than what is timed here.
    thread_local!(static CLOCK: quanta::Clock = quanta::Clock::new());
    CLOCK.with(|clock| {
        let start = clock.raw();
        let done = f();
        (clock.delta_as_nanos(start, clock.raw()) as f64 / 1e9, done)
    })
}

/// The bytes that `f` has asked the allocator for and not given back.
fn grown(f: impl FnOnce()) -> f64 {
    allocation_counter::measure(f).bytes_current as f64
}
