//! The dashboard of operations.

use super::{
    Asked,
    calls::{Calls, Promised},
    shared, unknown,
};
use crate::samples::{Vector, World, sum, zip};

const JOB: &str = "shop-backend";

pub(super) fn calls(world: &World) -> Calls {
    let all = world.of("db_query_total", JOB);
    let judged = all.clone().isnt("outcome", "cancelled");
    let bad = judged.clone().isnt("outcome", "completed");
    let buckets = world.of("db_query_duration_seconds_bucket", JOB);
    let well = buckets.clone().with("outcome", |word| ["completed", "cancelled"].contains(&word));
    let promised = Promised { judged: judged.clone(), bad: bad.clone(), buckets: well };
    Calls { all, judged, bad, buckets, promised }
}

pub(super) fn expected(world: &World, it: &Asked<'_>) -> Vector {
    let calls = calls(world);
    if let Some(vector) = calls.expected(it) {
        return vector;
    }
    let in_flight = sum(&world.of("db_query_in_flight", JOB).last(), &["job", "instance"]);
    let limit = sum(&world.of("db_query_in_flight_limit", JOB).last(), &["job", "instance"]);
    match (it.panel, it.query) {
        ("Error budget left" | "Burn rate", _) => shared::worst(world, it, |slo| slo.contains("operation")),
        ("Calls by outcome", _) => calls.rate(&["outcome"]),
        ("In flight", "A") => sum(&in_flight, &["instance"]),
        ("In flight", "B") => sum(&limit, &["instance"]),
        ("Age of the oldest call", _) => {
            let of = |name| world.of(name, JOB).last();
            let oldest = of("db_query_oldest_start_timestamp_seconds");
            shared::ages(world, &oldest, &of("db_query_in_flight"), "instance")
        }
        ("Saturation", _) => zip(&in_flight, &limit, |n, most| n / most),
        _ => unknown(it),
    }
}
