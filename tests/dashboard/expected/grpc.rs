//! The dashboard of gRPC calls.

use super::{
    Asked, WINDOW,
    calls::{Calls, Promised},
    shared, unknown,
};
use crate::samples::{Vector, World, sum};

const JOB: &str = "orders";

pub(super) fn expected(world: &World, it: &Asked<'_>) -> Vector {
    let calls = calls(world);
    if let Some(vector) = calls.expected(it) {
        return vector;
    }
    let in_flight = world.of("grpc_server_in_flight", JOB).last();
    let by = ["grpc_service", "grpc_method"];
    let messages = |what: &str| {
        sum(&world.of(&format!("grpc_server_msg_{what}_total"), JOB).rate(WINDOW), &["grpc_method"])
    };
    match (it.panel, it.query) {
        ("In flight", _) => sum(&in_flight, &["job"]),
        ("Error budget left" | "Burn rate", _) => shared::worst(world, it, |slo| slo.starts_with("orders-")),
        ("Calls by code", _) => {
            let mut codes = calls.rate(&["grpc_code"]);
            codes.retain(|_, rate| *rate > 0.0);
            codes
        }
        ("Top methods", "A") => calls.rate(&by),
        ("Top methods", "B") => calls.errors(&by),
        ("Top methods", "C") => calls.p(0.99, &by),
        ("Top methods", "D") => sum(&in_flight, &by),
        ("In flight by method", _) => sum(&in_flight, &["grpc_method"]),
        ("Age of the oldest call", _) => {
            let of = |name| world.of(name, JOB).is("grpc_type", "unary").last();
            let oldest = of("grpc_server_oldest_start_timestamp_seconds");
            shared::ages(world, &oldest, &of("grpc_server_in_flight"), "grpc_method")
        }
        ("Messages received", _) => messages("received"),
        ("Messages sent", _) => messages("sent"),
        _ => unknown(it),
    }
}

pub(super) fn calls(world: &World) -> Calls {
    let all = world.of("grpc_server_handled_total", JOB);
    let judged = all.clone().isnt("grpc_code", "Canceled").isnt("grpc_service", "unknown");
    let failures = ["Unknown", "DeadlineExceeded", "Internal", "Unavailable", "DataLoss"];
    let bad = judged.clone().with("grpc_code", |code| failures.contains(&code));
    let buckets = world.of("grpc_server_handling_seconds_bucket", JOB);
    // Of lists another latency is promised, and the same availability.
    let promised = Promised {
        judged: judged.clone(),
        bad: bad.clone(),
        buckets: buckets.clone().isnt("grpc_method", "List"),
    };
    Calls { all, judged, bad, buckets, promised }
}
