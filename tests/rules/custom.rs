//! Alerts of one's own: when they fire, when they stay quiet, and what is refused.

use std::{panic, time::Duration};

use tower_metrics::{
    rules::{Alert, CustomAlert, Rules, Series, Severity},
    sla::Sla,
};

use crate::{
    programs::{Scratch, run},
    promises::shop,
    world::World,
};

const ALWAYS: (f64, f64) = (0.0, f64::INFINITY);
const MINUTE: Duration = Duration::from_secs(60);

fn actions() -> Series {
    Series::new("executor_actions_total")
}

fn failures() -> CustomAlert {
    CustomAlert::share_above("ActionsFail", actions().equal("status", "failed"), actions(), 0.2).of(&shop())
}

fn deliveries() -> CustomAlert {
    let [delivered, sent] = ["messages_delivered_total", "messages_sent_total"].map(Series::new);
    CustomAlert::share_below("DeliveryLow", delivered, sent, 0.95).of(&shop())
}

fn inference() -> CustomAlert {
    let times = Series::new("ai_inference_duration_seconds");
    CustomAlert::quantile_above("InferenceSlow", times, 0.95, Duration::from_secs(1))
        .of(&shop())
        .by(["model"])
}

/// Half an hour of the shop, with these alerts and what they read.
fn world(alerts: impl IntoIterator<Item = CustomAlert>) -> World {
    let sla = shop().operation("ai_inference", |it| it.latency(0.95, Duration::from_secs(1)));
    World::with(Rules::new([&sla]).without(Alert::SloDataMissing).alerts(alerts), &sla, 30)
        .only(&["custom"])
        .up("a", |_| true)
}

