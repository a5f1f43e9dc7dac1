//! What was not used for a day makes room for what is new, where the exporter forgets too.

use std::{
    convert::Infallible,
    future::{pending, ready},
    time::Duration,
};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::Empty;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_metrics::{
    HttpMetricsLayer, Operation,
    testing::{Clock, MockClock, Recorder},
};

const HOUR: Duration = Duration::from_secs(60 * 60);
const MINUTE: Duration = Duration::from_secs(60);

/// Room for three endpoints beside a declared one.
fn layer(recorder: &Recorder) -> (HttpMetricsLayer, MockClock) {
    let (clock, time) = Clock::mock();
    let layer = HttpMetricsLayer::new()
        .recorder(recorder.shared())
        .clock(clock)
        .endpoint(|head| Some(head.uri().path().into()))
        .endpoints([("GET", "/declared")])
        .max_label_sets(3);
    (layer, time)
}

fn request(path: &str) -> Request<()> {
    Request::get(path).body(()).unwrap()
}

fn call(layer: &HttpMetricsLayer, path: &str) {
    let answer =
        service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))));
    layer.layer(answer).oneshot(request(path)).now_or_never().unwrap().unwrap();
}

fn counted(recorder: &Recorder, endpoint: &str) -> u64 {
    recorder.counter("http_requests_total", [("endpoint", endpoint)])
}

fn given_up(recorder: &Recorder) -> u64 {
    recorder.counter("tower_metrics_label_sets_given_up_total", [])
}

#[test]
fn after_a_day_unused_a_label_set_makes_room() {
    let recorder = Recorder::new();
    let (layer, time) = layer(&recorder);
    let layer = layer.idle_timeout(HOUR);
    layer.initialize();
    for path in ["/declared", "/a", "/b", "/c"] {
        call(&layer, path);
    }
    call(&layer, "/new");
    assert_eq!((counted(&recorder, "/new"), counted(&recorder, "_OVERFLOW")), (0, 1), "{recorder}");

    // One is in flight all the time, and one is used in the last minute.
    let hang = service_fn(|_: Request<()>| pending::<Result<Response<Empty<Bytes>>, Infallible>>());
    let in_flight = layer.layer(hang).call(request("/a"));
    time.advance(24 * HOUR - MINUTE);
    call(&layer, "/b");
    call(&layer, "/new");
    assert_eq!((counted(&recorder, "/new"), given_up(&recorder)), (0, 0), "it is not yet a day: {recorder}");
    time.advance(MINUTE);
    call(&layer, "/new");
    assert_eq!((counted(&recorder, "/new"), given_up(&recorder)), (1, 1), "{recorder}");
    assert_eq!(recorder.gauge("tower_metrics_label_sets", []), 3.0);

    // What was given up comes back as anything new does, and finds no room.
    call(&layer, "/c");
    assert_eq!(counted(&recorder, "/c"), 1);
    assert_eq!(counted(&recorder, "_OVERFLOW"), 3);
    drop(in_flight);
    assert_eq!(recorder.gauge("http_requests_in_flight", []), 0.0);

    // A second day on, all three make room; what was declared never does.
    time.advance(24 * HOUR);
    for path in ["/x", "/y", "/z", "/declared"] {
        call(&layer, path);
    }
    assert_eq!(given_up(&recorder), 4);
    assert_eq!(["/x", "/y", "/z", "/declared"].map(|path| counted(&recorder, path)), [1, 1, 1, 2]);
    let begun = 4 + 1 + 1 + 1 + 1 + 1 + 1 + 4;
    assert_eq!(recorder.counter("http_requests_total", []), begun, "no call is lost: {recorder}");
}

#[test]
fn the_greatest_limit_is_none() {
    let recorder = Recorder::new();
    let (layer, _) = layer(&recorder);
    let layer = layer.max_label_sets(usize::MAX);
    for path in ["/a", "/b", "/c", "/d"] {
        call(&layer, path);
    }
    assert_eq!(recorder.gauge("tower_metrics_label_sets", []), 4.0, "{recorder}");
}

#[test]
fn while_there_is_room_nothing_is_given_up() {
    let recorder = Recorder::new();
    let (layer, time) = layer(&recorder);
    let layer = layer.idle_timeout(HOUR);
    call(&layer, "/a");
    time.advance(48 * HOUR);
    call(&layer, "/b");
    call(&layer, "/c");
    assert_eq!((given_up(&recorder), recorder.gauge("tower_metrics_label_sets", [])), (0, 3.0), "{recorder}");
}

