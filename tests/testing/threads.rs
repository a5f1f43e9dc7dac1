//! Runtimes of many threads: a recorder that the Layer is given, and one that is current for a thread alone.

use std::{convert::Infallible, future::Future};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tokio::task::yield_now;
use tower::{
    Layer, Service, ServiceBuilder, ServiceExt,
    limit::ConcurrencyLimitLayer,
    load_shed::LoadShedLayer,
    retry::{Policy, RetryLayer},
    service_fn,
};
use tower_metrics::{
    ConnectionMetricsLayer, GrpcMessagesLayer, GrpcMetricsLayer, HttpMetricsLayer, Operation, ReadinessLayer,
    RejectionLayer, ServiceMetricsLayer, labels::Capped, metrics::with_local_recorder, retry::MeteredPolicy,
    testing::Recorder,
};

const CALLS: u64 = 100;

/// Makes so many calls, each a task of the runtime.
async fn each_in_a_task<F>(mut call: impl FnMut() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let tasks: Vec<_> = (0..CALLS).map(|_| tokio::spawn(call())).collect();
    for task in tasks {
        task.await.unwrap();
    }
}

async fn answer<B>(_: Request<B>) -> Result<Response<Full<Bytes>>, Infallible> {
    yield_now().await;
    Ok(Response::new("Ada".into()))
}

fn get() -> Request<Full<Bytes>> {
    Request::new(Full::default())
}

async fn read<S, B>(service: S)
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible>,
    B: http_body::Body<Error: std::fmt::Debug>,
{
    let response = service.oneshot(get()).await.unwrap();
    drop(response.into_body().collect().await.unwrap());
}

async fn late(n: u64) -> Result<u64, Infallible> {
    yield_now().await;
    Ok(n)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_and_grpc_record_where_they_are_told_on_every_thread() {
    let recorder = Recorder::new();
    let server = HttpMetricsLayer::new().recorder(recorder.shared()).layer(service_fn(answer));
    let client = HttpMetricsLayer::client().recorder(recorder.shared()).layer(service_fn(answer));
    let grpc = GrpcMetricsLayer::new().recorder(recorder.shared());
    let messages = GrpcMessagesLayer::from(grpc.clone()).layer(grpc.layer(service_fn(answer)));
    each_in_a_task(|| read(server.clone())).await;
    each_in_a_task(|| read(client.clone())).await;
    each_in_a_task(|| read(messages.clone())).await;

    recorder.assert_counter("http_requests_total", [("outcome", "completed")], CALLS);
    recorder.assert_sample_count("http_client_request_duration_seconds", [], CALLS);
    recorder.assert_counter("grpc_server_started_total", [], CALLS);
    recorder.assert_balanced();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_operations_and_counters_do_too() {
    let recorder = Recorder::new();
    let service = ServiceMetricsLayer::new("query").recorder(recorder.shared()).layer(service_fn(late));
    let job = Operation::new("job").labels(["kind"]).recorder(recorder.shared());
    let spent = Capped::new("spent_total", ["user"], "What was spent.").recorder(recorder.shared());
    let connections = ConnectionMetricsLayer::new("public").recorder(recorder.shared());
    each_in_a_task(|| {
        let (service, job, spent, connection) =
            (service.clone(), job.clone(), spent.clone(), connections.open());
        async move {
            job.instrument_with(["mail"], service.oneshot(1)).await.unwrap();
            spent.increment(["ada"], 2);
            drop(connection);
        }
    })
    .await;

    recorder.assert_counter("query_total", [], CALLS);
    recorder.assert_counter("job_total", [("kind", "mail")], CALLS);
    recorder.assert_counter("spent_total", [("user", "ada")], 2 * CALLS);
    recorder.assert_counter("connections_total", [("listener", "public")], CALLS);
    recorder.assert_balanced();
}

/// Retries nothing.
#[derive(Clone)]
struct Never;

impl Policy<u64, u64, tower::BoxError> for Never {
    type Future = std::future::Ready<()>;

    fn retry(&mut self, _: &mut u64, _: &mut Result<u64, tower::BoxError>) -> Option<Self::Future> {
        None
    }

    fn clone_request(&mut self, request: &u64) -> Option<u64> {
        Some(*request)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limiters_waits_and_retries_do_too() {
    let recorder = Recorder::new();
    let policy = MeteredPolicy::new("query", Never).recorder(recorder.shared());
    policy.initialize();
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new(policy))
        .layer(RejectionLayer::new("edge").recorder(recorder.shared()).around(LoadShedLayer::new()))
        .service(service_fn(late));
    each_in_a_task(|| {
        let service = service.clone();
        async move { assert_eq!(service.oneshot(1).await.unwrap(), 1) }
    })
    .await;
    let slots = ServiceBuilder::new()
        .layer(ReadinessLayer::new("slots").recorder(recorder.shared()))
        .layer(ConcurrencyLimitLayer::new(1))
        .service(service_fn(late));
    each_in_a_task(|| {
        let slots = slots.clone();
        async move { assert_eq!(slots.oneshot(1).await.unwrap(), 1) }
    })
    .await;

    recorder.assert_counter("limiter_calls_total", [("limiter", "edge")], CALLS);
    recorder.assert_counter("requests_rejected_total", [("limiter", "edge")], 0);
    assert!(
        recorder.histogram("service_ready_wait_seconds", [("service", "slots")]).count() > 0,
        "{recorder}"
    );
    recorder.assert_counter("retry_attempts_total", [("policy", "query")], 0);
    recorder.assert_balanced();
}

#[test]
fn a_recorder_that_is_current_is_so_for_one_thread() {
    let recorder = Recorder::new();
    let job = Operation::new("job");
    with_local_recorder(&recorder, || {
        job.run(|| ());
        let elsewhere = job.clone();
        std::thread::spawn(move || elsewhere.run(|| ())).join().unwrap();
    });
    recorder.assert_counter("job_total", [("outcome", "completed")], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_other_threads_record_is_waited_for() {
    let recorder = Recorder::new();
    let job = Operation::new("job").recorder(recorder.shared());
    let mut waiting = Vec::new();
    for n in [1, CALLS / 2, CALLS] {
        let recorder = recorder.clone();
        waiting.push(tokio::spawn(async move {
            recorder.until(|it| it.counter("job_total", []) >= n && it.balance().is_ok()).await;
        }));
    }
    each_in_a_task(|| {
        let job = job.clone();
        async move { job.instrument(yield_now()).await }
    })
    .await;
    for waiting in waiting {
        tokio::time::timeout(std::time::Duration::from_secs(10), waiting).await.unwrap().unwrap();
    }
    assert!(recorder.until(|_| false).now_or_never().is_none());
    recorder.assert_balanced();
}