/// So many actions a minute, of an instance.
fn acts(world: World, instance: &str, status: &str, per_minute: f64) -> World {
    let series =
        format!("executor_actions_total{{job=\"shop\",instance=\"{instance}\",status=\"{status}\"}}");
    world.counter(&series, per_minute, ALWAYS)
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn a_share_is_summed_on_both_sides_over_all_instances() {
    let well = acts(acts(world([failures()]), "a", "completed", 600.0), "a", "failed", 60.0);
    well.quiet_but(&[], 29.0).holds();
    // Of one instance all fail, and of both together 10 %.
    let one = acts(acts(world([failures()]), "a", "completed", 540.0), "b", "failed", 60.0);
    one.quiet_but(&[], 29.0).holds();
    let broken = acts(acts(world([failures()]), "a", "completed", 300.0), "b", "failed", 100.0);
    broken
        .quiet("ActionsFail", "warning", 4.0)
        .fires("ActionsFail", "warning", 29.0)
        .is(
            "ALERTS{alertname=\"ActionsFail\",alertstate=\"firing\",job=\"shop\",instance=\"\",status=\"\"}",
            29.0,
            1.0,
        )
        .holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn a_single_failure_among_few_raises_nothing() {
    let few = acts(acts(world([failures()]), "a", "completed", 0.4), "a", "failed", 0.4);
    few.quiet_but(&[], 29.0).holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn of_another_service_nothing_is_counted() {
    let other = "executor_actions_total{job=\"other\",instance=\"a\",status=\"failed\"}";
    acts(world([failures()]), "a", "completed", 60.0)
        .counter(other, 600.0, ALWAYS)
        .quiet_but(&[], 29.0)
        .holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn what_was_never_delivered_is_a_low_share_and_not_an_absent_one() {
    let count = |world: World, metric: &str, per_minute: f64| {
        world.counter(&format!("{metric}{{job=\"shop\",instance=\"a\"}}"), per_minute, ALWAYS)
    };
    let sent = |world: World| count(world, "messages_sent_total", 600.0);
    sent(world([deliveries()])).fires("DeliveryLow", "warning", 29.0).holds();
    let share = |delivered| count(sent(world([deliveries()])), "messages_delivered_total", delivered);
    share(560.0).fires("DeliveryLow", "warning", 29.0).holds();
    share(580.0).quiet_but(&[], 29.0).holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn a_quantile_is_told_by_the_bucket_of_its_threshold_however_it_is_spelled() {
    let sampled = |slow: f64| {
        let labels = "job=\"shop\",instance=\"a\",model=\"m\"";
        world([inference()]).sampled("ai_inference_duration_seconds", labels, 1.0, 600.0).sampled(
            "ai_inference_duration_seconds",
            labels,
            1.001,
            slow,
        )
    };
    // 5 of 100 are above the P95, and no more.
    sampled(30.0).quiet_but(&[], 29.0).holds();
    let of_model = "ALERTS{alertname=\"InferenceSlow\",model=\"m\",alertstate=\"firing\"}";
    sampled(40.0).fires("InferenceSlow", "warning", 29.0).is(of_model, 29.0, 1.0).holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn a_threshold_that_is_no_bucket_is_not_silent() {
    let labels = "job=\"shop\",instance=\"a\",model=\"m\"";
    let other = Sla::new("shop").operation("ai_inference", |it| it.latency(0.95, Duration::from_millis(300)));
    let without = world([inference()]).bounds_of(&other);
    without
        .sampled("ai_inference_duration_seconds", labels, 0.01, 600.0)
        .fires("InferenceSlow", "warning", 29.0)
        .holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn rates_increases_and_values_fire_on_their_side_of_the_number() {
    let failures = || Series::new("token_refresh_failures_total");
    let state = || Series::new("breaker_state").equal("state", "open");
    let alerts = || {
        [
            CustomAlert::rate_above("RefreshFails", failures(), 0.1),
            CustomAlert::increase_above("Costly", Series::new("cost_dollars_total"), 10 * MINUTE, 10.0)
                .by(["repo"]),
            CustomAlert::value_is("BreakerOpen", state(), 1.0).by(["agent"]).hold(2 * MINUTE),
            CustomAlert::value_above("Hot", Series::new("temperature_celsius"), 90.0)
                .severity(Severity::Critical),
            CustomAlert::value_below("Cold", Series::new("temperature_celsius"), 10.0),
            CustomAlert::expression("Late", "time() - last_backup_timestamp_seconds > 600")
                .hold(Duration::ZERO),
        ]
    };
    let labels = "job=\"any\",instance=\"a\"";
    let with = |fails: f64, cost: f64, open: f64, celsius: f64, backup: f64| {
        world(alerts())
            .counter(&format!("token_refresh_failures_total{{{labels}}}"), fails, ALWAYS)
            .counter(&format!("cost_dollars_total{{{labels},repo=\"r\"}}"), cost, ALWAYS)
            .gauge(&format!("breaker_state{{{labels},agent=\"x\",state=\"open\"}}"), |_| Some(open))
            .gauge(&format!("temperature_celsius{{{labels}}}"), |_| Some(celsius))
            .gauge(&format!("last_backup_timestamp_seconds{{{labels}}}"), |_| Some(backup))
    };
    with(5.0, 0.9, 0.0, 50.0, 1_500.0).quiet_but(&[], 29.0).holds();
    with(7.0, 1.2, 1.0, 91.0, 0.0)
        .fires("RefreshFails", "warning", 29.0)
        .fires("Costly", "warning", 29.0)
        .is("ALERTS{alertname=\"Costly\",repo=\"r\",job=\"any\",alertstate=\"firing\"}", 29.0, 1.0)
        .quiet("BreakerOpen", "warning", 1.0)
        .fires("BreakerOpen", "warning", 3.0)
        .fires("Hot", "critical", 29.0)
        .quiet("Cold", "warning", 29.0)
        .fires("Late", "warning", 29.0)
        .holds();
    with(0.0, 0.0, 0.0, 9.0, 1_500.0).fires("Cold", "warning", 29.0).quiet("Hot", "critical", 29.0).holds();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn promtool_accepts_all_shapes_with_their_links() {
    let rules = Rules::new([&shop()])
        .runbook_url("https://wiki.example.com/runbooks")
        .grafana_url("https://grafana.example.com")
        .alerts([failures(), deliveries(), inference(), CustomAlert::expression("Any", "up == 0")])
        .to_yaml();
    let file = Scratch::new("custom");
    let path = file.write("rules.yml", &rules);
    run("promtool", &["check", "rules", "--lint=all", "--lint-fatal", path.to_str().unwrap()]).unwrap();
}

#[test]
fn an_alert_has_the_labels_of_its_service_and_leads_to_its_dashboard() {
    let shop = shop().selector("env", "prod").alert_label("team", "shop");
    let alert = CustomAlert::rate_above("Any", actions(), 1.0)
        .of(&shop)
        .by(["status"])
        .label("area", "money")
        .summary("{{ $value }} a second.")
        .description("Look.");
    let rules = Rules::new([&shop])
        .runbook_url("https://wiki.example.com/runbooks")
        .grafana_url("https://grafana.example.com")
        .alerts([alert, CustomAlert::expression("House", "up == 0")]);
    let groups = rules.groups();
    let find = |name: &str| {
        let mut rules = groups.iter().flat_map(|group| group.rules());
        rules.find(|rule| rule.name() == name).unwrap().clone()
    };
    let any = find("Any");
    assert_eq!(
        any.expr(),
        "sum by (job, env, status) (\n  rate(executor_actions_total{job=\"shop\",env=\"prod\"}[5m])\n) > 1"
    );
    let labels: Vec<_> = any.added_labels().collect();
    let expected =
        [("job", "shop"), ("env", "prod"), ("severity", "warning"), ("team", "shop"), ("area", "money")];
    assert_eq!(labels, expected);
    let annotations: Vec<_> = any.annotations().collect();
    let expected = [
        ("summary", "{{ $value }} a second."),
        ("description", "Look."),
        ("runbook_url", "https://wiki.example.com/runbooks#any"),
        ("dashboard_url", "https://grafana.example.com/d/tower-metrics-shop-http"),
    ];
    assert_eq!(annotations, expected);
    let house = find("House");
    assert!(house.annotations().any(|it| it.1 == "https://grafana.example.com/d/tower-metrics-overview"));
    assert_eq!(house.added_labels().collect::<Vec<_>>(), [("severity", "warning")]);
    let names: Vec<_> = groups.iter().map(|group| group.name().to_owned()).collect();
    assert!(names.contains(&"custom-shop,env=prod".into()) && names.contains(&"custom".into()), "{names:?}");
}

fn said(wrong: impl Fn()) -> String {
    let panic = panic::catch_unwind(panic::AssertUnwindSafe(wrong)).unwrap_err();
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.unwrap_or_else(|| *panic.downcast::<String>().unwrap())
}

#[test]
fn what_cannot_be_an_alert_is_refused_with_what_to_change() {
    let wrong: [(&str, fn()); 14] = [
        ("cannot name an alert", || drop(CustomAlert::rate_above("a b", actions(), 1.0))),
        ("no Prometheus metric name", || drop(Series::new("a-b"))),
        ("no label name", || drop(actions().equal("a-b", "c"))),
        ("one of no values", || drop(actions().one_of("status", &[""; 0]))),
        ("has to be between 0 and 1", || drop(CustomAlert::share_above("A", actions(), actions(), 20.0))),
        ("the P99 is 0.99", || drop(CustomAlert::quantile_above("A", actions(), 99.0, MINUTE))),
        ("which no call can keep", || drop(CustomAlert::quantile_above("A", actions(), 0.9, Duration::ZERO))),
        ("that is not negative", || drop(CustomAlert::rate_above("A", actions(), -1.0))),
        ("give a number", || drop(CustomAlert::value_is("A", actions(), f64::NAN))),
        ("say when it fires", || drop(CustomAlert::expression("A", " "))),
        ("a minute at least", || drop(failures().window(Duration::from_secs(30)))),
        ("summed by \"job\" already", || drop(failures().by(["job"]))),
        ("the label \"team\" already", || drop(failures().label("team", "a").label("team", "b"))),
        ("said otherwise", || drop(failures().label("severity", "page"))),
    ];
    for (part, wrong) in wrong {
        let said = said(wrong);
        assert!(said.contains(part), "{said:?} does not say {part:?}");
    }
    let rules = || Rules::new([&shop()]);
    let colliding: [(&str, &dyn Fn()); 5] = [
        ("is an alert of these rules already", &|| {
            drop(rules().alerts([CustomAlert::rate_above("ServiceDown", actions(), 1.0)]));
        }),
        ("two alerts of one service", &|| drop(rules().alerts([failures(), failures()]))),
        ("two alerts would be called", &|| {
            drop(rules().alerts([failures()]).rename(Alert::ServiceDown, "ActionsFail"));
        }),
        ("as a selector: leave it out", &|| {
            let shop = shop().selector("env", "prod");
            drop(Rules::new([&shop]).alerts([failures().of(&shop).label("env", "test")]));
        }),
        ("give them its promise too", &|| drop(rules().alerts([failures().of(&Sla::new("other"))]))),
    ];
    for (part, wrong) in colliding {
        let said = said(wrong);
        assert!(said.contains(part), "{said:?} does not say {part:?}");
    }
}

#[test]
fn alerts_of_one_name_and_two_services_live_side_by_side() {
    let [a, b] = ["a", "b"].map(|name| Sla::new(name).availability(0.99));
    let alert = |sla: &Sla| CustomAlert::rate_above("Any", actions(), 1.0).of(sla);
    let yaml = Rules::new([&a, &b]).alerts([alert(&a), alert(&b)]).to_yaml();
    assert_eq!(yaml.matches("alert: Any").count(), 2);
}
