//! Clocks that jump, and counters at the end of their range.

use std::{convert::Infallible, future::ready, time::Duration};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::Empty;
use metrics::{Key, Label, Metadata, with_recorder};
use tower::{Layer, ServiceExt, service_fn};
use tower_metrics::{
    HttpMetricsLayer,
    testing::{Clock, MockClock},
};

use crate::support::{ended, measured};

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

fn call(layer: &HttpMetricsLayer, meanwhile: impl Fn() + Clone + Send + 'static) {
    let answer = service_fn(move |_: Request<()>| {
        meanwhile();
        ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())))
    });
    layer.layer(answer).oneshot(Request::new(())).now_or_never().unwrap().unwrap();
}

/// With an idle timeout, handles are judged by the same clock.
#[test]
fn a_clock_that_jumps_or_stands_still_gives_samples_that_are_finite_and_not_negative() {
    let (recorder, layer) = measured();
    let (clock, time) = Clock::mock();
    let layer = layer.clock(clock).idle_timeout(Duration::from_secs(3600));
    time.advance(YEAR);
    let jumps: [fn(&MockClock); 4] = [
        |_| {},
        |time| time.rewind(Duration::from_secs(3600)),
        |time| time.advance(10 * YEAR),
        |time| time.rewind(10 * YEAR),
    ];
    for jump in jumps {
        let time = time.clone();
        call(&layer, move || jump(&time));
    }
    let ten_years = 10.0 * YEAR.as_secs_f64();
    assert_eq!(recorder.samples("http_request_duration_seconds", []), [0.0, 0.0, ten_years, 0.0]);
    assert_eq!(ended(&recorder), 4);
}

/// A counter wraps, as Prometheus takes it for one that began anew; nothing panics, with overflow checks on too.
#[test]
fn a_counter_at_the_end_of_its_range_goes_on() {
    static METADATA: Metadata<'static> = Metadata::new("test", metrics::Level::INFO, None);
    let (recorder, layer) = measured();
    call(&layer, || {});
    let labels = [("method", "GET"), ("endpoint", "unmatched"), ("status", "200"), ("outcome", "completed")];
    let labels: Vec<Label> = labels.map(|(name, value)| Label::new(name, value)).into();
    let key = Key::from_parts("http_requests_total", labels);
    let counter = metrics::with_local_recorder(&recorder, || {
        with_recorder(|recorder| recorder.register_counter(&key, &METADATA))
    });
    counter.increment(u64::MAX - 2);
    assert_eq!(recorder.counter("http_requests_total", [("status", "200")]), u64::MAX - 1);
    (0..4).for_each(|_| call(&layer, || {}));
    assert_eq!(recorder.counter("http_requests_total", [("status", "200")]), 2);
}
