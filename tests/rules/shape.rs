//! What the rules hold, without any tool.

use std::collections::{BTreeMap, BTreeSet};

use saphyr::{LoadableYamlNode, Yaml};
use tower_metrics::{
    rules::{Alert, Rule, Rules, Severity},
    sla::Sla,
};

use crate::promises::{everything, many, millis, rules, shop};

fn all_rules(rules: &Rules) -> Vec<Rule> {
    rules.groups().iter().flat_map(|group| group.rules().to_vec()).collect()
}

#[test]
fn the_file_is_yaml_that_holds_every_rule() {
    let rules = rules(&many(3));
    let yaml = rules.to_yaml();
    let file = &Yaml::load_from_str(&yaml).unwrap()[0];
    let groups = file["groups"].as_vec().unwrap();
    assert_eq!(groups.len(), rules.groups().len());
    for (written, group) in groups.iter().zip(rules.groups()) {
        assert_eq!(written["name"].as_str(), Some(group.name()));
        let written = written["rules"].as_vec().unwrap();
        assert_eq!(written.len(), group.rules().len());
        for (written, rule) in written.iter().zip(group.rules()) {
            let key = if rule.is_alert() { "alert" } else { "record" };
            assert_eq!(written[key].as_str(), Some(rule.name()));
            assert_eq!(written["expr"].as_str(), Some(rule.expr()));
            for (label, value) in rule.added_labels() {
                assert_eq!(written["labels"][label].as_str(), Some(value));
            }
        }
    }
}

#[test]
fn the_same_promises_give_the_same_bytes() {
    assert_eq!(rules(&many(10)).to_yaml(), rules(&many(10)).to_yaml());
}

#[test]
fn group_names_are_unique() {
    let groups = rules(&many(10)).groups();
    let names: BTreeSet<_> = groups.iter().map(|group| group.name().to_owned()).collect();
    assert_eq!(names.len(), groups.len());
}

#[test]
fn the_two_kept_names_mean_what_they_meant() {
    let all = all_rules(&Rules::new([&Sla::new("api").job("aegis-backend")]));
    let expr = |name: &str| {
        let rule = all.iter().find(|rule| rule.name() == name).unwrap();
        rule.expr().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        expr("job:http_requests:rate5m"),
        "sum by (job) ( rate(http_requests_total{job=\"aegis-backend\"}[5m]) )"
    );
    assert_eq!(
        expr("job:http_errors:rate5m"),
        "sum by (job) ( rate(http_requests_total{job=\"aegis-backend\",status=~\"5..\"}[5m]) )"
    );
}

#[test]
fn long_windows_are_evaluated_every_five_minutes_and_all_else_every_thirty_seconds() {
    for group in Rules::new([&shop()]).groups() {
        let is_long = |rule: &Rule| {
            rule.name().starts_with("slo:") && ["1d", "3d", "30d"].iter().any(|w| rule.name().ends_with(w))
        };
        let seconds = group.interval().as_secs();
        match group.rules().iter().any(is_long) {
            true => assert_eq!(seconds, 300, "{}", group.name()),
            false => assert_eq!(seconds, 30, "{}", group.name()),
        }
    }
}

#[test]
fn what_a_rule_reads_is_exported_or_was_recorded() {
    let groups = rules(&many(3)).groups();
    let recorded: BTreeSet<_> = groups
        .iter()
        .flat_map(|group| group.rules())
        .filter(|rule| !rule.is_alert())
        .map(Rule::name)
        .collect();
    for group in &groups {
        let mut earlier = BTreeSet::new();
        for rule in group.rules() {
            for read in rule.expr().split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':')) {
                if read.contains(':') {
                    let here = group.rules().iter().any(|other| other.name() == read && !other.is_alert());
                    assert!(recorded.contains(read), "{read} in {}", rule.name());
                    assert!(!here || earlier.contains(read), "{read} is recorded after {}", rule.name());
                }
            }
            earlier.insert(rule.name());
        }
    }
}

