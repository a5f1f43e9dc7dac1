//! A single call that hangs while others are answered: told where a Layer tells the oldest, and nowhere else.

use std::time::Duration;

use tower_metrics::{
    names::Naming,
    rules::{Alert, Rule, Rules, Severity},
    sla::Sla,
};

use crate::{
    promises::{millis, shop},
    world::{Calls, World},
};

const STUCK: &str = "RequestsStuck";

const TWENTY: Duration = Duration::from_secs(20 * 60);

fn http(endpoint: &str) -> String {
    format!(
        "http_requests_oldest_start_timestamp_seconds{{job=\"shop\",instance=\"a\",method=\"GET\",endpoint=\"{endpoint}\"}}"
    )
}

/// A service whose oldest call began so, and which has one in flight all the time.
fn told(world: World, oldest: &str, start: impl Fn(f64) -> Option<f64>) -> World {
    told_of(world, oldest, start, |_| Some(1.0))
}

fn told_of(
    world: World,
    oldest: &str,
    start: impl Fn(f64) -> Option<f64>,
    in_flight: impl Fn(f64) -> Option<f64>,
) -> World {
    let gauge = oldest.replace("_oldest_start_timestamp_seconds", "_in_flight");
    world.gauge(oldest, start).gauge(&gauge, in_flight)
}

/// Calls of ten seconds that come one after the other until a minute, and one from then on that never ends; of a world that
/// begins with the year 1970.
fn stuck_from(minute: f64) -> impl Fn(f64) -> Option<f64> {
    move |now| Some(if now < minute { now * 60.0 - 10.0 } else { minute * 60.0 })
}

