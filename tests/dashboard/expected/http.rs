//! The dashboard of HTTP calls.

use super::{
    Asked, WINDOW,
    calls::{Calls, Promised},
    shared, unknown,
};
use crate::samples::{Labels, Selected, Vector, World, labelled, map, quantile, sum, zip};

const JOB: &str = "shop-backend";

pub(super) fn expected(world: &World, it: &Asked<'_>) -> Vector {
    let calls = calls(world);
    if let Some(vector) = calls.expected(it) {
        return vector;
    }
    let in_flight = world.of("http_requests_in_flight", JOB).last();
    let limit = sum(&world.of("http_requests_in_flight_limit", JOB).last(), &["job", "instance"]);
    match (it.row, it.panel, it.query) {
        ("Overview", "In flight", _) => sum(&in_flight, &["job"]),
        ("Overview", _, _) => {
            shared::worst(world, it, |slo| slo.starts_with("shop-") && !slo.contains("operation"))
        }
        (_, "Calls by status class", _) => sum(&labelled(calls.all.rate(WINDOW), "class", class), &["class"]),
        (_, "Calls by outcome", _) => calls.rate(&["outcome"]),
        (_, "Apdex", _) => apdex(world),
        (_, "Time to the response head", _) => {
            let share = it.legend.trim_start_matches('P').parse::<f64>().unwrap() / 100.0;
            let heads = world.of("http_response_head_duration_seconds_bucket", JOB);
            let heads = heads.with("status", |class| ["1xx", "2xx", "3xx", "none"].contains(&class));
            quantile(share, &sum(&heads.rate(WINDOW), &["job", "le"]))
        }
        (_, "Top routes", "A") => calls.rate(&["method", "endpoint"]),
        (_, "Top routes", "B") => calls.errors(&["method", "endpoint"]),
        (_, "Top routes", "C") => calls.p(0.99, &["method", "endpoint"]),
        (_, "Top routes", "D") => sum(&in_flight, &["method", "endpoint"]),
        ("Saturation", "In flight", "A") => sum(&in_flight, &["instance"]),
        ("Saturation", "In flight", "B") => sum(&limit, &["instance"]),
        (_, "Saturation", _) => zip(&sum(&in_flight, &["job", "instance"]), &limit, |n, most| n / most),
        (_, "In flight by endpoint", _) => highest(10, sum(&in_flight, &["endpoint"])),
        (_, "Age of the oldest call", _) => {
            let oldest = world.of("http_requests_oldest_start_timestamp_seconds", JOB).last();
            highest(10, shared::ages(world, &oldest, &in_flight, "endpoint"))
        }
        ("Anomalies", _, _) => anomaly(world, it),
        _ => unknown(it),
    }
}

/// Those that the manual of the promise says count: neither probes nor scans nor what callers gave up.
fn judged(calls: Selected) -> Selected {
    calls
        .with("endpoint", |route| {
            route != "/metrics"
                && !["/health", "/live", "/ready"].iter().any(|probe| route.starts_with(probe))
        })
        .isnt("outcome", "cancelled")
}

pub(super) fn calls(world: &World) -> Calls {
    let all = world.of("http_requests_total", JOB);
    let (routes, scans) =
        (all.clone().isnt("endpoint", "unmatched"), all.clone().is("endpoint", "unmatched"));
    let judged = judged(routes).and(judged(scans.with("status", |status| !status.starts_with('4'))));
    let failed = judged.clone().with("status", |status| status.starts_with('5'));
    let broken = judged.clone().with("status", |status| !status.starts_with('5'));
    let broken = broken.with("outcome", |outcome| ["error", "panicked", "body_error"].contains(&outcome));
    let bad = failed.and(broken);
    let buckets = world.of("http_request_duration_seconds_bucket", JOB);

    let well = ["1xx", "2xx", "3xx", "none"];
    let promised = Promised {
        judged: without_reports(judged.clone()),
        bad: without_reports(bad.clone()),
        buckets: without_reports(buckets.clone())
            .isnt("endpoint", "/stream")
            .with("status", |class| well.contains(&class)),
    };
    Calls { all, judged, bad, buckets, promised }
}

/// Reports are promised something else.
fn without_reports(mut calls: Selected) -> Selected {
    calls.drop(|labels| labels["method"] == "POST" && labels["endpoint"] == "/reports");
    calls
}

fn class(labels: &Labels) -> String {
    let status = &labels["status"];
    match status.parse::<u16>() {
        Ok(status) => format!("{}xx", status / 100),
        Err(_) => status.clone(),
    }
}

/// Within 100 ms a call counts whole, within 400 ms half.
fn apdex(world: &World) -> Vector {
    let at = world.of("job:apdex:ratio_rate5m", JOB).newest();
    let of = |name: &str| {
        let series = world.of(&format!("http_request_duration_seconds_{name}"), JOB).at(at);
        series.isnt("endpoint", "/stream")
    };
    let within = |le: &str| {
        let good = of("bucket").is("le", le).with("status", |class| class != "5xx" && class != "none");
        sum(&good.rate(300.0), &["job", "env"])
    };
    let all = sum(&of("count").rate(300.0), &["job", "env"]);
    zip(&zip(&within("0.1"), &within("0.4"), |t, t4| (t + t4) / 2.0), &all, |good, all| good / all)
}

fn highest(count: usize, vector: Vector) -> Vector {
    let mut entries: Vec<_> = vector.into_iter().collect();
    entries.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let least = entries[count.min(entries.len()) - 1].1;
    entries.retain(|(_, value)| *value >= least);
    entries.into_iter().collect()
}

/// The level is what the rules of the service count, and the bands are of what was recorded of it.
fn anomaly(world: &World, it: &Asked<'_>) -> Vector {
    let signal = match it.panel {
        "HTTP calls and their band" => "requests",
        "Bad HTTP calls and their band" => "errors",
        "Mean duration and its band" => "duration",
        _ => unknown(it),
    };
    let recorded = |name: &str| world.of(&format!("job:anomaly_{name}"), JOB).is("signal", signal);
    let at = recorded("level").newest();
    match it.legend {
        "level" => {
            let counted = |calls: Selected| sum(&calls.at(at).rate(300.0), &["job", "env"]);
            let duration =
                |name: &str| counted(world.of(&format!("http_request_duration_seconds_{name}"), JOB));
            let level = match signal {
                // Of the same moment, or of the one before: the group of the service is another.
                "requests" => world.of("job:http_judged:rate5m", JOB).at(at).last(),
                "errors" => world.of("job:http_bad:rate5m", JOB).at(at).last(),
                _ => zip(&duration("sum"), &duration("count"), |sum, count| sum / count),
            };
            labelled(level, "signal", |_| signal.into())
        }
        band => {
            let at = recorded(&format!("{band}_band")).newest();
            let median = recorded("level").at(at).medians();
            let spread = map(recorded("deviation").at(at).medians(), |deviation| 3.0 * 1.4826 * deviation);
            let width = zip(&spread, &median, |spread, median| spread.max(0.5 * median));
            match band {
                "upper" => zip(&median, &width, |median, width| median + width),
                "lower" => zip(&median, &width, |median, width| (median - width).max(0.0)),
                _ => unknown(it),
            }
        }
    }
}
