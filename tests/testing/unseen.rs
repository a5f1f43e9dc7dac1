//! What a torture cannot see, or cannot do, it says; and what is not its own it leaves alone.

use std::{
    convert::Infallible,
    io,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio::{sync::Semaphore, task::yield_now};
use tower::{Layer, Service, ServiceBuilder, limit::ConcurrencyLimitLayer, service_fn};
use tower_metrics::{
    ConnectionMetricsLayer, HttpMetricsLayer, InFlightLayer, Operation, ServiceMetricsLayer,
    testing::{Faults, Recorder, Torture, torture::Way},
};

/// A service that is never ready, or fails before it is.
#[derive(Clone)]
struct Unready(bool);

impl Service<()> for Unready {
    type Response = ();
    type Error = io::Error;
    type Future = std::future::Ready<io::Result<()>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.0 { Poll::Ready(Err(io::Error::other("as asked"))) } else { Poll::Pending }
    }

    fn call(&mut self, (): ()) -> Self::Future {
        unreachable!("it is never ready")
    }
}

async fn late(n: u32) -> io::Result<u32> {
    yield_now().await;
    Ok(n)
}

async fn answer(_: Request<()>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::from("Ada")))
}

#[tokio::test]
async fn a_torture_that_made_no_call_has_found_nothing() {
    for fails in [true, false] {
        let recorder = Recorder::new();
        let layer = ServiceMetricsLayer::new("job").recorder(recorder.shared());
        layer.initialize();
        let service = layer.layer(Unready(fails));
        let torture = Torture::new(&recorder).patience(Duration::from_millis(20));
        let report = torture.run(|| service.clone(), || ()).await;
        assert!(report.to_string().contains("no call was made: the service was never ready"), "{report}");
    }
    let recorder = Recorder::new();
    let service = ServiceMetricsLayer::new("job").recorder(recorder.shared()).layer(service_fn(late));
    let report = Torture::new(&recorder).rounds(0).run(|| service.clone(), || 1).await;
    assert_eq!(report.off(), ["no call was made: it was to go no round"]);
}

#[tokio::test]
async fn a_service_that_takes_one_call_at_a_time_is_tortured_whole() {
    let recorder = Recorder::new();
    let faults = Faults::<io::Error>::failing(|| io::Error::other("as asked"));
    let slots = Arc::new(Semaphore::new(1));
    let locked = move |n| {
        let slots = Arc::clone(&slots);
        async move {
            let _slot = slots.acquire().await.map_err(io::Error::other)?;
            late(n).await
        }
    };
    let layer = ServiceMetricsLayer::new("job").recorder(recorder.shared());
    let outside = ServiceBuilder::new()
        .layer(ConcurrencyLimitLayer::new(1))
        .layer(layer.clone())
        .layer(faults.clone())
        .service(service_fn(locked.clone()));
    let inside = ServiceBuilder::new()
        .layer(layer)
        .layer(ConcurrencyLimitLayer::new(1))
        .layer(faults.clone())
        .service(service_fn(locked));
    let torture = || {
        Torture::new(&recorder).faults(&faults).tasks(|task| {
            let task = tokio::spawn(task);
            move || task.abort()
        })
    };
    // Were one of them to wait for what another thread is to drop, it would for 10 s.
    let tortured = async {
        let outside = torture().run(|| outside.clone(), || 1).await;
        [outside, torture().run(|| inside.clone(), || 1).await]
    };
    for report in tokio::time::timeout(Duration::from_secs(9), tortured).await.unwrap() {
        report.assert_balanced();
        assert!(!report.to_string().contains("given up"), "{report}");
        assert_eq!(report.ended(Way::DroppedElsewhere), 8, "{report}");
    }
}

/// An answer without a body, to a request that wants none or with a status that has none.
#[tokio::test]
async fn nothing_is_known_of_a_body_that_is_none() {
    for (method, status) in [("HEAD", 200), ("GET", 204), ("GET", 304)] {
        let recorder = Recorder::new();
        let faults = Faults::<Infallible>::new();
        let service = ServiceBuilder::new()
            .layer(HttpMetricsLayer::new().recorder(recorder.shared()))
            .layer(faults.http())
            .service(service_fn(move |_: Request<()>| async move {
                Ok::<_, Infallible>(
                    Response::builder().status(status).body(Full::<Bytes>::from("Ada")).unwrap(),
                )
            }));
        let request = || Request::builder().method(method).body(()).unwrap();
        let torture = Torture::new(&recorder).faults(&faults);
        torture.run_http(|| service.clone(), request).await.assert_balanced();
    }
}

#[tokio::test]
async fn faults_that_no_service_takes_are_said() {
    let recorder = Recorder::new();
    let faults = Faults::<Infallible>::new();
    let measured = HttpMetricsLayer::new().recorder(recorder.shared()).layer(service_fn(answer));
    let report = Torture::new(&recorder).faults(&faults);
    let report = report.run_http(|| measured.clone(), || Request::new(())).await;
    assert_eq!(
        report.off(),
        ["no fault was taken: is the Layer of faults inside of the measured one?"],
        "{report}"
    );

    let outside = faults.http().layer(measured);
    let report = Torture::new(&recorder).faults(&faults);
    let report = report.run_http(|| outside.clone(), || Request::new(())).await;
    assert!(report.to_string().contains("a Layer of faults that is outside of the measured one"), "{report}");
}

#[tokio::test]
async fn a_gauge_alone_has_to_move() {
    let recorder = Recorder::new();
    let faults = Faults::<Infallible>::new();
    let layer = InFlightLayer::from(HttpMetricsLayer::new().recorder(recorder.shared()));
    let torture = || Torture::new(&recorder).faults(&faults);
    let measured = ServiceBuilder::new().layer(layer).layer(faults.http()).service(service_fn(answer));
    let bare = faults.http().layer(service_fn(answer));
    torture().run_http(|| measured.clone(), || Request::new(())).await.assert_balanced();
    let report = torture().run_http(|| bare.clone(), || Request::new(())).await;
    assert!(report.to_string().contains("http_requests_in_flight never rose"), "{report}");
    assert!(report.off()[0].starts_with("after a call ("), "{report}");
}

#[tokio::test]
async fn what_goes_on_elsewhere_is_not_blamed_on_it() {
    let recorder = Recorder::new();
    let _connection = ConnectionMetricsLayer::new("public").recorder(recorder.shared()).open();
    let nightly = Operation::new("nightly").recorder(recorder.shared());
    let going_on = nightly.start();
    let layer = ServiceMetricsLayer::new("job").recorder(recorder.shared());
    let service = layer.layer(service_fn(late));
    let torture = Torture::new(&recorder).counted_by("job_total");
    torture.run(|| service.clone(), || 1).await.assert_balanced();
    assert!(recorder.balance().is_err(), "the connection is open");
    drop(going_on);
}

#[tokio::test]
async fn a_sampled_histogram_may_go_on_from_earlier_calls() {
    let recorder = Recorder::new();
    let layer = ServiceMetricsLayer::new("job").sample_latency(1_000_000).recorder(recorder.shared());
    let service = layer.layer(service_fn(late));
    for _ in 0..2 {
        Torture::new(&recorder).run(|| service.clone(), || 1).await.assert_balanced();
    }
}