fn busy(sla: &Sla) -> World {
    World::new(sla, 45).up("a", |_| true).calls([Calls::default()])
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn one_call_that_hangs_in_a_busy_service_is_told_within_ten_minutes_and_wakes_nobody() {
    let labels = "alertname=\"RequestsStuck\",alertstate=\"firing\",method=\"GET\",endpoint=\"/users/{id}\"";
    told(busy(&shop()), &http("/users/{id}"), stuck_from(30.0))
        .quiet(STUCK, "warning", 39.0)
        .fires(STUCK, "warning", 41.0)
        .is(&format!("ALERTS{{{labels}}}"), 41.0, 1.0)
        .quiet_but(&[STUCK], 41.0)
        .quiet(STUCK, "critical", 45.0)
        .holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn a_service_that_is_well_idle_or_was_not_asked_is_left_alone() {
    let oldest = http("/users/{id}");
    told(busy(&shop()), &oldest, stuck_from(60.0)).quiet_but(&[], 45.0).holds();
    let idle = |minute: f64| Some(if minute < 5.0 { minute * 60.0 } else { f64::NAN });
    told(busy(&shop()), &oldest, idle).quiet_but(&[], 45.0).holds();
    // Of an exporter that keeps the last number.
    let in_flight = |minute: f64| Some(if minute < 5.0 { 1.0 } else { 0.0 });
    told_of(busy(&shop()), &oldest, stuck_from(4.0), in_flight).quiet_but(&[], 45.0).holds();
    let gauge = oldest.replace("_oldest_start_timestamp_seconds", "_in_flight");
    busy(&shop()).gauge(&gauge, |_| Some(3.0)).quiet_but(&[], 45.0).holds();
}

/// One label set is idle, and hides no other of its instance.
#[test]
#[ignore = "needs the Debian package prometheus"]
fn what_is_idle_hides_nothing() {
    let world = told(busy(&shop()), &http("/idle"), |_| Some(f64::NAN));
    told(world, &http("/users/{id}"), stuck_from(30.0)).fires(STUCK, "warning", 41.0).holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn streams_may_last_also_before_their_route_is_known() {
    let streaming = shop().streams(["/events"]);
    let world = told(busy(&streaming), &http("/events"), stuck_from(0.0));
    told(world, &http("unmatched"), stuck_from(0.0)).quiet_but(&[], 45.0).holds();
    told(busy(&shop()), &http("/health"), stuck_from(0.0)).quiet_but(&[], 45.0).holds();
    // Without streams, what hangs before its route is known is told.
    told(busy(&shop()), &http("unmatched"), stuck_from(0.0)).fires(STUCK, "warning", 45.0).holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn of_a_total_hang_both_are_told() {
    let in_flight =
        "http_requests_in_flight{job=\"shop\",instance=\"a\",method=\"GET\",endpoint=\"/users/{id}\"}";
    World::new(&shop(), 45)
        .up("a", |_| true)
        .calls([Calls { during: (0.0, 30.0), ..Calls::default() }])
        .gauge(in_flight, |minute| Some(if minute < 30.0 { 0.0 } else { 300.0 }))
        .gauge(&http("/users/{id}"), stuck_from(30.0))
        .fires(STUCK, "critical", 42.0)
        .fires(STUCK, "warning", 42.0)
        .holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn the_age_can_be_set_and_follows_a_longer_promise_of_the_whole_service() {
    let world = |sla: &Sla, rules: Rules| {
        let world = World::with(rules, sla, 45).up("a", |_| true).calls([Calls::default()]);
        told(world, &http("/users/{id}"), stuck_from(10.0))
    };
    let shop = shop();
    let patient = Rules::new([&shop]).threshold(Alert::RequestsStuck, 1_200.0);
    world(&shop, patient).quiet(STUCK, "warning", 34.0).fires(STUCK, "warning", 36.0).holds();
    for slow in [shop.clone().latency(0.9, TWENTY), shop.head_latency(0.9, TWENTY)] {
        world(&slow, Rules::new([&slow])).quiet(STUCK, "warning", 34.0).fires(STUCK, "warning", 36.0).holds();
    }
}

/// What one endpoint may last, others may not; and it may last so long, and no longer.
#[test]
#[ignore = "needs the Debian package prometheus"]
fn an_endpoint_that_may_last_longer_has_an_age_of_its_own_and_changes_that_of_no_other() {
    let labels = |endpoint: &str| {
        format!("ALERTS{{alertname=\"RequestsStuck\",alertstate=\"firing\",endpoint=\"{endpoint}\"}}")
    };
    let slow = [
        shop().endpoint("GET", "/export", |it| it.latency(0.9, TWENTY)),
        shop().endpoint("GET", "/export", |it| it.head_latency(0.9, TWENTY)),
        // What is a stream, or is left out, may last as long as it does.
        shop()
            .endpoint("GET", "/export", |it| it.latency(0.9, TWENTY))
            .endpoint("GET", "/events/all", |it| it.latency(0.9, TWENTY))
            .streams(["/events*"]),
    ];
    for slow in slow {
        let world = told(busy(&slow), &http("/users/{id}"), stuck_from(10.0));
        told(told(world, &http("/export"), stuck_from(10.0)), &http("/health"), stuck_from(0.0))
            .quiet(STUCK, "warning", 19.0)
            .is(&labels("/users/{id}"), 21.0, 1.0)
            .nothing(&labels("/export"), 34.0)
            .is(&labels("/export"), 36.0, 1.0)
            .is(&format!("count({})", labels(".*").replace("endpoint=", "endpoint=~")), 40.0, 2.0)
            .quiet(STUCK, "critical", 45.0)
            .holds();
    }
    let streaming = shop().endpoint("GET", "/events/all", |it| it.latency(0.9, TWENTY)).streams(["/events*"]);
    told(busy(&streaming), &http("/events/all"), stuck_from(0.0)).quiet(STUCK, "warning", 45.0).holds();
}

/// Promises of one service count together, each for its own endpoint.
#[test]
fn the_longest_of_several_promises_of_an_endpoint_is_its_own() {
    let promise = |name: &str, minutes: u64| {
        let latency = millis(minutes * 60_000);
        Sla::new(name).job("shop").endpoint("GET", "/export", |it| it.latency(0.9, latency))
    };
    let [one, other] = [promise("one", 20), promise("other", 40)];
    let expr = warnings(&Rules::new([&one, &other])).remove(0);
    assert_eq!(expr.matches("\n> ").count(), 2, "{expr}");
    assert!(expr.contains(")\n> 300\nor\n") && expr.ends_with(")\n> 2400"), "{expr}");
    let patient = Rules::new([&one, &other]).threshold(Alert::RequestsStuck, 3_000.0);
    let expr = warnings(&patient).remove(0);
    assert!(expr.ends_with(")\n> 3000") && !expr.contains("unless"), "{expr}");
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn so_has_a_grpc_method_and_an_operation() {
    let sla = Sla::new("shop")
        .grpc(|it| it.availability(0.999))
        .grpc_method("shop.Orders", "Export", |it| it.latency(0.9, TWENTY))
        .operation("job", |it| it.latency(0.9, TWENTY))
        .operation("query", |it| it.availability(0.999));
    let grpc = |method: &str| {
        format!(
            "grpc_server_oldest_start_timestamp_seconds{{job=\"shop\",instance=\"a\",grpc_type=\"unary\",\
             grpc_service=\"shop.Orders\",grpc_method=\"{method}\"}}"
        )
    };
    let operation =
        |name: &str| format!("{name}_oldest_start_timestamp_seconds{{job=\"shop\",instance=\"a\"}}");
    let busy = || World::new(&sla, 45).grpc("shop.Orders", "Get", "OK", 0.01, 60.0);
    for fast in [grpc("Get"), operation("query")] {
        let world = told(busy(), &fast, stuck_from(10.0));
        world.quiet(STUCK, "warning", 19.0).fires(STUCK, "warning", 21.0).holds();
    }
    for slow in [grpc("Export"), operation("job")] {
        let world = told(busy(), &slow, stuck_from(10.0));
        world.quiet(STUCK, "warning", 34.0).fires(STUCK, "warning", 36.0).holds();
    }
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn unary_grpc_calls_and_operations_are_told_too_and_streams_are_not() {
    let sla =
        Sla::new("shop").grpc(|it| it.availability(0.999)).operation("job", |it| it.availability(0.999));
    let grpc = |kind: &str| {
        let labels = format!(
            "job=\"shop\",instance=\"a\",grpc_type=\"{kind}\",grpc_service=\"shop.Orders\",grpc_method=\"Get\""
        );
        format!("grpc_server_oldest_start_timestamp_seconds{{{labels}}}")
    };
    let busy = || World::new(&sla, 30).grpc("shop.Orders", "Get", "OK", 0.01, 60.0);
    told(busy(), &grpc("unary"), stuck_from(5.0)).fires(STUCK, "warning", 20.0).holds();
    told(busy(), &grpc("server_stream"), stuck_from(5.0)).quiet(STUCK, "warning", 20.0).holds();
    let job = "job_oldest_start_timestamp_seconds{job=\"shop\",instance=\"a\",kind=\"b\"}";
    told(busy(), job, stuck_from(5.0)).fires(STUCK, "warning", 20.0).holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn under_the_names_of_opentelemetry_it_is_told_too() {
    let sla = shop().naming(&Naming::opentelemetry()).streams(["/events"]);
    let world = |route: &str| {
        let labels =
            format!("job=\"shop\",instance=\"a\",http_request_method=\"GET\"{route},url_scheme=\"http\"");
        World::new(&sla, 30)
            .gauge(&format!("http_requests_oldest_start_timestamp_seconds{{{labels}}}"), stuck_from(5.0))
            .gauge(&format!("http_server_active_requests{{{labels}}}"), |_| Some(1.0))
    };
    world(",http_route=\"/users/{id}\"").fires(STUCK, "warning", 20.0).holds();
    for stream in [",http_route=\"/events\"", ""] {
        world(stream).quiet(STUCK, "warning", 20.0).holds();
    }
}

/// The rules of one name, by severity, and what they say.
fn stuck(rules: &Rules) -> Vec<(String, String)> {
    let groups = rules.groups();
    let rules = groups.iter().flat_map(|group| group.rules()).filter(|rule| rule.name() == STUCK);
    let severity =
        |rule: &Rule| rule.added_labels().find(|(name, _)| *name == "severity").unwrap().1.to_owned();
    rules
        .map(|rule| (severity(rule), rule.annotations().find(|it| it.0 == "summary").unwrap().1.to_owned()))
        .collect()
}

/// So a page holds back the warnings about the calls that it is about, and those alone.
#[test]
fn a_page_and_the_warnings_about_the_same_calls_have_the_same_metric() {
    let sla = shop().grpc(|it| it.availability(0.999)).operation("job", |it| it.availability(0.999));
    let metrics = |sla: &Sla, severity: &str| {
        let groups = Rules::new([sla]).groups();
        let rules = groups.iter().flat_map(|group| group.rules()).filter(|rule| rule.name() == STUCK);
        let rules = rules.filter(|rule| rule.added_labels().any(|it| it == ("severity", severity)));
        let metric = |rule: &Rule| rule.added_labels().find(|it| it.0 == "metric").unwrap().1.to_owned();
        rules.map(metric).collect::<Vec<_>>()
    };
    assert_eq!(metrics(&sla, "critical"), ["http_requests_in_flight", "grpc_server_in_flight"]);
    assert_eq!(
        metrics(&sla, "warning"),
        ["http_requests_in_flight", "grpc_server_in_flight", "job_in_flight"]
    );
    let sla = sla.naming(&Naming::opentelemetry());
    assert_eq!(metrics(&sla, "critical")[0], "http_server_active_requests");
    assert_eq!(metrics(&sla, "warning")[0], "http_server_active_requests");
}

/// The expressions of the warnings.
fn warnings(rules: &Rules) -> Vec<String> {
    let groups = rules.groups();
    let rules = groups.iter().flat_map(|group| group.rules()).filter(|rule| rule.name() == STUCK);
    let warnings = rules.filter(|rule| rule.added_labels().any(|it| it == ("severity", "warning")));
    warnings.map(|rule| rule.expr().to_owned()).collect()
}

#[test]
fn it_is_a_warning_at_most_and_says_what_is_how_old() {
    let sla = shop().grpc(|it| it.availability(0.999)).operation("job", |it| it.availability(0.999));
    let severities =
        |rules: &Rules| stuck(rules).into_iter().map(|(severity, _)| severity).collect::<Vec<_>>();
    let rules = Rules::new([&sla]);
    assert_eq!(severities(&rules), ["critical", "critical", "warning", "warning", "warning"]);
    assert_eq!(severities(&rules.clone().severity(Alert::RequestsStuck, Severity::Info)), ["info"; 5]);
    assert_eq!(severities(&rules.clone().without(Alert::RequestsStuck)), [""; 0]);
    let told: Vec<_> = stuck(&rules).into_iter().skip(2).map(|(_, summary)| summary).collect();
    let age = "has been in flight for {{ $value | humanizeDuration }} in {{ $labels.instance }} of {{ $labels.job }}.";
    assert_eq!(
        told,
        [
            format!("A call of {{{{ $labels.method }}}} {{{{ $labels.endpoint }}}} {age}"),
            format!("A gRPC call of {{{{ $labels.grpc_service }}}}/{{{{ $labels.grpc_method }}}} {age}"),
            format!("A call of job {age}"),
        ]
    );
}

#[test]
#[should_panic(
    expected = "the threshold of RequestsStuck is 0.05, and has to be an age of 1 to 86,400 seconds"
)]
fn a_share_is_no_age() {
    drop(Rules::new([&shop()]).threshold(Alert::RequestsStuck, 0.05));
}
