//! Nothing of a request or an answer is told to anybody: not on the page, not in `Debug`, not in a warning.

use std::{
    cell::Cell,
    convert::Infallible,
    future::{Ready, pending, ready},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    sync::{Arc, Mutex},
    task::{Context, Waker},
};

use axum::{Router, body::Body, routing::get};
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::BodyExt;
use tower::{BoxError, Layer, Service, layer::layer_fn, retry, service_fn};
use tower_metrics::{
    ConnectionMetricsLayer, GrpcMessagesLayer, GrpcMetricsLayer, HttpMetricsLayer, Operation, ReadinessLayer,
    RejectionLayer, ServiceMetricsLayer,
    exporter::Prometheus,
    grpc::unary,
    rejection::{Inner, Passed},
    retry::MeteredPolicy,
};

use crate::{
    exposition::Page,
    tainted::{Frames, MARKER, WAYS, answer, body, headers, panic_with, request, tainted},
};

const REQUESTS: usize = 20_000;

/// Keeps what is written.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Calls, and reads the answer to its end or drops it before; what panics was asked to.
fn call<S, R, B>(service: &mut S, request: R, n: usize)
where
    S: Service<R, Response = Response<B>>,
    B: http_body::Body,
{
    let read = AssertUnwindSafe(|| {
        assert!(service.poll_ready(&mut Context::from_waker(Waker::noop())).is_ready());
        if let Some(Ok(response)) = service.call(request).now_or_never() {
            let mut body = Box::pin(response.into_body());
            for _ in 0..n % 5 {
                drop(body.frame().now_or_never());
            }
        }
    });
    if let Err(payload) = catch_unwind(read) {
        assert_eq!(payload.downcast_ref(), Some(&tainted(n)), "no panic but the service's own");
    }
}

/// Retries once.
#[derive(Clone, Debug)]
struct Once(bool);

impl<E> retry::Policy<String, (), E> for Once {
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut String, result: &mut Result<(), E>) -> Option<Ready<()>> {
        (result.is_err() && std::mem::replace(&mut self.0, false)).then(|| ready(()))
    }

    fn clone_request(&mut self, request: &String) -> Option<String> {
        Some(request.clone())
    }
}

#[test]
fn no_byte_of_a_request_or_an_answer_is_exported_or_logged() {
    let log = Log::default();
    let writer = log.clone();
    // The global one, because `tracing` remembers where nobody listened.
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let exporter = Prometheus::new().into_builder().build_recorder();
    let handle = exporter.handle();
    let recorder = Arc::new(exporter);

    let http = HttpMetricsLayer::new().recorder(recorder.clone());
    let client = HttpMetricsLayer::client().recorder(recorder.clone());
    let grpc = GrpcMetricsLayer::new().methods([unary("shop.Orders", "Place")]).recorder(recorder.clone());
    let grpc_client = GrpcMetricsLayer::client().recorder(recorder.clone());
    let messages = GrpcMessagesLayer::from(grpc.clone());
    let service = ServiceMetricsLayer::new("any").recorder(recorder.clone());
    let readiness = ReadinessLayer::new("any").recorder(recorder.clone());
    let rejection = RejectionLayer::new("edge").recorder(recorder.clone());
    let connections = ConnectionMetricsLayer::new("public").recorder(recorder.clone());
    let operation = Operation::new("job").recorder(recorder.clone());
    let policy = MeteredPolicy::new("once", Once(true)).recorder(recorder.clone());
    let axum = HttpMetricsLayer::axum().recorder(recorder.clone());

    let n = Rc::new(Cell::new(0));
    let its = Rc::clone(&n);
    let inner = service_fn(move |_: Request<_>| answer(its.get()));
    let through = rejection.clone().http().around(layer_fn(|inner| inner));
    // Twice, so that this is noticed and said.
    let http_twice = (http.clone(), http.clone());
    let mut stack = (
        http_twice,
        client.clone(),
        grpc.clone(),
        grpc_client.clone(),
        messages.clone(),
        service.clone(),
        readiness.clone(),
        through,
    )
        .layer(inner);
    let its = Rc::clone(&n);
    let limiter = layer_fn(move |_: Inner<(), _>| {
        let its = Rc::clone(&its);
        service_fn(move |_: Request<Frames>| {
            let mut response = Response::new(body(its.get()));
            *response.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
            *response.headers_mut() = headers(its.get());
            ready(Ok::<_, Passed<Infallible>>(response))
        })
    });
    let mut answering = rejection.clone().http().around(limiter).layer(());
    let app = Router::new().route(
        "/users/{id}",
        get(async |request: Request<Body>| {
            let n = request.extensions().get::<usize>().copied().unwrap();
            if n % WAYS == 1 {
                panic_with(n);
            }
            if n % WAYS == 2 {
                pending::<()>().await;
            }
            tainted(n)
        }),
    );
    let mut app = axum.clone().layer(app.clone().layer(axum.clone()));
    let mut make = connections.layer(service_fn(|target: String| ready(Ok::<_, io::Error>(target))));
    let mut failing = (retry::RetryLayer::new(policy.clone()), service.clone())
        .layer(service_fn(|request: String| ready(Err::<(), _>(io::Error::other(request)))));
    let mut refusing = rejection
        .clone()
        .around(layer_fn(|_| service_fn(|request: String| ready(Err::<(), BoxError>(request.into())))))
        .layer(service_fn(|_: String| ready(Ok::<(), io::Error>(()))));

    for round in 0..REQUESTS {
        n.set(round);
        call(&mut stack, request(round, body(round)), round);
        call(&mut answering, request(round, body(round)), round);
        let mut asked = request(round, Body::from(tainted(round)));
        asked.extensions_mut().insert(round);
        call(&mut app, asked, round);
        drop(make.call(tainted(round)).now_or_never());
        drop(failing.call(tainted(round)).now_or_never());
        drop(refusing.call(tainted(round)).now_or_never());
        drop(catch_unwind(AssertUnwindSafe(|| operation.run(|| panic_with(round)))));
        drop(operation.try_run(|| Err::<(), _>(tainted(round))));
    }

    let page = handle.render();
    let read = Page::read(&page).unwrap_or_else(|fault| panic!("{fault} in\n{page}"));
    let debug = format!(
        "{http:?}{client:?}{grpc:?}{grpc_client:?}{messages:?}{service:?}{readiness:?}{rejection:?}{connections:?}\
         {operation:?}{policy:?}{axum:?}"
    );
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for (what, text) in [("the page", &page), ("Debug", &debug), ("the log", &log)] {
        assert!(!text.to_lowercase().contains(MARKER), "{what}:\n{text}");
    }
    // All of them were there, and had something to tell.
    for metric in [
        "http_requests_total",
        "http_client_requests_total",
        "grpc_server_handled_total",
        "grpc_client_handled_total",
        "limiter_calls_total",
        "any_total",
        "job_total",
        "connections_total",
    ] {
        assert!(read.sum(metric, &[]) >= REQUESTS as f64, "{metric} in\n{page}");
    }
    assert!(read.sum("requests_rejected_total", &[("reason", "other")]) >= REQUESTS as f64, "{page}");
    assert!(
        read.sum("grpc_server_msg_sent_total", &[]) > 0.0 && read.sum("retry_attempts_total", &[]) > 0.0,
        "{page}"
    );
    assert!(debug.contains("unmatched") && log.contains("WARN"), "{debug}\n{log}");
}
