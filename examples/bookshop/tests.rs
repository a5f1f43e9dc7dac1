//! What the shop counts of what is asked of it. Each test has a recorder of its own, and a runtime of several threads.

use std::{io, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, Response, StatusCode},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, Semaphore},
    time::timeout,
};
use tower::{Layer, ServiceExt, service_fn};
use tower_metrics::testing::{Clock, Faults, MockClock, Recorder, Torture, torture::Way};

use crate::{
    layers::{Layers, ORDERS_AT_ONCE, promise},
    shop::{Shop, measured, routes},
};

/// A shop, what it records, and the clock by which it does.
struct Tested {
    app: Router,
    metrics: Recorder,
}

impl Tested {
    /// A shop with this bank, which may move the clock.
    fn new<F>(bank: impl Fn(MockClock) -> F + Clone + Send + Sync + 'static) -> Self
    where
        F: Future<Output = io::Result<Response<Body>>> + Send + 'static,
    {
        let metrics = Recorder::new();
        let (clock, time) = Clock::mock();
        let mut layers = Layers::new().recorder(&metrics.shared());
        layers.http = layers.http.clock(clock);
        let shop = Shop::new(&layers, service_fn(move |_: Request<Body>| bank(time.clone())));
        Self { app: measured(routes(shop, &layers), &layers), metrics }
    }

    async fn ask(&self, method: Method, path: &str) -> (StatusCode, String) {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let (head, body) = self.app.clone().oneshot(request).await.unwrap().into_parts();
        // A call ends with its body.
        let body = to_bytes(body, usize::MAX).await.unwrap();
        (head.status, String::from_utf8(body.to_vec()).unwrap())
    }
}

async fn paid() -> io::Result<Response<Body>> {
    Ok(Response::new(Body::from("paid")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_book_is_looked_at() {
    let shop = Tested::new(|_| paid());
    assert_eq!(shop.ask(Method::GET, "/books/7").await, (StatusCode::OK, "Dracula".into()));
    assert_eq!(shop.ask(Method::GET, "/books/9").await.0, StatusCode::NOT_FOUND);
    assert_eq!(shop.ask(Method::GET, "/books").await.1, "Dracula\nEmma\n");

    let metrics = &shop.metrics;
    metrics.assert_counter("http_requests_total", [("endpoint", "/books/{id}"), ("status", "200")], 1);
    metrics.assert_counter("http_requests_total", [("endpoint", "/books/{id}"), ("status", "404")], 1);
    metrics.assert_counter("db_query_total", [("query", "find"), ("outcome", "completed")], 1);
    metrics.assert_counter("db_query_total", [("query", "find"), ("outcome", "error")], 1);
    metrics.assert_balanced();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_within_the_promise_as_long_as_the_bank_is() {
    let sla = promise();
    let threshold = sla.latency_objectives()[0].threshold;
    let shop = Tested::new(move |time| {
        time.advance(threshold);
        paid()
    });
    assert_eq!(shop.ask(Method::POST, "/orders/7").await.0, StatusCode::CREATED);
    let taken = [("server", "bank.example"), ("status", "200"), ("outcome", "completed")];
    shop.metrics.assert_counter("http_client_requests_total", taken, 1);
    let orders = [("endpoint", "/orders/{id}"), ("status", "2xx")];
    let durations = shop.metrics.histogram("http_request_duration_seconds", orders);
    assert_eq!((durations.count(), durations.within(threshold)), (1, 1), "{durations}");
    // The buckets that an exporter has of it.
    let buckets = durations.buckets(sla.bounds());
    assert_eq!(buckets.iter().find(|(_, count)| *count > 0), Some(&(0.1, 1)), "{buckets:?}");

    let slow = Tested::new(move |time| {
        time.advance(threshold + Duration::from_nanos(1));
        paid()
    });
    slow.ask(Method::POST, "/orders/7").await;
    assert_eq!(slow.metrics.histogram("http_request_duration_seconds", orders).within(threshold), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bank_that_fails_is_a_502_and_an_error_of_the_client() {
    let shop = Tested::new(|_| async { Err(io::Error::other("it is closed")) });
    assert_eq!(shop.ask(Method::POST, "/orders/7").await.0, StatusCode::BAD_GATEWAY);
    let labels = [("method", "POST"), ("server", "bank.example"), ("outcome", "error")];
    shop.metrics.assert_counter("http_client_requests_total", labels, 1);
    shop.metrics.assert_counter("http_requests_total", [("endpoint", "/orders/{id}"), ("status", "502")], 1);
    shop.metrics.assert_balanced();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_orders_than_the_bank_takes_are_refused_and_told() {
    let (called, doors) = (Arc::new(Semaphore::new(0)), Arc::new(Notify::new()));
    let shop = Arc::new(Tested::new({
        let (called, doors) = (Arc::clone(&called), Arc::clone(&doors));
        move |_| {
            let (called, doors) = (Arc::clone(&called), Arc::clone(&doors));
            async move {
                let opened = doors.notified();
                called.add_permits(1);
                opened.await;
                paid().await
            }
        }
    }));
    let order = |shop: &Arc<Tested>| {
        let shop = Arc::clone(shop);
        tokio::spawn(async move { shop.ask(Method::POST, "/orders/7").await.0 })
    };
    let orders: Vec<_> = (0..ORDERS_AT_ONCE).map(|_| order(&shop)).collect();
    drop(called.acquire_many(ORDERS_AT_ONCE as u32).await.unwrap());
    shop.metrics.assert_gauge(
        "http_requests_in_flight",
        [("endpoint", "/orders/{id}")],
        ORDERS_AT_ONCE as f64,
    );
    assert_eq!(order(&shop).await.unwrap(), StatusCode::SERVICE_UNAVAILABLE);
    doors.notify_waiters();
    for order in orders {
        assert_eq!(order.await.unwrap(), StatusCode::CREATED);
    }

    shop.metrics.assert_counter(
        "requests_rejected_total",
        [("limiter", "orders"), ("reason", "overloaded")],
        1,
    );
    shop.metrics.assert_counter("limiter_calls_total", [("limiter", "orders")], ORDERS_AT_ONCE as u64 + 1);
    shop.metrics.assert_balanced();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_callers_and_the_shop_do_everything_is_counted_once() {
    let metrics = Recorder::new();
    let layers = Layers::new().recorder(&metrics.shared());
    layers.initialize();
    let shop = Shop::new(&layers, service_fn(|_: Request<Body>| paid()));
    // Inside of what measures: the shop itself panics, fails and waits.
    let faults = Faults::new();
    let app = measured(routes(shop, &layers).layer(faults.http()), &layers);

    let paths = ["/books", "/books/7", "/orders/8", "/books/9", "/nowhere", "/orders/7"];
    let mut paths = paths.into_iter().cycle();
    let request = || {
        let path = paths.next().unwrap();
        let method = if path.starts_with("/orders") { Method::POST } else { Method::GET };
        Request::builder().method(method).uri(path).body(Body::empty()).unwrap()
    };
    let torture = Torture::new(&metrics).faults(&faults).rounds(20).tasks(|task| {
        let task = tokio::spawn(task);
        move || task.abort()
    });
    let report = torture.run_http(|| app.clone(), request).await;

    report.assert_balanced();
    assert_eq!(metrics.counter("http_requests_total", []), report.calls());
    for way in [Way::Answered, Way::Dropped, Way::Aborted, Way::CallPanics, Way::BodyFails] {
        assert!(report.ended(way) > 0, "{report}");
    }
    for query in ["all", "find", "take"] {
        assert!(metrics.counter("db_query_total", [("query", query)]) > 0, "{metrics}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visit_is_a_connection_and_a_call_that_ends_when_the_server_has_it() {
    let metrics = Recorder::new();
    let layers = Layers::new().recorder(&metrics.shared());
    let app = measured(routes(Shop::new(&layers, service_fn(|_: Request<Body>| paid())), &layers), &layers);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let serving = axum::serve(listener, layers.connections.layer(app.into_make_service()));
    tokio::spawn(serving.into_future());

    let mut visitor = TcpStream::connect(addr).await.unwrap();
    visitor.write_all(b"GET /books/7 HTTP/1.1\r\nhost: bookshop\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    visitor.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("Dracula"), "{answer}");

    // The server ends the connection at a time of its own.
    let is_over = metrics.until(|it| it.histogram("connection_duration_seconds", []).count() == 1);
    timeout(Duration::from_secs(5), is_over).await.unwrap_or_else(|_| panic!("{metrics}"));
    metrics.assert_counter("connections_total", [("listener", "public")], 1);
    metrics.assert_counter("http_requests_total", [("endpoint", "/books/{id}"), ("status", "200")], 1);
    metrics.assert_balanced();
}