/// The exporter would go on exporting what is given up, beside what comes in its place.
#[test]
fn where_the_exporter_does_not_forget_nothing_is_given_up() {
    let recorder = Recorder::new();
    let (layer, time) = layer(&recorder);
    for path in ["/a", "/b", "/c", "/new"] {
        call(&layer, path);
    }
    time.advance(48 * HOUR);
    call(&layer, "/new");
    assert_eq!((counted(&recorder, "/new"), counted(&recorder, "_OVERFLOW")), (0, 2), "{recorder}");
    assert!(recorder.series("tower_metrics_label_sets_given_up_total").is_empty());
}

#[test]
fn an_idle_timeout_of_two_days_keeps_label_sets_so_long() {
    let recorder = Recorder::new();
    let (layer, time) = layer(&recorder);
    let layer = layer.idle_timeout(48 * HOUR);
    for path in ["/a", "/b", "/c", "/new"] {
        call(&layer, path);
    }
    time.advance(36 * HOUR);
    call(&layer, "/new");
    assert_eq!(given_up(&recorder), 0);
    time.advance(12 * HOUR);
    call(&layer, "/new");
    assert_eq!((counted(&recorder, "/new"), given_up(&recorder)), (1, 3), "{recorder}");
}

/// A label that can have so many values has them for what is left.
#[test]
fn values_of_what_was_given_up_can_be_others() {
    let recorder = Recorder::new();
    let (clock, time) = Clock::mock();
    let job = Operation::new("job")
        .labels(["user"])
        .max_values("user", 2)
        .recorder(recorder.shared())
        .clock(clock)
        .idle_timeout(HOUR);
    let run = |user: &str| job.run_with([user], || ());
    ["ada", "bob", "eve"].into_iter().for_each(run);
    assert_eq!(recorder.counter("job_total", [("user", "_OVERFLOW")]), 1);
    time.advance(12 * HOUR);
    run("ada");
    time.advance(12 * HOUR);
    ["eve", "bob", "ada"].into_iter().for_each(run);
    let counted = |user| recorder.counter("job_total", [("user", user), ("outcome", "completed")]);
    assert_eq!(["ada", "bob", "eve", "_OVERFLOW"].map(counted), [3, 1, 1, 2], "{recorder}");
}

/// Endpoints that nobody has answered well cost memory here, and are not kept for ever.
#[test]
fn label_sets_that_no_answer_has_proven_make_room_too() {
    let recorder = Recorder::new();
    let (layer, time) = layer(&recorder);
    let layer = layer.idle_timeout(HOUR);
    let refuses = service_fn(|_: Request<()>| {
        ready(Ok::<_, Infallible>(Response::builder().status(405).body(Empty::<Bytes>::new()).unwrap()))
    });
    for n in 0..2_000 {
        let service = layer.layer(refuses);
        service.oneshot(request(&format!("/{n}"))).now_or_never().unwrap().unwrap();
    }
    call(&layer, "/new");
    assert_eq!(counted(&recorder, "/new"), 0, "too many are not proven");
    time.advance(24 * HOUR);
    call(&layer, "/new");
    assert_eq!((counted(&recorder, "/new"), given_up(&recorder)), (1, 0), "nobody has seen them: {recorder}");
}

/// While one thread gives up what the others use, no call is lost.
#[test]
fn threads_that_use_what_is_given_up_lose_nothing() {
    let recorder = Recorder::new();
    let (clock, time) = Clock::mock();
    let job =
        Operation::new("job").labels(["user"]).recorder(recorder.shared()).clock(clock).idle_timeout(HOUR);
    let job = job.max_label_sets(8);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (job, time) = (&job, &time);
            scope.spawn(move || {
                for round in 0..2_000 {
                    job.run_with([&((round * 7 + thread * 3) % 16).to_string()], || ());
                    time.advance(6 * HOUR);
                }
            });
        }
    });
    assert_eq!(recorder.counter("job_total", []), 8_000);
    assert_eq!(recorder.gauge("job_in_flight", []), 0.0);
    assert!(recorder.gauge("tower_metrics_label_sets", []) <= 8.0);
    assert!(recorder.counter("tower_metrics_label_sets_given_up_total", []) > 100, "{recorder}");
}
