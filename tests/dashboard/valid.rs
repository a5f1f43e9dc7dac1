//! What is written, by the schema of Grafana and by the lint: for one promise and for many, under any names.

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;
use tower_metrics::{
    dashboard::Dashboards,
    metrics::Unit,
    names::{Metric, Naming},
    rules::{Alert, Rules},
    sla::Sla,
};

use crate::{
    lint,
    promises::{everything, many, millis},
    schema,
};

const OWN: [Metric; 5] = [
    Metric::counter("ai_predictions_total", Unit::Count, &["model"], "Predictions made, by model."),
    Metric::counter("bytes_sent_total", Unit::Bytes, &[], "Bytes sent."),
    Metric::gauge("queue_depth", Unit::Count, &["queue"], "Messages that wait, by queue."),
    Metric::histogram("inference_duration_seconds", Unit::Seconds, &["model"], "How long an inference took."),
    Metric::histogram("batch_bytes", Unit::Bytes, &[], "How large a batch was."),
];

/// The dashboards of each of these, and what the linter has to know.
fn written() -> Vec<(Vec<Value>, String)> {
    let json = |dashboards: &Dashboards| {
        let all = dashboards.all();
        let parsed = all.iter().map(|it| serde_json::from_str(&it.to_json()).unwrap());
        (parsed.collect(), dashboards.to_lint())
    };
    let everything = [everything()];
    let of_all = Rules::new(&everything).with(Alert::Anomaly).house("platform").without(Alert::Saturation);
    let none = Rules::new(&everything);
    let none = Alert::ALL.into_iter().fold(none, Rules::without);
    let short = Sla::new("a-week").period(Duration::from_secs(7 * 24 * 3600)).availability(0.9);
    let only_grpc = Sla::new("orders").grpc_method("shop.Orders", "Place", |it| it.latency(0.9, millis(5)));
    let only_operation = Sla::new("job").operation("job", |it| it.availability(0.9));
    vec![
        json(&Dashboards::new(&many(1))),
        json(&Dashboards::new(&many(3)).board("AI engine", OWN)),
        json(&Dashboards::new(&many(10))),
        json(&Dashboards::of(&of_all).board("AI engine", OWN)),
        json(&Dashboards::of(&none)),
        json(&Dashboards::new([&short])),
        json(&Dashboards::new([&only_grpc, &only_operation])),
        json(&Dashboards::new([&Sla::new("nothing-promised")])),
        json(&Dashboards::new(&everything.clone().map(|sla| sla.naming(&Naming::opentelemetry())))),
        json(&Dashboards::new(&everything.map(|sla| sla.naming(&Naming::axum_prometheus())))),
        json(&Dashboards::new([&Sla::new("plain").naming(&Naming::axum_prometheus())])),
    ]
}

/// The panel of how calls ended, of the dashboard of HTTP calls, with its query.
fn panel_of_ends(naming: &Naming) -> Option<(String, String)> {
    let all = Dashboards::new([&everything().naming(naming)]).all();
    let json: Value = serde_json::from_str(&all[1].to_json()).unwrap();
    let panels = json["panels"].as_array().unwrap();
    let row = panels.iter().position(|panel| panel["title"] == "Rate, errors, duration").unwrap();
    let panel = panels[row..].iter().find(|panel| {
        panel["title"].as_str().unwrap().ends_with("by outcome")
            || panel["title"].as_str().unwrap().ends_with("by error type")
    })?;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Some((text(&panel["title"]), text(&panel["targets"][0]["expr"])))
}

#[test]
fn how_calls_ended_is_shown_by_the_label_that_a_scheme_has_or_not_at_all() {
    let (title, query) = panel_of_ends(&Naming::new()).unwrap();
    assert_eq!(title, "Calls by outcome");
    assert!(query.starts_with("sum by (outcome)") && query.contains("rate(http_requests_total{"), "{query}");
    let (title, query) = panel_of_ends(&Naming::opentelemetry()).unwrap();
    assert_eq!(title, "Failed calls by error type");
    assert!(query.starts_with("sum by (error_type)") && query.contains("error_type!=\"\""), "{query}");
    assert!(query.contains("rate(http_server_request_duration_seconds_count{"), "{query}");
    assert_eq!(panel_of_ends(&Naming::axum_prometheus()), None);
}

#[test]
fn grafanas_types_accept_every_dashboard() {
    for dashboard in written().iter().flat_map(|(dashboards, _)| dashboards) {
        assert_eq!(schema::errors(dashboard), [""; 0], "{}", dashboard["title"]);
    }
}

#[test]
fn every_rule_of_the_lint_holds_but_those_that_are_excused_with_a_reason() {
    for (dashboards, exclusions) in written() {
        let faults = dashboards.iter().flat_map(lint::faults).collect();
        let (left, useless) = lint::excused(faults, &exclusions);
        assert_eq!(left.iter().map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
        assert_eq!(useless, [""; 0]);
    }
}

/// The names of the series in an expression.
fn names(expr: &str) -> BTreeSet<&str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let selectors = expr.match_indices('{').map(|(at, _)| &expr[..at]);
    let names = selectors.map(|before| &before[before.rfind(|c| !is_name(c)).map_or(0, |at| at + 1)..]);
    names.filter(|name| !name.is_empty()).collect()
}

fn targets(panel: &Value) -> Vec<&str> {
    let inner = panel["panels"].as_array().into_iter().flatten();
    let panels = [panel].into_iter().chain(inner);
    let targets = panels.flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    targets.map(|target| target["expr"].as_str().unwrap()).collect()
}

