//! What counts as good and bad for each kind of objective, and what the recorded numbers are.

use tower_metrics::sla::Sla;

use crate::{
    promises::{millis, shop},
    world::{Calls, World},
};

const AT: f64 = 15.0;

fn ratio(slo: &str) -> String {
    format!("slo:sli_error:ratio_rate5m{{slo=\"{slo}\"}}")
}

fn calls(status: &'static str, per_minute: f64) -> Calls {
    Calls { status, per_minute, ..Calls::default() }
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn refusals_of_429_are_bad_where_that_was_promised() {
    let served = || [calls("200", 900.0), calls("429", 100.0)];
    let it = ratio("shop-availability");
    World::new(&shop(), 20).calls(served()).is(&it, AT, 0.0).holds();
    World::new(&shop().too_many_requests_is_bad(), 20).calls(served()).is(&it, AT, 0.1).holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn every_way_to_fail_is_bad_and_counted_once() {
    let of = |status, outcome, per_minute| Calls { outcome, ..calls(status, per_minute) };
    World::new(&shop(), 20)
        .calls([
            of("200", "completed", 500.0),
            of("404", "completed", 100.0),
            of("500", "completed", 100.0),
            of("500", "panicked", 100.0),
            of("500", "error", 60.0),
            of("500", "body_error", 60.0),
            of("200", "body_error", 60.0),
            of("200", "body_dropped", 20.0),
            of("none", "cancelled", 5_000.0),
        ])
        .is(&ratio("shop-availability"), AT, 0.38)
        .is("job:http_bad:rate5m", AT, 380.0 / 60.0)
        .is("job:http_judged:rate5m", AT, 1_000.0 / 60.0)
        .holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn an_endpoint_with_an_objective_of_its_own_leaves_the_service_wide_one_of_its_kind() {
    let reports = |also: bool| {
        let sla = Sla::new("shop").availability(0.999).latency(0.99, millis(100));
        sla.endpoint("GET", "/reports", |it| {
            let it = it.latency(0.95, millis(2_000));
            if also { it.also_counts() } else { it }
        })
    };
    let served = || {
        let slow = Calls { endpoint: "/reports", seconds: 1.0, per_minute: 540.0, ..Calls::default() };
        let slower = Calls { seconds: 3.0, per_minute: 60.0, ..slow.clone() };
        let failing = Calls { status: "500", per_minute: 300.0, ..slow.clone() };
        let posted = Calls { method: "POST", seconds: 0.2, per_minute: 60.0, ..slow.clone() };
        [Calls { per_minute: 540.0, ..Calls::default() }, slow, slower, failing, posted]
    };
    World::new(&reports(false), 20)
        .calls(served())
        // POST /reports stays.
        .is(&ratio("shop-latency-p99"), AT, 0.1)
        .is(&ratio("shop-GET-/reports-latency-p95"), AT, 0.1)
        // An availability of its own it has none.
        .is(&ratio("shop-availability"), AT, 0.2)
        .is("slo:sli_error:ratio_rate5m{method=\"GET\",endpoint=\"/reports\"}", AT, 0.1)
        .holds();
    World::new(&reports(true), 20)
        .calls(served())
        .is(&ratio("shop-latency-p99"), AT, 660.0 / 1_200.0)
        .holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn latency_is_of_good_and_of_given_up_calls() {
    let of = |status, seconds, per_minute| Calls { seconds, ..calls(status, per_minute) };
    let cancelled = |seconds, per_minute| Calls { outcome: "cancelled", ..of("none", seconds, per_minute) };
    World::new(&shop(), 20)
        .calls([
            of("200", 0.1, 600.0),
            of("304", 0.1, 100.0),
            of("200", 3.0, 100.0),
            of("404", 5.0, 600.0),
            of("500", 5.0, 600.0),
            cancelled(0.5, 900.0),
            cancelled(2.5, 200.0),
        ])
        .is(&ratio("shop-latency-p99"), AT, 0.3)
        .is("slo:sli_total:rate5m{slo=\"shop-latency-p99\"}", AT, 1_000.0 / 60.0)
        .holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn the_head_has_an_objective_of_its_own() {
    let sla = Sla::new("shop").head_latency(0.99, millis(2_000)).streams(["/events"]);
    let head = "http_response_head_duration_seconds";
    let labels = |class: &str| {
        format!("job=\"shop\",instance=\"a\",method=\"GET\",endpoint=\"/events\",status=\"{class}\"")
    };
    World::new(&sla, 20)
        .sampled(head, &labels("2xx"), 0.1, 900.0)
        .sampled(head, &labels("2xx"), 5.0, 50.0)
        .sampled(head, &labels("none"), 3.0, 50.0)
        .sampled(head, &labels("none"), 1.0, 500.0)
        .sampled(head, &labels("5xx"), 5.0, 500.0)
        .is(&ratio("shop-head-latency-p99"), AT, 0.1)
        .holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn grpc_counts_its_codes() {
    let sla = Sla::new("shop").grpc(|it| it.availability(0.999).latency(0.99, millis(50))).grpc_method(
        "shop.Orders",
        "Place",
        |it| it.availability(0.9).bad(["Aborted"]),
    );
    World::new(&sla, 20)
        .grpc("shop.Orders", "Get", "OK", 0.01, 700.0)
        .grpc("shop.Orders", "Get", "NotFound", 0.01, 100.0)
        .grpc("shop.Orders", "Get", "Internal", 0.1, 100.0)
        .grpc("shop.Orders", "Get", "DeadlineExceeded", 0.1, 100.0)
        .grpc("shop.Orders", "Get", "Canceled", 0.01, 600.0)
        .grpc("unknown", "unknown", "Unimplemented", 0.01, 6_000.0)
        .grpc("shop.Orders", "Place", "OK", 0.01, 600.0)
        .grpc("shop.Orders", "Place", "Internal", 0.01, 200.0)
        .grpc("shop.Orders", "Place", "Aborted", 0.01, 200.0)
        .is(&ratio("shop-grpc-availability"), AT, 0.2)
        .is(&ratio("shop-grpc-shop.Orders/Place-availability"), AT, 0.2)
        // Every call that ended, of every known method.
        .is(&ratio("shop-grpc-latency-p99"), AT, 200.0 / 2_600.0)
        .holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn operations_count_their_words() {
    let sla = Sla::new("shop")
        .operation("db_query", |it| it.availability(0.999).latency(0.99, millis(50)))
        .operation("lookup", |it| it.availability(0.9).latency(0.9, millis(50)).bad(["broken"]));
    World::new(&sla, 20)
        .operation("db_query", "completed", 0.01, 700.0)
        .operation("db_query", "completed", 0.1, 100.0)
        .operation("db_query", "error", 0.1, 100.0)
        .operation("db_query", "panicked", 0.1, 100.0)
        .operation("db_query", "cancelled", 0.01, 600.0)
        .operation("db_query", "cancelled", 0.1, 200.0)
        .operation("lookup", "hit", 0.01, 600.0)
        .operation("lookup", "miss", 0.1, 300.0)
        .operation("lookup", "broken", 0.1, 100.0)
        .is(&ratio("shop-operation-db_query-availability"), AT, 0.2)
        .is(&ratio("shop-operation-db_query-latency-p99"), AT, 0.3)
        .is(&ratio("shop-operation-lookup-availability"), AT, 0.1)
        .is(&ratio("shop-operation-lookup-latency-p90"), AT, 300.0 / 900.0)
        .holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn silence_is_no_number_and_leaves_the_long_windows_alone() {
    let early = Calls { during: (0.0, 60.0), ..Calls::default() };
    let failing = Calls { status: "500", per_minute: 60.0, ..early.clone() };
    let late = Calls { during: (300.0, 400.0), ..Calls::default() };
    let is_nan = |name: &str| format!("{name} != {name}");
    World::new(&shop(), 330)
        .only(&["slo-shop-availability"])
        .calls([early, failing, late])
        .nothing(&ratio("shop-availability"), 200.0)
        .nothing(&is_nan("slo:sli_error:ratio_rate30d"), 200.0)
        .nothing(&is_nan("slo:sli_error:ratio_rate30d"), 330.0)
        .nothing(&is_nan("slo:period_error_budget_remaining:ratio"), 330.0)
        .about("slo:sli_error:ratio_rate30d", 200.0, 1.0 / 11.0, 0.001)
        .about("slo:sli_error:ratio_rate6h", 200.0, 1.0 / 11.0, 0.001)
        .holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn without_a_failure_ever_the_budget_is_whole() {
    let labels =
        "job=\"shop\",instance=\"a\",method=\"GET\",endpoint=\"/\",status=\"200\",outcome=\"completed\"";
    World::new(&shop(), 60)
        .counter(&format!("http_requests_total{{{labels}}}"), 600.0, (0.0, 60.0))
        .is("slo:period_error_budget_remaining:ratio{slo=\"shop-availability\"}", 60.0, 1.0)
        .is("slo:sli_bad:rate5m{slo=\"shop-availability\"}", 60.0, 0.0)
        .holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn rate_errors_duration_and_apdex_are_recorded() {
    let of = |status, seconds, per_minute| Calls { seconds, ..calls(status, per_minute) };
    World::new(&shop(), 20)
        .calls([of("200", 1.0, 500.0), of("200", 5.0, 300.0), of("200", 9.0, 100.0), of("503", 0.1, 100.0)])
        .is("job:http_requests:rate5m", AT, 1_000.0 / 60.0)
        .is("job:http_errors:rate5m", AT, 100.0 / 60.0)
        .is("job_endpoint:http_errors:ratio_rate5m{endpoint=\"/users/{id}\"}", AT, 0.1)
        .is("job_le:http_request_duration_seconds_bucket:rate5m{le=\"+Inf\"}", AT, 1_000.0 / 60.0)
        .is("job:apdex:ratio_rate5m", AT, 0.5 + 0.15)
        .is("slo:objective:ratio{slo=\"shop-latency-p99\"}", AT, 0.99)
        .is("slo:error_budget:ratio{slo=\"shop-availability\"}", AT, 0.001)
        .is("slo:current_burn_rate:ratio{slo=\"shop-availability\"}", AT, 100.0)
        .is("slo:time_period:days{slo=\"shop-availability\"}", AT, 30.0)
        .holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn apdex_is_of_comparable_instances_and_of_no_probes() {
    let of = |instance| Calls { instance, seconds: 0.1, ..Calls::default() };
    let slow_probe = Calls { endpoint: "/healthz", seconds: 60.0, ..of("a") };
    let old = shop().high_latency(millis(3_000));
    let old =
        World::new(&old.apdex(millis(3_000)), 20).bounds_of(&Sla::new("other").latency(0.9, millis(4_000)));
    World::new(&shop(), 20)
        .calls([of("a"), slow_probe])
        .and(old.calls([of("b")]))
        .ends("http_request_duration_seconds_bucket{job=\"shop\",instance=\"b\",method=\"GET\",endpoint=\"/users/{id}\",status=\"2xx\",le=\"2\"", 0.0)
        .is("job:apdex:ratio_rate5m", AT, 1.0)
        .holds();
}
