//! When alerts fire, and when they stay quiet: each in both ways.

use tower_metrics::{
    rules::{Alert, Rules},
    sla::Sla,
};

use crate::{
    promises::{millis, shop},
    world::{Calls, Spelling, World},
};

const PAGE: (&str, &str) = ("ErrorBudgetBurn", "critical");
const TICKET: (&str, &str) = ("ErrorBudgetBurn", "warning");

/// Calls that are well until a minute, and of another kind from then on.
fn until(minute: f64, well: Calls, then: Calls) -> [Calls; 2] {
    [Calls { during: (0.0, minute), ..well }, Calls { during: (minute, f64::INFINITY), ..then }]
}

fn well() -> Calls {
    Calls::default()
}

fn failing() -> Calls {
    Calls { status: "500", ..well() }
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn a_service_that_is_well_raises_nothing() {
    World::new(&shop(), 120)
        .up("a", |_| true)
        .calls([well()])
        .quiet_but(&[], 60.0)
        .quiet_but(&[], 120.0)
        .holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn a_total_outage_at_ten_requests_a_second_pages_within_two_minutes() {
    World::new(&shop(), 70)
        .up("a", |_| true)
        .calls(until(60.0, well(), failing()))
        .quiet(PAGE.0, PAGE.1, 60.0)
        .fires(PAGE.0, PAGE.1, 62.0)
        .quiet("HighAPIErrorRate", "warning", 64.0)
        .fires("HighAPIErrorRate", "warning", 68.0)
        .holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn a_world_in_which_it_does_not_page_would_be_noticed() {
    let world = World::new(&shop(), 70).calls(until(60.0, well(), failing()));
    assert!(world.quiet(PAGE.0, PAGE.1, 62.0).ask(Spelling::Shortest).is_err());
    let world = World::new(&shop(), 70).calls([well()]);
    assert!(world.fires(PAGE.0, PAGE.1, 62.0).ask(Spelling::Shortest).is_err());
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn a_total_outage_at_one_request_a_minute_pages_within_ten_minutes() {
    let [well, failing] = [well(), failing()].map(|calls| Calls { per_minute: 1.0, ..calls });
    World::new(&shop(), 190)
        .up("a", |_| true)
        .calls(until(180.0, well, failing))
        .quiet(PAGE.0, PAGE.1, 180.0)
        .fires(PAGE.0, PAGE.1, 190.0)
        .holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn a_single_failure_at_one_request_a_minute_wakes_nobody() {
    let well = Calls { per_minute: 1.0, ..well() };
    let failure = Calls { during: (180.0, 181.0), per_minute: 1.0, ..failing() };
    let mut world = World::new(&shop(), 600).up("a", |_| true).calls([well, failure]);
    for minute in [182.0, 185.0, 190.0, 200.0, 240.0, 300.0, 400.0, 600.0] {
        world = world.quiet_but(&[], minute);
    }
    world.is("sum(increase(http_requests_total{status=\"500\"}[30m])) > bool 0", 200.0, 1.0).holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn panics_of_all_calls_page() {
    let panicking = Calls { status: "500", outcome: "panicked", ..well() };
    World::new(&shop(), 70).calls(until(60.0, well(), panicking)).fires(PAGE.0, PAGE.1, 62.0).holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn broken_bodies_of_good_answers_page() {
    let broken = Calls { outcome: "body_error", ..well() };
    World::new(&shop(), 70).calls(until(60.0, well(), broken)).fires(PAGE.0, PAGE.1, 62.0).holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn an_outage_that_ends_stops_paging_within_half_an_hour() {
    let failing = Calls { during: (60.0, 75.0), ..failing() };
    let again = Calls { during: (75.0, f64::INFINITY), ..well() };
    World::new(&shop(), 106)
        .calls([Calls { during: (0.0, 60.0), ..well() }, failing, again])
        .fires(PAGE.0, PAGE.1, 75.0)
        .quiet(PAGE.0, PAGE.1, 106.0)
        .holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn a_slow_burn_is_a_ticket_and_no_page() {
    // 0.4 % of failures: four times as fast as allowed, a tenth of the month's budget in 18 hours.
    let failing = Calls { per_minute: 2.4, during: (360.0, f64::INFINITY), ..failing() };
    World::new(&shop(), 26 * 60)
        .step(60)
        .only(&["slo-shop-availability"])
        .calls([well(), failing])
        .quiet(TICKET.0, TICKET.1, 400.0)
        .fires(TICKET.0, TICKET.1, 26.0 * 60.0)
        .quiet(PAGE.0, PAGE.1, 26.0 * 60.0)
        .holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn callers_who_all_leave_at_a_second_raise_high_cancellation_and_burn_nothing() {
    let left = Calls { status: "none", outcome: "cancelled", seconds: 1.0, ..well() };
    World::new(&shop(), 75)
        .up("a", |_| true)
        .calls(until(60.0, well(), left))
        .fires("HighCancellation", "warning", 70.0)
        .quiet_but(&["HighCancellation"], 70.0)
        .nothing("slo:sli_error:ratio_rate5m{slo=\"shop-latency-p99\"} > 0", 70.0)
        .holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn callers_who_all_leave_at_three_seconds_burn_the_latency_budget() {
    let left = Calls { status: "none", outcome: "cancelled", seconds: 3.0, ..well() };
    World::new(&shop(), 75)
        .calls(until(60.0, well(), left))
        .fires("HighCancellation", "warning", 70.0)
        .fires(PAGE.0, PAGE.1, 75.0)
        .is("ALERTS{alertname=\"ErrorBudgetBurn\",alertstate=\"firing\",severity=\"critical\",slo=\"shop-latency-p99\"}", 75.0, 1.0)
        .nothing("ALERTS{alertname=\"ErrorBudgetBurn\",alertstate=\"firing\",slo=\"shop-availability\"}", 75.0)
        .holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn scans_hide_no_errors() {
    let scans = Calls { endpoint: "unmatched", status: "404", per_minute: 3_000.0, ..well() };
    let others = Calls { status: "405", ..scans.clone() };
    let probes = Calls { endpoint: "/healthz", per_minute: 6_000.0, ..well() };
    let [well, failing] =
        [(well(), 420.0), (failing(), 180.0)].map(|(calls, per_minute)| Calls { per_minute, ..calls });
    World::new(&shop(), 20)
        .calls([scans, others, probes, well, failing])
        .fires("HighAPIErrorRate", "warning", 12.0)
        .fires(PAGE.0, PAGE.1, 12.0)
        .is("slo:sli_error:ratio_rate5m{slo=\"shop-availability\"}", 12.0, 0.3)
        .holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn errors_of_few_calls_are_guarded_by_their_number_not_by_traffic() {
    // Six a minute, all bad: thirty in five minutes. A twentieth of that: fewer than five.
    let failing = Calls { per_minute: 6.0, ..failing() };
    World::new(&shop(), 20).calls([failing.clone()]).fires("HighAPIErrorRate", "warning", 15.0).holds();
    let failing = Calls { per_minute: 0.5, ..failing };
    World::new(&shop(), 60).calls([failing]).quiet("HighAPIErrorRate", "warning", 60.0).holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn a_percentile_above_its_threshold_is_told_by_counts() {
    let slow = |per_minute| Calls { seconds: 3.0, per_minute, ..well() };
    let high = |share: f64| World::new(&shop(), 20).calls([well(), slow(600.0 * share / (1.0 - share))]);
    high(0.02).fires("HighAPILatency", "warning", 15.0).quiet("HighAPILatencyP95", "warning", 15.0).holds();
    high(0.06).fires("HighAPILatency", "warning", 15.0).fires("HighAPILatencyP95", "warning", 15.0).holds();
    high(0.005).quiet("HighAPILatency", "warning", 15.0).holds();
    // A call of exactly the threshold is within it.
    let exact = World::new(&shop(), 20).calls([Calls { seconds: 2.0, ..well() }]);
    exact.quiet("HighAPILatency", "warning", 15.0).holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn an_instance_that_is_down_or_unknown_is_told() {
    let down = World::new(&shop(), 10).up("a", |minute| minute < 5.0).up("b", |_| true).calls([well()]);
    down.quiet("ServiceDown", "critical", 5.0).fires("ServiceDown", "critical", 7.0).holds();
    World::new(&shop(), 10).fires("ServiceDown", "critical", 5.0).holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn a_deadlock_is_told() {
    let series =
        "http_requests_in_flight{job=\"shop\",instance=\"a\",method=\"GET\",endpoint=\"/users/{id}\"}";
    let scans = Calls { endpoint: "unmatched", status: "404", ..well() };
    let deadlock = || {
        let calls = [Calls { during: (0.0, 30.0), ..well() }, scans.clone()];
        World::new(&shop(), 45).up("a", |_| true).calls(calls)
    };
    deadlock()
        .gauge(series, |minute| Some(((minute - 30.0) * 600.0).max(0.0)))
        .quiet("RequestsStuck", "critical", 35.0)
        .fires("RequestsStuck", "critical", 42.0)
        .quiet_but(&["RequestsStuck"], 42.0)
        .holds();
    deadlock().gauge(series, |_| Some(0.0)).quiet("RequestsStuck", "critical", 42.0).holds();
    let busy = World::new(&shop(), 45).calls([well()]).gauge(series, |_| Some(3.0));
    busy.quiet("RequestsStuck", "critical", 42.0).holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn streams_are_not_stuck_and_not_slow() {
    let sla = shop().streams(["/events"]);
    let stream = Calls { endpoint: "/events", seconds: 300.0, per_minute: 60.0, ..well() };
    let in_flight =
        "http_requests_in_flight{job=\"shop\",instance=\"a\",method=\"GET\",endpoint=\"/events\"}";
    World::new(&sla, 45)
        .up("a", |_| true)
        .calls([well(), stream.clone()])
        .gauge(in_flight, |_| Some(300.0))
        .quiet_but(&[], 45.0)
        .holds();
    // Not named, they are slow.
    World::new(&shop(), 45).calls([well(), stream]).fires("HighAPILatency", "warning", 45.0).holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn a_removed_layer_is_told() {
    let layers = || World::new(&shop(), 60).up("a", |_| true).up("b", |_| true);
    let of = |instance| Calls { instance, ..well() };
    layers()
        .calls([of("a"), of("b")])
        .ends("http_", 20.0)
        .quiet("SloDataMissing", "warning", 25.0)
        .fires("SloDataMissing", "warning", 35.0)
        .quiet_but(&["SloDataMissing"], 45.0)
        .holds();
    // Of one instance of two.
    layers()
        .calls([of("a")])
        .fires("SloDataMissing", "warning", 20.0)
        .quiet_but(&["SloDataMissing"], 45.0)
        .holds();
    // Idle, and initialized.
    let idle = [Calls { per_minute: 0.0, ..of("a") }, Calls { per_minute: 0.0, ..of("b") }];
    layers().calls(idle).quiet_but(&[], 45.0).holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn a_threshold_that_no_instance_has_as_a_bound_is_told() {
    let promised = shop().latency(0.95, millis(123));
    World::new(&promised, 30)
        .bounds_of(&shop())
        .up("a", |_| true)
        .calls([well()])
        .is("ALERTS{alertname=\"SloDataMissing\",alertstate=\"firing\",slo=\"shop-latency-p95\"}", 20.0, 1.0)
        .nothing("ALERTS{alertname=\"SloDataMissing\",alertstate=\"firing\",slo!=\"shop-latency-p95\"}", 20.0)
        .holds();
}

fn promise(threshold: u64) -> Sla {
    Sla::new("shop").latency(0.99, millis(threshold))
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn a_roll_out_of_a_threshold_over_new_instances_raises_nothing() {
    // All calls take less than 90 ms. At minute 60, b with 200 ms joins a with 100 ms, and at 90 a leaves.
    let calls = |instance| [Calls { instance, seconds: 0.09, ..well() }];
    let new = promise(250).high_latency(millis(1_000));
    let old = World::new(&promise(100), 200).calls(calls("a")).lives("a", (0.0, 90.0));
    let joining = World::new(&new, 200).calls(calls("b")).lives("b", (60.0, 300.0));
    let mut world =
        joining.and(old).up("a", |minute| minute < 90.0).up("b", |_| true).lives("a", (0.0, 90.0));
    for minute in [61.0, 62.0, 63.0, 65.0, 70.0, 90.0, 91.0, 95.0, 120.0, 180.0] {
        world = world.quiet_but(&[], minute);
        world = world.is("slo:sli_error:ratio_rate5m{slo=\"shop-latency-p99\"} or vector(0)", minute, 0.0);
    }
    world.holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn a_roll_out_of_a_threshold_by_restarts_in_place_raises_nothing() {
    // The same instance, restarted at minute 60 with another threshold: its counts go on, its buckets are others.
    for (before, after) in [(100, 250), (250, 100)] {
        for ruled in [before, after] {
            let calls = [Calls { seconds: 0.09, ..well() }];
            let old = World::new(&promise(before).high_latency(millis(1_000)), 240)
                .calls(calls.clone())
                .lives("a", (0.0, 60.0));
            let new = World::new(&promise(after).high_latency(millis(3_000)), 240)
                .calls(calls)
                .lives("a", (60.0, 300.0));
            let rules = promise(ruled).high_latency(millis(1_000));
            let mut world = World::new(&rules, 240).and(old).and(new).up("a", |_| true);
            for minute in [60.5, 61.0, 62.0, 64.0, 66.0, 75.0, 100.0, 119.0, 121.0, 125.0, 180.0, 240.0] {
                world = world.quiet_but(&["SloDataMissing"], minute);
            }
            world.holds();
        }
    }
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn a_limiter_that_refuses_is_told_over_the_calls_that_reached_it() {
    let limiter = |refused: f64| {
        let labels = "job=\"shop\",instance=\"a\",limiter=\"edge\"";
        World::new(&shop(), 30)
            .counter(&format!("limiter_calls_total{{{labels}}}"), 600.0, (0.0, 30.0))
            .counter(
                &format!("requests_rejected_total{{{labels},reason=\"rate_limited\"}}"),
                refused,
                (0.0, 30.0),
            )
            .counter(&format!("requests_rejected_total{{{labels},reason=\"timed_out\"}}"), 6.0, (0.0, 30.0))
    };
    limiter(60.0)
        .fires("RateLimitRejections", "warning", 20.0)
        .is(
            "count(ALERTS{alertname=\"RateLimitRejections\",alertstate=\"firing\",reason=\"rate_limited\"})",
            20.0,
            1.0,
        )
        .nothing("ALERTS{alertname=\"RateLimitRejections\",reason=\"timed_out\"}", 20.0)
        .holds();
    limiter(18.0).quiet("RateLimitRejections", "warning", 20.0).holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn saturation_is_the_sum_of_all_routes_over_the_one_limit() {
    let full = |each: f64| {
        let mut world = World::new(&shop(), 20)
            .gauge("http_requests_in_flight_limit{job=\"shop\",instance=\"a\"}", |_| Some(100.0));
        for route in 0..10 {
            let labels = format!("job=\"shop\",instance=\"a\",method=\"GET\",endpoint=\"/{route}\"");
            world = world.gauge(&format!("http_requests_in_flight{{{labels}}}"), |_| Some(each));
        }
        world
    };
    full(9.0).fires("Saturation", "warning", 10.0).holds();
    full(7.0).quiet("Saturation", "warning", 10.0).holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn label_sets_near_their_limit_and_calls_folded_are_told() {
    let labels = "job=\"shop\",instance=\"a\",metric=\"db_query_total\"";
    let sets = |sets: f64, folded: f64| {
        World::new(&shop(), 40)
            .gauge(&format!("tower_metrics_label_sets{{{labels}}}"), |_| Some(sets))
            .gauge(&format!("tower_metrics_label_sets_limit{{{labels}}}"), |_| Some(1_000.0))
            .counter(&format!("tower_metrics_overflow_total{{{labels}}}"), folded, (0.0, 40.0))
    };
    sets(900.0, 0.0)
        .fires("CardinalityGrowth", "warning", 20.0)
        .quiet("CardinalityOverflow", "warning", 20.0)
        .holds();
    sets(1_000.0, 60.0).fires("CardinalityOverflow", "warning", 20.0).holds();
    sets(100.0, 0.0).quiet("CardinalityGrowth", "warning", 20.0).holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn a_short_history_is_said_and_the_watchdog_never_stops() {
    World::new(&shop(), 60)
        .calls([well()])
        .fires("SloHistoryShort", "info", 60.0)
        .fires("Watchdog", "none", 1.0)
        .fires("Watchdog", "none", 60.0)
        .holds();
    let rules = Rules::new([&shop()]).threshold(Alert::SloHistoryShort, 0.01);
    let (before, after) = (7.0 * 60.0, 7.5 * 60.0);
    World::with(rules, &shop(), 450)
        .only(&["slo-shop-availability"])
        .calls([well()])
        .fires("SloHistoryShort", "info", before)
        .quiet("SloHistoryShort", "info", after)
        .holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn absent_traffic_is_told_where_it_was_asked_for() {
    let rules = || Rules::new([&shop()]).with(Alert::TrafficAbsent);
    let stops = || World::with(rules(), &shop(), 60).calls([Calls { during: (0.0, 30.0), ..well() }]);
    stops().quiet("TrafficAbsent", "warning", 30.0).fires("TrafficAbsent", "warning", 50.0).holds();
    let unasked = World::new(&shop(), 60).calls([Calls { during: (0.0, 30.0), ..well() }]);
    unasked.quiet("TrafficAbsent", "warning", 50.0).holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn what_is_unlike_the_last_day_is_told_where_it_was_asked_for() {
    let rules = || Rules::new([&shop()]).with(Alert::Anomaly);
    let day = 24 * 60;
    let of = |per_minute: f64| {
        let then = Calls { per_minute, ..well() };
        let world = World::with(rules(), &shop(), day + 120).step(60).evaluated_every(300);
        world.calls(until(f64::from(day) + 60.0, well(), then))
    };
    let (before, after) = (f64::from(day) + 60.0, f64::from(day) + 115.0);
    of(60.0).quiet("Anomaly", "info", before).fires("Anomaly", "info", after).holds();
    of(6_000.0).fires("Anomaly", "info", after).holds();
    of(700.0).quiet("Anomaly", "info", after).holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn calls_that_all_hang_page_though_none_was_ever_answered() {
    // Of a Layer that was not initialized there is no class of good answers then.
    let given_up = Calls { status: "none", outcome: "cancelled", seconds: 3.0, ..well() };
    World::new(&shop(), 60)
        .born([given_up])
        .fires(PAGE.0, PAGE.1, 30.0)
        .fires("HighAPILatency", "warning", 30.0)
        .holds();
    let sla = Sla::new("shop").operation("job", |it| it.latency(0.99, millis(50)));
    World::new(&sla, 60).operation("job", "cancelled", 3.0, 600.0).fires(PAGE.0, PAGE.1, 30.0).holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn a_deadlock_whose_callers_give_up_is_told() {
    let in_flight =
        "http_requests_in_flight{job=\"shop\",instance=\"a\",method=\"GET\",endpoint=\"/users/{id}\"}";
    let given_up = Calls { status: "none", outcome: "cancelled", seconds: 30.0, ..well() };
    World::new(&shop(), 45)
        .up("a", |_| true)
        .calls(until(30.0, well(), given_up))
        .gauge(in_flight, |minute| Some(if minute < 30.0 { 0.0 } else { 300.0 }))
        .fires("RequestsStuck", "critical", 42.0)
        .holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn streams_that_end_hide_no_deadlock_and_scans_in_flight_are_none() {
    let sla = shop().streams(["/events"]);
    let gauge = |endpoint: &str| {
        format!(
            "http_requests_in_flight{{job=\"shop\",instance=\"a\",method=\"GET\",endpoint=\"{endpoint}\"}}"
        )
    };
    let stopped = Calls { during: (0.0, 10.0), ..well() };
    let stream = Calls { endpoint: "/events", ..well() };
    World::new(&sla, 45)
        .calls([stopped.clone(), stream])
        .gauge(&gauge("/users/{id}"), |_| Some(5.0))
        .fires("RequestsStuck", "critical", 42.0)
        .holds();
    let scans = Calls { endpoint: "unmatched", status: "404", ..well() };
    World::new(&sla, 45)
        .calls([stopped.clone(), scans])
        .gauge(&gauge("unmatched"), |_| Some(2.0))
        .quiet("RequestsStuck", "critical", 42.0)
        .holds();
    // Of a service without routes, all calls are of none.
    World::new(&sla, 45)
        .calls([Calls { endpoint: "unmatched", ..stopped }])
        .gauge(&gauge("unmatched"), |_| Some(2.0))
        .fires("RequestsStuck", "critical", 42.0)
        .holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn an_upgrade_that_spells_bounds_otherwise_pages_nobody() {
    let strict = Sla::new("shop").latency(0.999, millis(2_000));
    for gap in [0.0, 1.0] {
        let mut world = World::new(&strict, 130).up("a", |_| true).calls([well()]).respelled(60.0, gap);
        for minute in [61.5, 62.0, 64.0, 66.0, 70.0, 90.0, 119.0, 121.0, 130.0] {
            world = world.quiet_but(&[], minute);
        }
        world.is("slo:sli_error:ratio_rate5m", 130.0, 0.0).in_one_spelling();
    }
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn labels_renamed_in_the_service_alone_are_told() {
    for (label, other) in [("status", "code"), ("endpoint", "route"), ("outcome", "result")] {
        World::new(&shop(), 30)
            .up("a", |_| true)
            .calls([failing()])
            .renamed(label, other)
            .fires("SloDataMissing", "warning", 20.0)
            .holds();
    }
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn every_counter_that_an_objective_needs_is_missed() {
    let sla = Sla::new("shop")
        .availability(0.999)
        .grpc(|it| it.availability(0.999))
        .operation("job", |it| it.availability(0.999));
    let world = World::new(&sla, 30).up("a", |_| true);
    let missed = |metric: &str| {
        format!("ALERTS{{alertname=\"SloDataMissing\",alertstate=\"firing\",metric=\"{metric}\"}}")
    };
    ["http_requests_total", "grpc_server_handled_total", "job_total"]
        .into_iter()
        .fold(world, |world, metric| world.is(&missed(metric), 20.0, 1.0))
        .holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn a_few_refusals_of_few_calls_are_no_alert_and_operations_saturate_too() {
    let labels = "job=\"shop\",instance=\"a\",limiter=\"edge\"";
    World::new(&shop(), 40)
        .counter(&format!("limiter_calls_total{{{labels}}}"), 1.0, (0.0, 40.0))
        .counter(&format!("requests_rejected_total{{{labels},reason=\"rate_limited\"}}"), 0.5, (0.0, 40.0))
        .quiet("RateLimitRejections", "warning", 40.0)
        .holds();
    let sla = Sla::new("shop").operation("job", |it| it.availability(0.999));
    World::new(&sla, 20)
        .gauge("job_in_flight{job=\"shop\",instance=\"a\"}", |_| Some(9.0))
        .gauge("job_in_flight_limit{job=\"shop\",instance=\"a\"}", |_| Some(10.0))
        .fires("Saturation", "warning", 10.0)
        .holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn unary_grpc_calls_that_hang_are_told_and_streams_are_not() {
    let sla = Sla::new("shop").grpc(|it| it.availability(0.999));
    let in_flight = |kind: &str| {
        let labels = format!(
            "job=\"shop\",instance=\"a\",grpc_type=\"{kind}\",grpc_service=\"shop.Orders\",grpc_method=\"Get\""
        );
        format!("grpc_server_in_flight{{{labels}}}")
    };
    let given_up = || World::new(&sla, 30).grpc("shop.Orders", "Get", "Canceled", 5.0, 60.0);
    given_up().gauge(&in_flight("unary"), |_| Some(3.0)).fires("RequestsStuck", "critical", 20.0).holds();
    given_up()
        .gauge(&in_flight("bidi_stream"), |_| Some(3.0))
        .quiet("RequestsStuck", "critical", 20.0)
        .holds();
    let busy = World::new(&sla, 30).grpc("shop.Orders", "Get", "OK", 0.01, 60.0);
    busy.gauge(&in_flight("unary"), |_| Some(3.0)).quiet("RequestsStuck", "critical", 20.0).holds();
}
