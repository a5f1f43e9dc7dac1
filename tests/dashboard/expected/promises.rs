//! The promises of the examples, as the manual of `sla` says what counts for them.

use crate::samples::{Selected, World, zip};

/// What a promise says.
pub(super) struct Promise {
    pub(super) slo: &'static str,
    /// What may be bad.
    pub(super) budget: f64,
    /// How many calls a second counted for it in five minutes, and how many of these were bad.
    pub(super) counted: fn(&World, f64) -> (f64, f64),
}

const SHOP: &str = "shop-backend";

pub(super) const ALL: [Promise; 10] = [
    Promise {
        slo: "shop-availability",
        budget: 0.001,
        counted: |world, at| {
            let mut of_others = http(world, at);
            of_others.drop(|labels| labels["endpoint"] == "/reports" && labels["method"] == "POST");
            failures(&of_others)
        },
    },
    Promise {
        slo: "shop-latency-p99",
        budget: 0.01,
        counted: |world, at| {
            let narrow = |mut calls: Selected| {
                calls.drop(|labels| labels["endpoint"] == "/reports" && labels["method"] == "POST");
                calls.isnt("endpoint", "/stream")
            };
            timed(world, at, "http_request_duration_seconds", "0.1", narrow)
        },
    },
    Promise {
        slo: "shop-head-latency-p99",
        budget: 0.01,
        counted: |world, at| timed(world, at, "http_response_head_duration_seconds", "0.1", |calls| calls),
    },
    Promise {
        slo: "shop-POST-/reports-availability",
        budget: 0.01,
        counted: |world, at| failures(&http(world, at).is("endpoint", "/reports").is("method", "POST")),
    },
    Promise {
        slo: "shop-POST-/reports-latency-p95",
        budget: 0.05,
        counted: |world, at| {
            let narrow = |calls: Selected| calls.is("endpoint", "/reports").is("method", "POST");
            timed(world, at, "http_request_duration_seconds", "2", narrow)
        },
    },
    Promise {
        slo: "shop-operation-db_query-availability",
        budget: 0.001,
        counted: |world, at| {
            let all = world.of("db_query_total", SHOP).at(at).isnt("outcome", "cancelled");
            (total(&all), total(&all.isnt("outcome", "completed")))
        },
    },
    Promise {
        slo: "shop-operation-db_query-latency-p99",
        budget: 0.01,
        counted: |world, at| {
            let of = |suffix: &str| world.of(&format!("db_query_duration_seconds_{suffix}"), SHOP).at(at);
            let (good, given_up) =
                (|it: Selected| it.is("outcome", "completed"), |it: Selected| it.is("outcome", "cancelled"));
            let late = |pick: &dyn Fn(Selected) -> Selected| {
                late(&pick(of("count")), &pick(of("bucket").is("le", "0.05")))
            };
            let bad = late(&good) + late(&given_up);
            (total(&good(of("bucket").is("le", "0.05"))) + bad, bad)
        },
    },
    Promise {
        slo: "orders-grpc-availability",
        budget: 0.01,
        counted: |world, at| {
            let all = world.of("grpc_server_handled_total", "orders").at(at);
            let all = all.isnt("grpc_code", "Canceled").isnt("grpc_service", "unknown");
            let failures = ["Unknown", "DeadlineExceeded", "Internal", "Unavailable", "DataLoss"];
            (total(&all), total(&all.with("grpc_code", |code| failures.contains(&code))))
        },
    },
    Promise {
        slo: "orders-grpc-latency-p99",
        budget: 0.01,
        counted: |world, at| {
            grpc(world, at, "0.1", |calls| calls.isnt("grpc_method", "List").isnt("grpc_service", "unknown"))
        },
    },
    Promise {
        slo: "orders-grpc-shop.Orders/List-latency-p95",
        budget: 0.05,
        counted: |world, at| grpc(world, at, "2", |calls| calls.is("grpc_method", "List")),
    },
];

/// The calls a second, over five minutes.
fn total(calls: &Selected) -> f64 {
    calls.rate(300.0).values().sum()
}

/// Those longer than the bound of the bucket.
fn late(count: &Selected, bucket: &Selected) -> f64 {
    let mut within = crate::samples::Vector::new();
    for (mut labels, rate) in bucket.rate(300.0) {
        labels.remove("le");
        within.insert(labels, rate);
    }
    zip(&count.rate(300.0), &within, |all, within| (all - within).max(0.0)).values().sum()
}

/// The HTTP calls that are judged: neither given up nor a scan.
fn http(world: &World, at: f64) -> Selected {
    let mut calls = world.of("http_requests_total", SHOP).at(at).isnt("outcome", "cancelled");
    calls.drop(|labels| labels["endpoint"] == "unmatched" && labels["status"].starts_with('4'));
    calls
}

/// Of HTTP calls, the bad ones.
fn failures(calls: &Selected) -> (f64, f64) {
    let mut bad = calls.clone();
    bad.drop(|labels| {
        !labels["status"].starts_with('5')
            && !["error", "panicked", "body_error"].contains(&&*labels["outcome"])
    });
    (total(calls), total(&bad))
}

/// HTTP calls that were answered well, and those that were given up after the threshold.
fn timed(world: &World, at: f64, name: &str, le: &str, narrow: impl Fn(Selected) -> Selected) -> (f64, f64) {
    let of = |suffix: &str| narrow(world.of(&format!("{name}_{suffix}"), SHOP).at(at));
    let well = |calls: Selected| calls.with("status", |class| ["1xx", "2xx", "3xx"].contains(&class));
    let given_up = |calls: Selected| calls.is("status", "none");
    let within = of("bucket").is("le", le);
    let bad = late(&well(of("count")), &well(within.clone()))
        + late(&given_up(of("count")), &given_up(within.clone()));
    (total(&well(within)) + bad, bad)
}

fn grpc(world: &World, at: f64, le: &str, narrow: impl Fn(Selected) -> Selected) -> (f64, f64) {
    let of =
        |suffix: &str| narrow(world.of(&format!("grpc_server_handling_seconds_{suffix}"), "orders").at(at));
    let within = of("bucket").is("le", le);
    let bad = late(&of("count"), &within);
    (total(&within) + bad, bad)
}
