//! What stands in the panels beside the data: rows, lines and colours at what is promised.

use std::time::Duration;

use serde_json::Value;
use tower_metrics::{dashboard::Dashboards, sla::Sla};

use crate::promises::everything;

fn json(slas: &[Sla], uid: &str) -> Value {
    let all = Dashboards::new(slas).all();
    let board = all.iter().find(|it| it.uid() == uid).unwrap();
    serde_json::from_str(&board.to_json()).unwrap()
}

/// The values at which a panel of this kind and title changes its colour, or has a line.
fn steps(json: &Value, kind: &str, title: &str) -> Vec<f64> {
    let mut panels = json["panels"].as_array().unwrap().iter();
    let panel = panels.find(|panel| panel["title"] == title && panel["type"] == kind).unwrap();
    let defaults = &panel["fieldConfig"]["defaults"];
    if kind == "timeseries" {
        assert_eq!(defaults["custom"]["thresholdsStyle"]["mode"], "line");
    }
    let steps = defaults["thresholds"]["steps"].as_array().unwrap();
    let steps = steps.iter().filter_map(|step| step["value"].as_f64());
    steps.map(|value| (value * 1e4).round() / 1e4).collect()
}

#[test]
fn each_objective_has_a_row_with_lines_at_what_is_promised() {
    let sla = [everything()];
    let rows = |uid: &str| -> Vec<String> {
        let json = json(&sla, uid);
        let rows = json["panels"].as_array().unwrap().iter().filter(|panel| panel["type"] == "row");
        let rows = rows.map(|row| row["title"].as_str().unwrap().to_owned());
        rows.filter(|row| row.starts_with("SLO ")).collect()
    };
    assert_eq!(
        rows("tower-metrics-all-http"),
        [
            "SLO all-availability: 99.95 % good over 28 days",
            "SLO all-latency-p99: 99 % within 100ms over 28 days",
            "SLO all-latency-p90: 90 % within 20ms over 28 days",
            "SLO all-head-latency-p99.9: 99.9 % with a response head within 2s over 28 days",
            "SLO all-POST-/reports/{id}-availability: 99 % good over 28 days",
            "SLO all-POST-/reports/{id}-latency-p95: 95 % within 2s over 28 days",
            "SLO all-GET-/reports/{id}-head-latency-p95: 95 % with a response head within 500ms over 28 days",
            "SLO all-PUT-/{literal}/{id}-availability: 99 % good over 28 days",
        ]
    );
    assert_eq!(rows("tower-metrics-all-grpc").len(), 3);
    assert_eq!(rows("tower-metrics-all-operations").len(), 4);

    let http = json(&sla, "tower-metrics-all-http");
    assert_eq!(steps(&http, "timeseries", "Latency percentiles"), [0.02, 0.1]);
    assert_eq!(steps(&http, "timeseries", "Error ratio"), [0.05]);
    assert_eq!(steps(&http, "timeseries", "Burn rate"), [0.9333, 2.8, 5.6, 13.44], "of 28 days");
    assert_eq!(steps(&http, "stat", "Success ratio"), [0.9995]);
    assert_eq!(steps(&http, "stat", "P99"), [0.1]);
}

#[test]
fn a_burn_rate_is_red_where_somebody_is_woken_whatever_the_period() {
    let red = |days: u64| {
        let period = Duration::from_secs(days * 24 * 3600);
        let sla = [Sla::new("shop").period(period).availability(0.999)];
        let http = steps(&json(&sla, "tower-metrics-shop-http"), "stat", "Burn rate");
        let overview = json(&sla, "tower-metrics-overview");
        let mut tables = overview["panels"].as_array().unwrap().iter();
        let table = tables.find(|panel| panel["title"] == "Objectives" && panel["type"] == "table").unwrap();
        let columns = table["fieldConfig"]["overrides"].as_array().unwrap();
        let column = columns.iter().find(|column| column["matcher"]["options"] == "Burn rate").unwrap();
        let properties = column["properties"].as_array().unwrap();
        let thresholds = properties.iter().find(|property| property["id"] == "thresholds").unwrap();
        assert_eq!(thresholds["value"]["steps"][2]["value"].as_f64(), Some(http[1]));
        http
    };
    assert_eq!(red(7), [1.0, 1.4]);
    assert_eq!(red(30), [1.0, 6.0]);
    assert_eq!(red(90), [1.0, 18.0]);
}

#[test]
fn a_share_has_the_decimals_that_tell_it_from_its_promise() {
    let decimals = |share: f64| {
        let sla = [Sla::new("shop").availability(share)];
        let http = json(&sla, "tower-metrics-shop-http");
        let mut stats = http["panels"].as_array().unwrap().iter();
        let stat = stats.find(|panel| panel["title"] == "Success ratio").unwrap();
        stat["fieldConfig"]["defaults"]["decimals"].as_u64().unwrap()
    };
    assert_eq!([0.9, 0.999, 0.9999, 0.99999].map(decimals), [2, 2, 3, 4]);
}

#[test]
fn a_panel_says_what_is_bad_and_what_is_left_out() {
    let http = json(&[everything()], "tower-metrics-all-http");
    let mut stats = http["panels"].as_array().unwrap().iter();
    let stat = stats.find(|panel| panel["title"] == "Success ratio").unwrap();
    let said = stat["description"].as_str().unwrap();
    for words in ["5xx or 429", "`/internal/*`", "`/events`", "`POST /reports/{id}`", "Promised: 99.95 %."] {
        assert!(said.contains(words), "{words}: {said}");
    }
    // What counts for the whole beside its own promise has not left it.
    assert!(!said.contains("GET /reports"), "{said}");
}
