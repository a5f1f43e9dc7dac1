//! The contract of tower, inside and outside of its own middleware.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use tower::{
    BoxError, Layer, Service, ServiceBuilder, ServiceExt,
    buffer::BufferLayer,
    hedge::{Hedge, Policy as HedgePolicy},
    limit::{ConcurrencyLimitLayer, RateLimitLayer},
    load_shed::LoadShedLayer,
    retry::{Policy, RetryLayer},
};
use tower_metrics::{ReadinessLayer, RejectionLayer, ServiceMetricsLayer, testing::Recorder};

const MINUTE: Duration = Duration::from_secs(60);

/// Panics when it is called without having been asked for readiness; clones begin unready, and are counted.
#[derive(Default)]
struct Probe {
    is_ready: bool,
    clones: Arc<AtomicUsize>,
}

impl Clone for Probe {
    fn clone(&self) -> Self {
        self.clones.fetch_add(1, Ordering::SeqCst);
        Self { is_ready: false, clones: Arc::clone(&self.clones) }
    }
}

impl Service<u32> for Probe {
    type Response = u32;
    type Error = BoxError;
    type Future = std::future::Ready<Result<u32, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: u32) -> Self::Future {
        assert!(std::mem::take(&mut self.is_ready), "called without readiness");
        std::future::ready(Ok(request))
    }
}

fn measured() -> (Recorder, ServiceMetricsLayer) {
    let recorder = Recorder::new();
    let layer = ServiceMetricsLayer::new("job").recorder(recorder.shared());
    (recorder, layer)
}

/// Calls a service five times by the book, and finds five calls counted.
async fn assert_counts_five<S>(recorder: &Recorder, mut service: S)
where
    S: Service<u32, Response = u32, Error: std::fmt::Debug>,
{
    for n in 0..5 {
        assert_eq!(service.ready().await.unwrap().call(n).await.unwrap(), n);
    }
    assert_eq!(recorder.counter("job_total", [("outcome", "completed")]), 5, "{recorder}");
    assert_eq!(recorder.gauge("job_in_flight", []), 0.0);
}

/// The Layer outside, inside, and on both sides of another: the probe inside of all panics at a breach.
macro_rules! keeps_the_contract {
    ($($test:ident: $layer:expr;)+) => {$(
        #[tokio::test]
        async fn $test() {
            let (recorder, metrics) = measured();
            assert_counts_five(&recorder, ServiceBuilder::new().layer(metrics).layer($layer).service(Probe::default())).await;
            let (recorder, metrics) = measured();
            assert_counts_five(&recorder, ServiceBuilder::new().layer($layer).layer(metrics).service(Probe::default())).await;

            // The other Layers of this crate, on both sides of it.
            let (recorder, metrics) = measured();
            let service = ServiceBuilder::new()
                .layer(ReadinessLayer::new("outer").recorder(recorder.shared()))
                .layer(RejectionLayer::new("edge").recorder(recorder.shared()).around($layer))
                .layer(ReadinessLayer::new("inner").recorder(recorder.shared()))
                .layer(metrics)
                .service(Probe::default());
            assert_counts_five(&recorder, service).await;
            assert_eq!(recorder.counter("limiter_calls_total", &[("limiter", "edge")]), 5);
            assert_eq!(recorder.counter("requests_rejected_total", &[]), 0);
        }
    )+};
}

keeps_the_contract! {
    around_and_inside_buffer: BufferLayer::new(4);
    around_and_inside_concurrency_limit: ConcurrencyLimitLayer::new(4);
    around_and_inside_load_shed: LoadShedLayer::new();
    around_and_inside_rate_limit: RateLimitLayer::new(100, MINUTE);
    around_and_inside_timeout: tower::timeout::TimeoutLayer::new(MINUTE);
}

#[derive(Clone)]
struct Never;

impl<E> Policy<u32, u32, E> for Never {
    type Future = std::future::Ready<()>;

    fn retry(&mut self, _: &mut u32, _: &mut Result<u32, E>) -> Option<Self::Future> {
        None
    }

    fn clone_request(&mut self, request: &u32) -> Option<u32> {
        Some(*request)
    }
}

impl HedgePolicy<u32> for Never {
    fn can_retry(&self, _: &u32) -> bool {
        true
    }

    fn clone_request(&self, request: &u32) -> Option<u32> {
        Some(*request)
    }
}

#[tokio::test]
async fn around_and_inside_retry() {
    let (recorder, metrics) = measured();
    let retry = || RetryLayer::new(Never);
    assert_counts_five(
        &recorder,
        ServiceBuilder::new().layer(metrics).layer(retry()).service(Probe::default()),
    )
    .await;
    let (recorder, metrics) = measured();
    assert_counts_five(
        &recorder,
        ServiceBuilder::new().layer(retry()).layer(metrics).service(Probe::default()),
    )
    .await;
}

/// Retries as often as its number says.
#[derive(Clone)]
struct Times(usize);

impl<E> Policy<u32, u32, E> for Times {
    type Future = std::future::Ready<()>;

    fn retry(&mut self, _: &mut u32, _: &mut Result<u32, E>) -> Option<Self::Future> {
        self.0 = self.0.checked_sub(1)?;
        Some(std::future::ready(()))
    }

    fn clone_request(&mut self, request: &u32) -> Option<u32> {
        Some(*request)
    }
}

#[tokio::test]
async fn inside_a_retry_that_retries_every_attempt_is_made_by_the_book() {
    let (recorder, metrics) = measured();
    let service = ServiceBuilder::new()
        .layer(metrics.clone())
        .layer(RetryLayer::new(Times(2)))
        .layer(ReadinessLayer::new("inner").recorder(recorder.shared()))
        .layer(RejectionLayer::new("edge").recorder(recorder.shared()).around(ConcurrencyLimitLayer::new(1)))
        .layer(metrics.attempts())
        .service(Probe::default());
    assert_counts_five(&recorder, service).await;
    assert_eq!(recorder.counter("job_attempts_total", [("outcome", "completed")]), 15);
}

#[tokio::test(start_paused = true)]
async fn a_hedge_is_one_call_outside_and_two_attempts_inside_of_which_the_loser_is_cancelled() {
    let (recorder, metrics) = measured();
    let slow = tower::service_fn(async |n: u32| {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok::<_, BoxError>(n)
    });
    let attempts = metrics.clone().attempts().layer(slow);
    let hedge = Hedge::new_with_mock_latencies(attempts, Never, 1, 0.5, MINUTE, &[10; 100]);
    let mut service = metrics.layer(hedge);
    let _: u32 = service.ready().await.unwrap().call(7).await.unwrap();
    let attempted = |outcome| recorder.counter("job_attempts_total", [("outcome", outcome)]);
    assert_eq!(recorder.counter("job_total", [("outcome", "completed")]), 1, "{recorder}");
    assert_eq!((attempted("completed"), attempted("cancelled")), (1, 1), "{recorder}");
}

#[tokio::test]
async fn inner_is_never_cloned_in_call() {
    let (_, metrics) = measured();
    let probe = Probe::default();
    let clones = Arc::clone(&probe.clones);
    let mut service = ServiceBuilder::new()
        .layer(ReadinessLayer::new("outer"))
        .layer(RejectionLayer::new("edge").around(tower::layer::util::Identity::new()))
        .layer(metrics)
        .service(probe);
    for n in 0..5 {
        service.ready().await.unwrap().call(n).await.unwrap();
    }
    assert_eq!(clones.load(Ordering::SeqCst), 0);
}