#[test]
fn what_a_dashboard_reads_is_recorded_by_the_rules_or_exported_by_a_layer() {
    let sla = everything();
    let rules = Rules::new([&sla]).with(Alert::Anomaly);
    let groups = rules.groups();
    let recorded: BTreeSet<_> =
        groups.iter().flat_map(|group| group.rules()).map(|rule| rule.name()).collect();
    let naming = Naming::new().prefix("house_").label("endpoint", "route");
    let of_table = tower_metrics::names::catalog().filter(|metric| !metric.name().contains('<'));
    let mut exported: BTreeSet<_> = of_table.map(|metric| naming.name(metric.name())).collect();
    for operation in ["db_query", "agent"] {
        for suffix in
            ["total", "duration_seconds", "in_flight", "in_flight_limit", "oldest_start_timestamp_seconds"]
        {
            exported.insert(format!("{operation}_{suffix}"));
        }
    }
    exported.extend(["up", "ALERTS"].map(String::from));

    let mut read = 0;
    for dashboard in Dashboards::of(&rules).all() {
        let json: Value = serde_json::from_str(&dashboard.to_json()).unwrap();
        for expr in json["panels"].as_array().unwrap().iter().flat_map(targets) {
            for name in names(expr) {
                let base = ["_bucket", "_count", "_sum"].iter().find_map(|suffix| name.strip_suffix(suffix));
                let is_there = recorded.contains(name)
                    || exported.contains(name)
                    || base.is_some_and(|base| exported.contains(base));
                assert!(is_there, "{}: nobody exports {name}: {expr}", dashboard.title());
                read += 1;
                // Only what is recorded of a service as a whole is not narrowed to the chosen instances.
                assert!(expr.contains("$instance") || recorded.contains(name) || name == "ALERTS", "{expr}");
            }
        }
    }
    assert!(read > 200, "{read}");
}

#[test]
fn the_same_promise_writes_the_same_bytes() {
    let bytes = || {
        let promises = many(3);
        let dashboards = Dashboards::new(&promises).board("AI engine", OWN);
        let all: String = dashboards.all().iter().map(|it| it.to_json()).collect();
        (all, dashboards.to_lint())
    };
    assert_eq!(bytes(), bytes());
}

#[test]
fn what_is_wrong_is_said() {
    let shop = Sla::new("shop").availability(0.999);
    let said = |f: &dyn Fn()| {
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).unwrap_err();
        panic
            .downcast_ref::<String>()
            .cloned()
            .or(panic.downcast_ref::<&str>().map(|text| (*text).into()))
            .unwrap()
    };
    let boards = || Dashboards::new([&shop]).board("Own", OWN);
    let wrong: [(&dyn Fn(), &str); 7] = [
        (&|| drop(boards().board("own!", OWN)), "give one of them another title"),
        (&|| drop(boards().board("Empty", [])), "give it one"),
        (&|| drop(boards().board("Twice", [OWN[0], OWN[0]])), "keep one"),
        (&|| drop(boards().board("!?", OWN)), "no letter or digit"),
        (&|| drop(boards().board("Shop: HTTP", OWN).all()), "give a board another title"),
        (&|| drop(Rules::new([&shop]).house("a house")), "use up to 24 letters"),
        (&|| _ = Metric::counter("orders", Unit::Count, &[], "Orders."), "ends in `_total`"),
    ];
    for (f, words) in wrong {
        let said = said(f);
        assert!(said.contains(words), "{said}");
    }
}

/// Of one counter: all that stands around a panel, and a panel. What a newer compiler or `serde_json` would write otherwise, and
/// what is changed on purpose, shows in this file.
#[test]
fn a_dashboard_is_written_as_the_golden_file_has_it() {
    let shop = Sla::new("shop").selector("env", "prod").availability(0.999);
    let board = Dashboards::new([&shop]).board("Golden", [OWN[0]]).all().pop().unwrap();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/dashboard/golden.json");
    if std::env::var_os("GOLDEN").is_some() {
        std::fs::write(file, board.to_json()).unwrap();
    }
    assert_eq!(board.to_json(), std::fs::read_to_string(file).unwrap());
}

#[test]
fn a_line_of_the_overview_is_of_one_service_and_not_of_every_job_that_is_chosen() {
    let promises = many(5);
    let overview: Value = serde_json::from_str(&Dashboards::new(&promises).all()[0].to_json()).unwrap();
    let of_service = |legend: &str| {
        let name = legend.split(' ').next().unwrap();
        promises.iter().find(|sla| sla.name() == name).map(|sla| format!("job={:?}", sla.job_name()))
    };
    let mut lines = 0;
    for target in overview["panels"].as_array().unwrap().iter().flat_map(|panel| {
        let targets = panel["targets"].as_array().into_iter().flatten();
        targets.filter(|_| panel["type"] == "timeseries")
    }) {
        let (legend, expr) = (target["legendFormat"].as_str().unwrap(), target["expr"].as_str().unwrap());
        let Some(job) = of_service(legend) else { continue };
        let selectors = expr.matches("job=~\"$job\"").count();
        assert_eq!(expr.matches(&job).count(), selectors, "{legend}: {expr}");
        lines += 1;
    }
    // Rate, errors and P99 of five HTTP services, of one that speaks gRPC, and of five operations.
    assert_eq!(lines, 3 * (5 + 1 + 5));
}
