//! Every metric and every label that rules and dashboards ask for is on a page that was really rendered under the scheme.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use promql_parser::parser::{Expr, LabelModifier};
use tower::Layer;
use tower_metrics::{
    GrpcMessagesLayer, GrpcMetricsLayer, HttpMetricsLayer, RejectionLayer, ServiceMetricsLayer,
    dashboard::Dashboards,
    exporter::Prometheus,
    metrics::with_local_recorder,
    names::Naming,
    rules::{Alert, Rules},
    sla::Sla,
};

use crate::{page::labels_by_name, promql, traffic};

/// Labels that Prometheus and the rules put on what they store, and one that a query makes.
const ADDED: [&str; 10] =
    ["job", "instance", "le", "slo", "signal", "class", "alertname", "alertstate", "severity", "__name__"];

fn everything(naming: &Naming) -> Sla {
    let threshold = Duration::from_millis(33);
    Sla::new("shop")
        .naming(naming)
        .availability(0.99)
        .latency(0.99, threshold)
        .head_latency(0.95, threshold)
        .streams(["/events"])
        .endpoint("GET", "/users/{id}", |it| it.availability(0.9).latency(0.9, threshold))
        .grpc(|it| it.availability(0.99).latency(0.99, threshold))
        .grpc_method("shop.Orders", "Place", |it| it.availability(0.9).latency(0.9, threshold))
        .operation("job", |it| it.availability(0.9))
}

/// A page with everything on it that a service can export.
fn page(sla: &Sla, naming: &Naming) -> String {
    let recorder = Prometheus::new().sla(sla).into_builder().build_recorder();
    with_local_recorder(&recorder, || {
        let http =
            HttpMetricsLayer::new().naming(naming).sla(sla).in_flight_limit(10).oldest_start_timestamp();
        traffic::http(&http);
        http.initialize();
        let grpc = GrpcMetricsLayer::new().naming(naming).oldest_start_timestamp();
        traffic::grpc(&grpc);
        GrpcMessagesLayer::from(grpc).initialize();
        let limiter = RejectionLayer::new("edge").naming(naming).around(tower::layer::util::Identity::new());
        drop(limiter.layer(()));
        ServiceMetricsLayer::new("job").in_flight_limit(1).oldest_start_timestamp().initialize();
    });
    recorder.handle().run_upkeep();
    recorder.handle().render()
}

/// What is asked in rules, and what in panels and variables.
fn queries(rules: &Rules) -> Vec<String> {
    let mut queries: Vec<_> =
        rules.groups().iter().flat_map(|group| group.rules()).map(|rule| rule.expr().to_owned()).collect();
    for board in Dashboards::of(rules).all() {
        let json: serde_json::Value = serde_json::from_str(&board.to_json()).unwrap();
        collect(&json, &mut queries);
    }
    queries
}

fn collect(json: &serde_json::Value, queries: &mut Vec<String>) {
    match json {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(query) if name == "expr" => queries.push(query.to_owned()),
                    Some(query) if query.starts_with("label_values(") => {
                        let (selector, label) =
                            query["label_values(".len()..query.len() - 1].rsplit_once(", ").unwrap();
                        queries.push(format!("sum by ({label}) ({selector})"));
                    }
                    _ => collect(value, queries),
                }
            }
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| collect(value, queries)),
        _ => {}
    }
}

/// What a query asks for that there is nowhere.
fn unknown(query: &str, known: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let query = query.replace("offset $__interval", "offset 60s");
    let expr = promql::parse(&query).unwrap();
    let mut unknown = Vec::new();
    for expr in promql::walk(&expr) {
        let selectors = promql::selectors(expr);
        let names: Vec<_> = selectors.iter().map(|it| it.selector.name.clone().unwrap()).collect();
        let of = |name: &String| known.get(name).cloned().unwrap_or_default();
        let has = |labels: &BTreeSet<String>, label: &str| ADDED.contains(&label) || labels.contains(label);
        for (selected, name) in selectors.iter().zip(&names) {
            if !known.contains_key(name) {
                unknown.push(name.clone());
            }
            let matchers = selected.selector.matchers.matchers.iter();
            let strange = matchers.filter(|matcher| !has(&of(name), &matcher.name));
            unknown.extend(strange.map(|matcher| format!("{} of {name}", matcher.name)));
        }
        if let Expr::Aggregate(aggregate) = expr {
            if let Some(LabelModifier::Include(by)) = &aggregate.modifier {
                let all: BTreeSet<_> = names.iter().flat_map(of).collect();
                let strange = by.labels.iter().filter(|label| !has(&all, label));
                unknown.extend(strange.map(|label| format!("by {label} of {names:?}")));
            }
        }
    }
    unknown
}

#[test]
fn nothing_generated_asks_for_what_is_not_exported() {
    let schemes = [
        Naming::new(),
        Naming::new().prefix("house_").label("endpoint", "path").label("limiter", "gate"),
        Naming::opentelemetry(),
        Naming::opentelemetry().prefix("house.").label("status", "code").label("endpoint", "path"),
        Naming::axum_prometheus(),
        Naming::axum_prometheus().prefix("house_").label("status", "code"),
    ];
    for naming in schemes {
        let sla = everything(&naming);
        let rules = Rules::new([&sla]).with(Alert::TrafficAbsent).with(Alert::Anomaly);
        let mut known = labels_by_name(&page(&sla, &naming));
        for rule in rules.groups().iter().flat_map(|group| group.rules()) {
            // What is recorded by endpoint or by method has the labels by which it was summed.
            let labels = known.values().flatten().cloned().collect();
            known.entry(rule.name().to_owned()).or_insert(labels);
        }
        for name in [
            "up",
            "ALERTS",
            "tower_metrics_label_sets",
            "tower_metrics_label_sets_limit",
            "tower_metrics_overflow_total",
        ] {
            known.entry(name.to_owned()).or_insert_with(|| BTreeSet::from(["metric".to_owned()]));
        }
        let queries = queries(&rules);
        assert!(queries.len() > 200, "{}", queries.len());
        for query in queries {
            let unknown = unknown(&query, &known);
            assert!(
                unknown.is_empty(),
                "{naming:?} has no {unknown:?}, which is asked for in\n{query}\nof {known:#?}"
            );
        }
    }
}

#[test]
fn what_is_not_exported_would_be_found() {
    let known = BTreeMap::from([("calls_total".to_owned(), BTreeSet::from(["status".to_owned()]))]);
    assert_eq!(unknown("sum by (job, status) (rate(calls_total{status=\"1\"}[5m]))", &known), [""; 0]);
    for query in ["sum(other_total)", "sum(calls_total{code=\"1\"})", "sum by (code) (calls_total)"] {
        assert!(!unknown(query, &known).is_empty(), "{query}");
    }
}
