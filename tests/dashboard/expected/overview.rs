//! The dashboard of all services.

use super::{
    Asked, WINDOW, grpc, http, operations,
    promises::{self, Promise},
    shared, unknown,
};
use crate::samples::{Labels, Vector, World, quantile, sum};

pub(super) fn expected(world: &World, it: &Asked<'_>) -> Vector {
    match (it.row, it.panel, it.query) {
        ("Objectives", "Objectives", "A") => of_objectives(|promise| shared::promised(world, promise)),
        ("Objectives", "Objectives", "B") | (_, "Error budget left", _) => {
            of_objectives(|promise| shared::left(world, promise))
        }
        ("Objectives", "Objectives", "C") | (_, "Burn rate", _) => {
            let burn = "slo:current_burn_rate:ratio";
            of_objectives(|promise| shared::one(world, promise, burn, |bad, all| bad / all / promise.budget))
        }
        ("Objectives", "Objectives", "D") => {
            of_objectives(|promise| shared::one(world, promise, "slo:sli_total:rate5m", |_, all| all))
        }
        ("HTTP" | "gRPC" | "Operations", panel, _) => {
            let calls = match it.legend {
                "shop" => http::calls(world),
                "orders" => grpc::calls(world),
                "shop db_query" => operations::calls(world),
                _ => unknown(it),
            };
            match panel.split_once(" of ").unwrap().0 {
                "Rate" => calls.rate(&["job"]),
                "Error ratio" => calls.errors(&["job"]),
                "P99" => quantile(0.99, &sum(&calls.promised.buckets.rate(WINDOW), &["job", "le"])),
                _ => unknown(it),
            }
        }
        (_, "Firing alerts", _) => firing(world),
        (_, "Alerts", _) => Vector::from([(Labels::new(), firing(world).len() as f64)]),
        (_, "Instances", _) => sum(&world.of_both("up").last(), &["job"]),
        _ => unknown(it),
    }
}

/// One value for each objective, by what tells it from the others.
fn of_objectives(of: impl Fn(&Promise) -> Vector) -> Vector {
    let only = |labels: Labels| -> Labels {
        labels.into_iter().filter(|(name, _)| ["job", "env", "slo"].contains(&name.as_str())).collect()
    };
    let all = promises::ALL.iter().flat_map(of);
    all.map(|(labels, value)| (only(labels), value)).collect()
}

fn firing(world: &World) -> Vector {
    let firing = world.of_both("ALERTS").is("alertstate", "firing");
    firing.with("severity", |word| ["critical", "warning"].contains(&word)).last()
}
