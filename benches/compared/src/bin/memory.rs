//! What is held in memory: for a call in flight, for a series, and for samples that nobody has scraped.
//!
//! ```text
//! cargo bench --bench memory
//! ```

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use axum::body::Body;
use compared::{Base, Candidate, Under, Work, candidates, install, served, table::print, upkeep};
use http::Request;
use metrics_exporter_prometheus::PrometheusHandle;
use tower::Service;

const CALLS: u32 = 10_000;

fn main() {
    let exporter = install();
    let all = candidates();
    let mine: Vec<_> =
        all.iter().filter(|it| it.base == Base::Axum && it.under == Under::TheExporter).collect();
    let in_flight: Vec<_> = mine.iter().map(|it| in_flight(it)).collect();
    let rows = mine.iter().enumerate().map(|(index, it)| {
        let (unread, left) = unread(it, &exporter);
        vec![
            it.name.to_owned(),
            format!("{:.0}", in_flight[index] - in_flight[0]),
            format!("{:.0}", label_set(it)),
            format!("{unread:.1}"),
            format!("{left:.2}"),
        ]
    });
    let rows: Vec<_> = rows.collect();
    print(
        "Bytes of heap: axum",
        &["", "+ a call in flight", "a label set", "a call never scraped", "the same, after upkeep"],
        &rows,
    );
}

/// What calls hold that are not answered.
fn in_flight(candidate: &Candidate) -> f64 {
    let mut router = served(candidate.router(Work::PENDING).expect("it is axum's"));
    let uri = &Work::PENDING.uris(0)[0];
    let mut calls = Vec::with_capacity(CALLS as usize);
    let mut begin = || {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = uri.clone();
        // The vector has room, so that a call takes what it holds itself.
        let mut call = Box::pin(router.call(request));
        let context = &mut Context::from_waker(Waker::noop());
        assert!(matches!(Pin::as_mut(&mut call).poll(context), Poll::Pending), "nobody answers");
        calls.push(call);
    };
    begin();
    let held = allocation_counter::measure(|| (1..CALLS).for_each(|_| begin()));
    held.bytes_current as f64 / f64::from(CALLS - 1)
}

/// What the first call of a label set leaves behind, in the Layer and in the exporter.
fn label_set(candidate: &Candidate) -> f64 {
    const ROUTES: usize = 1_000;
    let work = Work { routes: ROUTES, ..Work::HEAD };
    let mut caller = candidate.callers(work)(0);
    let held = allocation_counter::measure(|| (0..ROUTES).for_each(|_| caller()));
    held.bytes_current as f64 / ROUTES as f64
}

/// What a call leaves behind until somebody scrapes, or does the exporter's upkeep; and after that.
fn unread(candidate: &Candidate, exporter: &PrometheusHandle) -> (f64, f64) {
    let mut caller = candidate.callers(Work::HEAD)(0);
    caller();
    upkeep(exporter);
    let mut held = (0, 0);
    held.0 = allocation_counter::measure(|| (0..10 * CALLS).for_each(|_| caller())).bytes_current;
    held.1 = held.0 + allocation_counter::measure(|| upkeep(exporter)).bytes_current;
    let each = |bytes: i64| bytes as f64 / f64::from(10 * CALLS);
    (each(held.0), each(held.1))
}
