//! Everything tower does to a call, stacked around one service, and who waited, who was refused and why.
//!
//! ```text
//! cargo run --example any_service
//! ```

use std::{
    future::Ready,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use tower::{
    BoxError, Service, ServiceBuilder, ServiceExt,
    buffer::BufferLayer,
    limit::{ConcurrencyLimitLayer, RateLimitLayer},
    load_shed::LoadShedLayer,
    retry::{Policy, RetryLayer},
    service_fn,
    timeout::TimeoutLayer,
};
use tower_metrics::{
    ReadinessLayer, RejectionLayer, ServiceMetricsLayer, exporter::Prometheus, retry::MeteredPolicy,
};

/// Retries what failed, twice.
#[derive(Clone)]
struct Twice(usize);

impl Policy<u64, u64, BoxError> for Twice {
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut u64, result: &mut Result<u64, BoxError>) -> Option<Self::Future> {
        if result.is_ok() || self.0 == 0 {
            return None;
        }
        self.0 -= 1;
        Some(std::future::ready(()))
    }

    fn clone_request(&mut self, request: &u64) -> Option<u64> {
        Some(*request)
    }
}

/// Every fifth attempt fails, every eighth takes too long.
async fn charge(amount: u64) -> Result<u64, BoxError> {
    static ATTEMPTS: AtomicU64 = AtomicU64::new(0);
    let attempt = ATTEMPTS.fetch_add(1, Ordering::Relaxed);
    let takes = if attempt % 8 == 3 { 200 } else { 2 };
    tokio::time::sleep(Duration::from_millis(takes)).await;
    if attempt % 5 == 4 { Err("the card was declined".into()) } else { Ok(amount) }
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let metrics = Prometheus::new().install()?;

    let backend = ServiceBuilder::new()
        .layer(ServiceMetricsLayer::new("charge").attempts()) // each attempt
        .layer(RejectionLayer::new("deadline").around(TimeoutLayer::new(Duration::from_millis(50))))
        .service(service_fn(charge));

    let retried = ServiceBuilder::new()
        .layer(ServiceMetricsLayer::new("charge").in_flight_limit(8)) // each call
        .layer(RetryLayer::new(MeteredPolicy::new("charge", Twice(2))))
        .service(backend);

    // Who finds all slots taken is sent away.
    let shedding = ServiceBuilder::new()
        .layer(RejectionLayer::new("shed").around(LoadShedLayer::new()))
        .layer(ConcurrencyLimitLayer::new(8))
        .service(retried.clone());

    // Who finds all slots taken waits for one, and so does who comes too fast.
    let waiting = ServiceBuilder::new()
        .layer(RejectionLayer::new("queue").around(BufferLayer::new(64)))
        .layer(ReadinessLayer::new("charge_rate"))
        .layer(RateLimitLayer::new(20, Duration::from_millis(50)))
        .service(retried.clone());
    let slots = ServiceBuilder::new()
        .layer(ReadinessLayer::new("charge_slot"))
        .layer(ConcurrencyLimitLayer::new(8))
        .service(retried);

    drive(shedding, 100).await;
    drive(waiting, 60).await;
    drive(slots, 60).await;

    let page = metrics.render();
    print_of(
        &page,
        "Calls and their attempts",
        &["charge_total", "charge_attempts_total", "retry_attempts_total"],
    );
    print_of(
        &page,
        "Who waited (the queue's one task, and callers for a slot), and how many seconds in all",
        &["service_ready_wait_seconds_count", "service_ready_wait_seconds_sum"],
    );
    print_of(&page, "Who was refused, and why", &["limiter_calls_total", "requests_rejected_total"]);
    Ok(())
}

/// Makes so many calls, 32 at a time.
async fn drive<S>(service: S, calls: u64)
where
    S: Service<u64, Response = u64, Error = BoxError> + Clone,
{
    let call = |amount| {
        let service = service.clone();
        async move { drop(service.oneshot(amount).await) }
    };
    stream::iter(0..calls).for_each_concurrent(32, call).await;
}

/// Prints the series of these names that are not zero.
fn print_of(page: &str, title: &str, names: &[&str]) {
    let is_meant = |line: &&str| names.iter().any(|name| line.starts_with(name)) && !line.ends_with(" 0");
    let mut lines: Vec<_> = page.lines().filter(is_meant).collect();
    lines.sort_unstable();
    println!("{title}:\n  {}\n", lines.join("\n  "));
}