#[test]
fn every_alert_is_there_with_its_texts_and_its_links() {
    let all = all_rules(&rules(&[everything()]));
    for alert in Alert::ALL {
        let mut found = all.iter().filter(|rule| rule.is_alert() && rule.name() == alert.as_str()).peekable();
        assert!(found.peek().is_some(), "{alert:?}");
        for rule in found {
            let annotations: BTreeMap<_, _> = rule.annotations().collect();
            assert!(annotations["summary"].ends_with('.') && annotations["description"].ends_with('.'));
            assert_eq!(
                annotations["runbook_url"],
                format!("https://wiki.example.com/runbooks.md#{}", alert.as_str().to_lowercase())
            );
            assert_eq!(
                annotations["dashboard_url"],
                "https://grafana.example.com/d/slo?var-job={{ $labels.job }}"
            );
            let labels: BTreeMap<_, _> = rule.added_labels().collect();
            if alert != Alert::Watchdog {
                assert_eq!(labels["team"], "platform", "{alert:?}");
            }
            assert!(["critical", "warning", "info", "none"].contains(&labels["severity"]));
        }
    }
}

#[test]
fn options_are_off_and_parameters_are_set() {
    let alerts = |rules: &Rules| {
        let all = all_rules(rules);
        all.iter().filter(|rule| rule.is_alert()).map(|rule| rule.name().to_owned()).collect::<BTreeSet<_>>()
    };
    let rules = Rules::new([&shop()]);
    assert!(!alerts(&rules).contains("Anomaly") && !alerts(&rules).contains("TrafficAbsent"));

    let rules = rules
        .without(Alert::Watchdog)
        .rename(Alert::HighApiErrorRate, "TooManyErrors")
        .threshold(Alert::HighApiErrorRate, 0.02)
        .hold(Alert::HighApiErrorRate, millis(90_000))
        .severity(Alert::HighApiErrorRate, Severity::Critical)
        .min_bad_events(7);
    assert!(!alerts(&rules).contains("Watchdog") && !alerts(&rules).contains("HighAPIErrorRate"));
    let all = all_rules(&rules);
    let rule = all.iter().find(|rule| rule.name() == "TooManyErrors").unwrap();
    assert!(rule.expr().contains("> 0.02\n") && rule.expr().ends_with(">= 7"), "{}", rule.expr());
    assert_eq!(rule.hold(), millis(90_000));
    assert!(rule.added_labels().any(|label| label == ("severity", "critical")));
    assert!(rules.to_yaml().contains("for: 90s"));
}

#[test]
fn burn_rates_follow_the_period() {
    let page = |days: u64| {
        let sla = Sla::new("shop").availability(0.999).period(millis(days * 24 * 3_600_000));
        let all = all_rules(&Rules::new([&sla]));
        let burns = all.into_iter().filter(|rule| rule.name() == "ErrorBudgetBurn");
        let words = burns
            .map(|rule| rule.expr().split("(").map(str::to_owned).collect::<Vec<_>>())
            .collect::<Vec<_>>();
        let factors =
            words.concat().into_iter().filter_map(|part| Some(part.split_once(" * 0.001")?.0.to_owned()));
        factors.collect::<Vec<_>>()
    };
    assert_eq!(page(30), ["14.4", "14.4", "6", "6", "3", "3", "1", "1"]);
    assert_eq!(page(28), ["13.44", "13.44", "5.6", "5.6", "2.8", "2.8", "0.9333", "0.9333"]);
    assert_eq!(page(7), ["3.36", "3.36", "1.4", "1.4", "0.7", "0.7"], "three days tell nothing of a week");
}

#[test]
fn a_condition_that_could_never_fire_is_left_out() {
    let all = all_rules(&Rules::new([&Sla::new("shop").latency(0.9, millis(100))]));
    let page = all.iter().find(|rule| rule.name() == "ErrorBudgetBurn").unwrap();
    assert!(!page.expr().contains("14.4") && page.expr().contains("(6 * 0.1)"), "{}", page.expr());
}

#[test]
#[should_panic(
    expected = "the page of shop-latency-p50 could never fire: if every call were bad, its budget of 0.5 \
                           would burn 2 times as fast as allowed, and the page wants 6 times for a period of 30 days. \
                           Promise a share above 0.8334"
)]
fn an_objective_whose_page_could_never_fire_is_refused() {
    drop(Rules::new([&Sla::new("shop").latency(0.5, millis(100))]));
}

#[test]
#[should_panic(expected = "two SLAs are called \"shop\": give one of them another name")]
fn one_objective_twice_is_refused() {
    drop(Rules::new([&shop(), &shop()]));
}

#[test]
#[should_panic(expected = "Anomaly is of severity info and no other")]
fn a_band_pages_nobody() {
    drop(Rules::new([&shop()]).severity(Alert::Anomaly, Severity::Critical));
}

