//! By what a dashboard and a panel are found: from an alert, from a bookmark, from the next version of the same promise.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tower_metrics::{
    dashboard::{Dashboard, Dashboards},
    rules::{Alert, Rules},
    sla::Sla,
};

use crate::promises::many;

#[test]
fn a_uid_is_short_and_stays_what_it_is() {
    let uid = |name: &str| Dashboards::new([&Sla::new(name).availability(0.999)]).all()[1].uid().to_owned();
    assert_eq!(uid("shop"), "tower-metrics-shop-http");
    let long = "a-service-with-a-name-that-is-longer-than-any-uid";
    assert_eq!(uid(long).len(), 40);
    assert_ne!(uid(long), uid(&format!("{long}-2")));
    assert_eq!(uid(long), uid(long));
}

/// The number of each panel, by its row and title.
fn ids(dashboard: &Dashboard) -> BTreeMap<(String, String), u64> {
    let json: Value = serde_json::from_str(&dashboard.to_json()).unwrap();
    let mut ids = BTreeMap::new();
    let mut row = String::new();
    for panel in json["panels"].as_array().unwrap() {
        if panel["type"] == "row" {
            row = panel["title"].as_str().unwrap().into();
        }
        let inner = panel["panels"].as_array().into_iter().flatten();
        for panel in [panel].into_iter().chain(inner) {
            let title = panel["title"].as_str().unwrap().to_owned();
            let of_row = if panel["type"] == "row" { String::new() } else { row.clone() };
            let other = ids.insert((of_row, title), panel["id"].as_u64().unwrap());
            assert_eq!(other, None, "two panels of one row have one title");
        }
    }
    ids
}

#[test]
fn a_panel_keeps_its_number_when_another_objective_is_promised() {
    let millis = std::time::Duration::from_millis;
    let before = Sla::new("shop").availability(0.999);
    let after = before.clone().latency(0.99, millis(100)).endpoint("GET", "/", |it| it.availability(0.9));
    let [before, after] = [before, after].map(|sla| ids(&Dashboards::new([&sla]).all()[1]));
    assert!(after.len() > before.len());
    for (panel, id) in &before {
        assert_eq!(after.get(panel), Some(id), "{panel:?}");
    }
}

#[test]
fn every_alert_links_to_the_dashboard_that_shows_what_it_is_about() {
    let promises = many(3);
    let rules = Rules::new(&promises).with(Alert::Anomaly).house("platform");
    let rules = rules.grafana_url("https://grafana.example.com/");
    let dashboards = Dashboards::of(&rules).all();
    let by_url: BTreeMap<_, _> = dashboards
        .iter()
        .map(|it| (format!("https://grafana.example.com/d/{}", it.uid()), it.to_json()))
        .collect();
    let groups = rules.groups();
    let alerts = groups.iter().flat_map(|group| group.rules()).filter(|rule| rule.is_alert());
    let mut linked = BTreeSet::new();
    for alert in alerts {
        let (_, url) = alert.annotations().find(|(name, _)| *name == "dashboard_url").unwrap();
        let json = by_url.get(url).unwrap_or_else(|| panic!("{} links to {url}", alert.name()));
        linked.insert(url.to_owned());
        for (label, value) in alert.added_labels().filter(|(label, _)| ["slo", "metric"].contains(label)) {
            // A template is escaped in a label, and neither is in a query.
            let is_shown = value.contains("{{") || json.contains(value);
            assert!(is_shown, "{} of the {label} {value} links to {url}", alert.name());
        }
    }
    assert_eq!(linked, by_url.into_keys().collect(), "and every dashboard is linked to");
}
