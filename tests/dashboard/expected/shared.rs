//! What dashboards have in common: objectives, refusals, and the metrics themselves.

use super::{
    Asked, WINDOW, job,
    promises::{self, Promise},
    unknown,
};
use crate::samples::{Labels, Selected, Vector, World, fold, map, share, sum, zip};

/// The row of an objective.
pub(super) fn slo(world: &World, it: &Asked<'_>) -> Vector {
    let id = it.row["SLO ".len()..].split(": ").next().unwrap();
    let promise = promises::ALL.iter().find(|promise| promise.slo == id);
    let promise = promise.unwrap_or_else(|| panic!("nobody said what {id} promises"));
    let budget = promise.budget;
    match (it.panel, it.legend) {
        ("Error budget left" | "Error budget left over time", _) => left(world, promise),
        ("Good calls", "good") => {
            one(world, promise, "slo:sli_error:ratio_rate5m", |bad, all| 1.0 - bad / all)
        }
        ("Good calls", "objective") => promised(world, promise),
        ("Burn rate", "5m") => {
            one(world, promise, "slo:sli_error:ratio_rate5m", |bad, all| bad / all / budget)
        }
        ("Burn rate", "1h") => {
            // Nothing is older than the window of an hour, in which the rates are extrapolated by other lengths.
            let [bad, all] =
                ["bad", "total"].map(|what| recorded(world, id, &format!("slo:sli_{what}:rate1h")).last());
            map(share(&bad, &all), |share| share / budget)
        }
        ("Burn rate", window) => over(world, promise, window, |bad_share| bad_share / budget),
        ("Calls that count", "all") => one(world, promise, "slo:sli_total:rate5m", |_, all| all),
        ("Calls that count", "bad") => one(world, promise, "slo:sli_bad:rate5m", |bad, _| bad),
        _ => unknown(it),
    }
}

fn recorded(world: &World, slo: &str, name: &str) -> Selected {
    let job = if slo.starts_with("orders-") { "orders" } else { "shop-backend" };
    world.of(name, job).is("slo", slo)
}

/// What is promised.
pub(super) fn promised(world: &World, promise: &Promise) -> Vector {
    map(recorded(world, promise.slo, "slo:objective:ratio").last(), |_| 1.0 - promise.budget)
}

/// What was recorded last, worked out from the counters of that moment.
pub(super) fn one(world: &World, promise: &Promise, name: &str, f: impl Fn(f64, f64) -> f64) -> Vector {
    let recorded = recorded(world, promise.slo, name);
    let (all, bad) = (promise.counted)(world, recorded.newest());
    map(recorded.last(), |_| f(bad, all))
}

/// The share of bad calls in a window that is longer than the world: by all that was recorded.
fn over(world: &World, promise: &Promise, window: &str, f: impl Fn(f64) -> f64) -> Vector {
    let name = format!("slo:sli_error:ratio_rate{window}");
    let at = recorded(world, promise.slo, &name).newest();
    let [bad, all] = ["bad", "total"]
        .map(|what| recorded(world, promise.slo, &format!("slo:sli_{what}:rate5m")).at(at).summed());
    map(share(&bad, &all), f)
}

pub(super) fn left(world: &World, promise: &Promise) -> Vector {
    over(world, promise, "30d", |bad_share| 1.0 - bad_share / promise.budget)
}

/// The objective that is worst off, of those of a dashboard.
pub(super) fn worst(world: &World, it: &Asked<'_>, is_of: impl Fn(&str) -> bool) -> Vector {
    let of = promises::ALL.iter().filter(|promise| is_of(promise.slo));
    let all = of.flat_map(|promise| match it.panel {
        "Error budget left" => left(world, promise),
        "Burn rate" => {
            one(world, promise, "slo:current_burn_rate:ratio", |bad, all| bad / all / promise.budget)
        }
        _ => unknown(it),
    });
    let all = all.collect();
    match it.panel {
        "Error budget left" => fold(&all, &["job"], f64::INFINITY, f64::min),
        _ => fold(&all, &["job"], f64::NEG_INFINITY, f64::max),
    }
}

pub(super) fn refusals(world: &World, it: &Asked<'_>) -> Vector {
    let rate = |name: &str, by: &[&str]| sum(&world.of(name, job(it)).rate(WINDOW), by);
    let rejected = rate("requests_rejected_total", &["limiter", "reason"]);
    let calls = rate("limiter_calls_total", &["limiter"]);
    match it.panel {
        "Refused calls" => rejected,
        "Refused share" => {
            let of_limiter =
                |labels: &Labels| calls[&Labels::from([("limiter".into(), labels["limiter"].clone())])];
            rejected
                .into_iter()
                .filter(|(labels, _)| of_limiter(labels) > 0.0)
                .map(|(labels, rate)| (labels.clone(), rate / of_limiter(&labels)))
                .collect()
        }
        "Rate limit exceeded" => rate("rate_limit_exceeded_total", &["limiter"]),
        _ => unknown(it),
    }
}

pub(super) fn telemetry(world: &World, it: &Asked<'_>) -> Vector {
    let of = |name: &str| world.of(name, job(it));
    match it.panel {
        "Instances that are scraped" => sum(&of("up").last(), &["job"]),
        "Versions of tower-metrics" => sum(&of("tower_metrics_build_info").last(), &["version"]),
        "Label set usage" => {
            let [sets, limit] =
                ["sets", "sets_limit"].map(|what| of(&format!("tower_metrics_label_{what}")).last());
            zip(&sets, &limit, |sets, limit| sets / limit)
        }
        "Calls folded into _OVERFLOW" => {
            sum(&of("tower_metrics_overflow_total").rate(WINDOW), &["instance", "metric"])
        }
        _ => unknown(it),
    }
}

/// How old the oldest calls are, 0 where nothing is in flight.
pub(super) fn ages(world: &World, oldest: &Vector, in_flight: &Vector, by: &str) -> Vector {
    let age = |start, n| if n > 0.0 { world.at - start } else { 0.0 };
    fold(&zip(oldest, in_flight, age), &[by], 0.0, f64::max)
}
