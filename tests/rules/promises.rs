//! The promises that the tests make rules and dashboards of.

#![allow(dead_code, reason = "no test binary needs all of it")]

use std::time::Duration;

use tower_metrics::{
    names::Naming,
    rules::{Alert, Rules},
    sla::Sla,
};

pub(crate) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// 99.9 % of calls answered well, 99 % within 2 s.
pub(crate) fn shop() -> Sla {
    Sla::new("shop").availability(0.999).latency(0.99, millis(2_000))
}

/// All that can be promised, under names of a house's own.
pub(crate) fn everything() -> Sla {
    let naming = Naming::new().prefix("house_").label("endpoint", "route");
    Sla::new("all")
        .job("all-of-it")
        .selector("env", "prod")
        .selector("region", "eu \"west\"\\1")
        .alert_label("team", "platform")
        .naming(&naming)
        .period(Duration::from_secs(28 * 24 * 3600))
        .availability(0.9995)
        .latency(0.99, millis(100))
        .latency(0.9, millis(20))
        .head_latency(0.999, millis(2_000))
        .apdex(millis(150))
        .high_latency(millis(4_000))
        .also_bound(millis(200))
        .too_many_requests_is_bad()
        .exclude(["/internal/*"])
        .streams(["/events", "/files/{*path}"])
        .endpoint("POST", "/reports/{id}", |it| it.availability(0.99).latency(0.95, millis(2_000)))
        .endpoint("GET", "/reports/{id}", |it| it.head_latency(0.95, millis(500)).also_counts())
        .endpoint("PUT", "/{{literal}}/{id}", |it| it.availability(0.99))
        .grpc(|it| it.availability(0.999).latency(0.99, millis(50)))
        .grpc_method("shop.Orders", "Place", |it| it.availability(0.99).bad(["Internal", "Aborted"]))
        .operation("db_query", |it| it.availability(0.999).latency(0.99, Duration::from_micros(500)))
        .operation("agent", |it| {
            it.availability(0.95).latency(0.9, millis(10_000)).bad(["Failed"]).outcome_label("status")
        })
}

/// As many services, of as many kinds.
pub(crate) fn many(count: usize) -> Vec<Sla> {
    let of = |n: usize| match n {
        0 => shop(),
        1 => everything(),
        n => Sla::new(format!("service-{n}"))
            .availability(0.99)
            .latency(0.95, millis(7 * n as u64))
            .operation(format!("job_{n}"), |it| it.availability(0.9)),
    };
    (0..count).map(of).collect()
}

/// With every alert.
pub(crate) fn rules(slas: &[Sla]) -> Rules {
    let rules = Rules::new(slas).with(Alert::TrafficAbsent).with(Alert::Anomaly);
    rules
        .runbook_url("https://wiki.example.com/runbooks.md")
        .dashboard_url("https://grafana.example.com/d/slo?var-job={{ $labels.job }}")
}