#[test]
#[should_panic(expected = "two alerts would be called \"ServiceDown\"")]
fn two_alerts_of_one_name_are_refused() {
    drop(Rules::new([&shop()]).rename(Alert::HighApiErrorRate, "ServiceDown"));
}

#[test]
#[should_panic(expected = "ErrorBudgetBurn has no threshold to set")]
fn a_threshold_that_follows_from_the_objective_is_not_set() {
    drop(Rules::new([&shop()]).threshold(Alert::ErrorBudgetBurn, 0.1));
}

#[test]
fn promises_of_one_service_make_one_group_of_it() {
    let reports =
        Sla::new("reports").job("shop").endpoint("GET", "/reports", |it| it.latency(0.95, millis(500)));
    let groups = Rules::new([&shop(), &reports]).groups();
    let services: Vec<_> = groups.iter().filter(|group| group.name().starts_with("service-")).collect();
    assert_eq!(services.len(), 1);
    let down = services[0].rules().iter().filter(|rule| rule.name() == "ServiceDown").count();
    assert_eq!(down, 1, "nobody is woken twice");
}

/// The expressions of what is recorded for one objective.
fn recorded(rules: &Rules, slo: &str) -> String {
    let all = all_rules(rules);
    let own =
        all.iter().filter(|rule| !rule.is_alert() && rule.added_labels().any(|label| label == ("slo", slo)));
    own.map(Rule::expr).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_one_promise_leaves_out_no_promise_of_the_service_judges() {
    let first = shop().high_latency(millis(4_000));
    let second = Sla::new("other")
        .job("shop")
        .exclude(["/internal/*"])
        .streams(["/events"])
        .too_many_requests_is_bad()
        .endpoint("GET", "/reports", |it| it.latency(0.95, millis(500)));
    let rules = Rules::new([&first, &second]);
    let (availability, latency) =
        (recorded(&rules, "shop-availability"), recorded(&rules, "shop-latency-p99"));
    assert!(availability.contains("/internal/.*") && availability.contains("5..|429"), "{availability}");
    assert!(
        latency.contains("/internal/.*|/events") && latency.contains("endpoint=\"/reports\""),
        "{latency}"
    );
    let slow = all_rules(&rules).into_iter().find(|rule| rule.name() == "job:http_slow:rate5m").unwrap();
    assert!(
        slow.expr().contains("le=~\"2|2") && !slow.expr().contains("le=~\"4|4"),
        "the lowest: {}",
        slow.expr()
    );
}

#[test]
fn services_that_look_alike_are_told_apart() {
    let one = Sla::new("one").job("a").selector("env", "b").availability(0.99);
    let other = Sla::new("other").job("a-b").availability(0.99);
    let groups = Rules::new([&one, &other]).groups();
    let names: BTreeSet<_> = groups.iter().map(|group| group.name().to_owned()).collect();
    assert_eq!(names.len(), groups.len(), "{names:?}");

    // In another order they are the same.
    let one = Sla::new("one").job("a").selector("env", "x").selector("region", "y").availability(0.99);
    let other = Sla::new("other").job("a").selector("region", "y").selector("env", "x").availability(0.99);
    let services = |group: &&tower_metrics::rules::Group| group.name().starts_with("service-");
    assert_eq!(Rules::new([&one, &other]).groups().iter().filter(services).count(), 1);
}

#[test]
#[should_panic(expected = "the SLAs one and other are of the job \"a\", and one selects a part of the other")]
fn services_that_overlap_are_refused() {
    let one = Sla::new("one").job("a").availability(0.99);
    drop(Rules::new([&one, &Sla::new("other").job("a").selector("env", "x").availability(0.99)]));
}

#[test]
fn the_percentile_in_the_words_is_that_of_the_threshold() {
    let all = all_rules(&Rules::new([&shop()]).threshold(Alert::HighApiLatency, 0.2));
    let rule = all.iter().find(|rule| rule.name() == "HighAPILatency").unwrap();
    let (_, summary) = rule.annotations().next().unwrap();
    assert_eq!(summary, "The P80 of {{ $labels.job }} is above 2s.");
}

#[test]
fn a_renamed_alert_is_called_so() {
    let rules = Rules::new([&shop()]).rename(Alert::Watchdog, "Heartbeat");
    assert_eq!((rules.name(Alert::Watchdog), rules.name(Alert::ServiceDown)), ("Heartbeat", "ServiceDown"));
}
