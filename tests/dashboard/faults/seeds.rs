//! The faults, each as a change of a good dashboard.

use Layer::{Rule, Schema};
use serde_json::{Value, json};

use super::places::{ask, custom, draw, first, list, overridden, remove, target, unit, variable};

/// Who has to see a fault: Grafana's types, or the rule of this name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Layer {
    Schema,
    Rule(&'static str),
}

/// What is wrong, who sees it, and how it is put in.
pub(super) type Seed = (&'static str, Layer, fn(&mut Value));

pub(super) const OF_TYPES: &[Seed] = &[
    ("an unknown key of a target", Schema, |d| target(d)["legend"] = json!("{{job}}")),
    ("a word that is none of an enum's", Schema, |d| {
        first(d, "timeseries")["options"]["tooltip"]["mode"] = json!("some")
    }),
    ("a panel type that Grafana removed", Schema, |d| first(d, "timeseries")["type"] = json!("graph")),
    ("a width in a string", Schema, |d| first(d, "timeseries")["gridPos"]["w"] = json!("12")),
    ("a panel without a description", Schema, |d| remove(first(d, "timeseries"), "description")),
    ("an empty description", Schema, |d| first(d, "timeseries")["description"] = json!("")),
    ("a datasource that nobody chose", Schema, |d| {
        first(d, "timeseries")["datasource"]["uid"] = json!("prometheus")
    }),
    ("a target's datasource that nobody chose", Schema, |d| {
        target(d)["datasource"]["uid"] = json!("prometheus")
    }),
    ("a legend of another shape", Schema, |d| {
        first(d, "timeseries")["options"]["legend"] = json!({ "show": true })
    }),
    ("a refresh that is no interval", Schema, |d| d["refresh"] = json!("often")),
    ("an unknown key of the dashboard", Schema, |d| d["colour"] = json!("dark")),
    ("an unknown key of the drawing", Schema, |d| custom(d)["lineWitdh"] = json!(2)),
    ("a line's width in a string", Schema, |d| custom(d)["lineWidth"] = json!("2")),
    ("a reduction that Grafana does not know", Schema, |d| {
        first(d, "timeseries")["options"]["legend"]["calcs"] = json!(["average"]);
    }),
    ("a colour that Grafana does not know", Schema, |d| {
        first(d, "timeseries")["fieldConfig"]["defaults"]["color"] =
            json!({ "mode": "fixed", "fixedColor": "reddish" });
    }),
    ("an override of an unknown property", Schema, |d| {
        overridden(d, json!({ "id": "custom.lineColor", "value": "red" }));
    }),
    ("an override with a value of another type", Schema, |d| {
        overridden(d, json!({ "id": "unit", "value": 1 }))
    }),
    ("a variable without a text for its value", Schema, |d| {
        variable(d, "job")["current"] = json!({ "value": "$__all" })
    }),
    ("a link to nowhere", Schema, |d| {
        first(d, "timeseries")["links"] = json!([{ "title": "Runbook", "url": "" }]);
    }),
];

pub(super) const OF_QUERIES: &[Seed] = &[
    ("PromQL that does not parse", Rule("promql"), |d| {
        target(d)["expr"] = json!("sum(rate(http_requests_total[5m])")
    }),
    ("an annotation that does not parse", Rule("promql"), |d| {
        list(&mut d["annotations"]["list"]).push(json!({ "name": "Alerts", "expr": "ALERTS{" }));
    }),
    ("a variable's query that does not parse", Rule("promql"), |d| ask(d, "job", "label_values(up{, job)")),
    ("a legend of a label that is summed away", Rule("legend"), |d| {
        draw(d, r#"sum by (job) (rate(x_total{job=~"$job"}[$__rate_interval]))"#, "{{job}} {{endpoint}}");
    }),
    ("a legend of the bound that a quantile uses up", Rule("legend"), |d| {
        draw(d, "histogram_quantile(0.9, sum by (le, job) (rate(x_bucket[$__rate_interval])))", "{{le}}");
    }),
    ("a legend of a label that one side has not", Rule("legend"), |d| {
        draw(d, "sum by (job, endpoint) (x) / on (job) sum by (job) (y)", "{{endpoint}}");
    }),
    ("a variable that nobody declared", Rule("variable"), |d| {
        target(d)["expr"] = json!(r#"up{job=~"${jobs:regex}"}"#)
    }),
    ("a link with a variable that nobody declared", Rule("variable"), |d| {
        first(d, "timeseries")["links"] = json!([{ "title": "Runbook", "url": "/d/x?var-job=$jobs" }]);
    }),
    ("a variable that asks for itself", Rule("variable"), |d| {
        ask(d, "job", r#"label_values(up{job=~"$job"}, job)"#)
    }),
    ("a variable named status", Rule("status-shared"), |d| variable(d, "instance")["name"] = json!("status")),
    ("a variable of all statuses", Rule("status-shared"), |d| ask(d, "instance", "label_values(up, status)")),
    ("codes beside classes", Rule("status-shared"), |d| {
        draw(d, "sum by (status) (x_total) / sum by (status) (x_seconds_count)", "{{status}}");
    }),
];

pub(super) const OF_STRUCTURE: &[Seed] = &[
    ("a unit that Grafana does not know", Rule("unit"), |d| unit(d, "seconds")),
    ("an override's unit that Grafana does not know", Rule("unit"), |d| {
        overridden(d, json!({ "id": "unit", "value": "seconds" }));
    }),
    ("an axis' unit that Grafana does not know", Rule("unit"), |d| {
        let panel = first(d, "timeseries");
        panel["type"] = json!("heatmap");
        panel["options"]["yAxis"] = json!({ "unit": "seconds" });
    }),
    ("a panel wider than the grid", Rule("grid"), |d| first(d, "timeseries")["gridPos"]["w"] = json!(25)),
    ("a panel without a height", Rule("grid"), |d| first(d, "timeseries")["gridPos"]["h"] = json!(0)),
    ("a panel over another", Rule("grid"), |d| {
        let panels = list(&mut d["panels"]);
        let mut panel = panels[0].clone();
        panel["id"] = json!(9_999);
        panels.push(panel);
    }),
    ("a panel over another in a collapsed row", Rule("grid"), |d| {
        let panel =
            |id: u32| json!({ "id": id, "type": "text", "gridPos": { "x": 0, "y": 1_001, "w": 2, "h": 2 } });
        let panels = [panel(9_998), panel(9_999)];
        let grid = json!({ "x": 0, "y": 1_000, "w": 24, "h": 1 });
        list(&mut d["panels"]).push(
            json!({ "id": 9_997, "type": "row", "collapsed": true, "gridPos": grid, "panels": panels }),
        );
    }),
    ("an id given twice", Rule("id"), |d| {
        let id = list(&mut d["panels"])[0]["id"].clone();
        list(&mut d["panels"]).push(json!({ "id": id, "gridPos": { "x": 0, "y": 1_000, "w": 1, "h": 1 } }));
    }),
    ("an id given again in a collapsed row", Rule("id"), |d| {
        let id = list(&mut d["panels"])[0]["id"].clone();
        let inner = json!([{ "id": id, "gridPos": { "x": 0, "y": 1_001, "w": 1, "h": 1 } }]);
        let grid = json!({ "x": 0, "y": 1_000, "w": 24, "h": 1 });
        list(&mut d["panels"])
            .push(json!({ "id": 9_997, "type": "row", "collapsed": true, "gridPos": grid, "panels": inner }));
    }),
    ("a refId given twice", Rule("ref-id"), |d| {
        let again = target(d).clone();
        list(&mut first(d, "timeseries")["targets"]).push(again);
    }),
    ("an open row that holds panels", Rule("row"), |d| {
        let grid = json!({ "x": 0, "y": 1_000, "w": 24, "h": 1 });
        let inner = json!([{ "id": 9_998, "gridPos": { "x": 0, "y": 1_001, "w": 1, "h": 1 } }]);
        list(&mut d["panels"]).push(
            json!({ "id": 9_997, "type": "row", "collapsed": false, "gridPos": grid, "panels": inner }),
        );
    }),
];

pub(super) const OF_LINTER: &[Seed] = &[
    ("no variable for the datasource", Rule("template-datasource-rule"), |d| {
        list(&mut d["templating"]["list"]).retain(|variable| variable["type"] != "datasource");
    }),
    ("a datasource under another name", Rule("template-datasource-rule"), |d| {
        variable(d, "datasource")["name"] = json!("source")
    }),
    ("a job that takes one value", Rule("template-job-rule"), |d| variable(d, "job")["multi"] = json!(false)),
    ("no variable for the instance", Rule("template-instance-rule"), |d| {
        list(&mut d["templating"]["list"]).retain(|variable| variable["name"] != "instance");
    }),
    ("a function that variables do not have", Rule("template-label-promql-rule"), |d| {
        ask(d, "job", "values(up, job)")
    }),
    ("a variable that is asked for once", Rule("template-on-time-change-reload-rule"), |d| {
        variable(d, "job")["refresh"] = json!(1)
    }),
    ("a panel of a fixed datasource", Rule("panel-datasource-rule"), |d| {
        first(d, "timeseries")["datasource"]["uid"] = json!("x")
    }),
    ("a panel that does not say what it is", Rule("panel-title-description-rule"), |d| {
        remove(first(d, "timeseries"), "description")
    }),
    ("a panel without a unit", Rule("panel-units-rule"), |d| {
        remove(&mut first(d, "timeseries")["fieldConfig"]["defaults"], "unit")
    }),
    ("a panel without a query", Rule("panel-no-targets-rule"), |d| remove(first(d, "timeseries"), "targets")),
    ("a query that does not parse", Rule("target-promql-rule"), |d| target(d)["expr"] = json!("rate(")),
    ("a rate over a fixed range", Rule("target-rate-interval-rule"), |d| {
        target(d)["expr"] = json!("rate(x_total[5m])")
    }),
    ("a query over all jobs", Rule("target-job-rule"), |d| {
        target(d)["expr"] = json!(r#"up{instance=~"$instance"}"#)
    }),
    ("a query over one instance", Rule("target-instance-rule"), |d| {
        target(d)["expr"] = json!(r#"up{job=~"$job", instance="$instance"}"#)
    }),
    ("a counter as it is", Rule("target-counter-agg-rule"), |d| {
        target(d)["expr"] = json!(r#"sum(x_total{job=~"$job"})"#)
    }),
    ("a query that Loki would be asked", Rule("target-logql-rule"), |d| {
        target(d)["datasource"]["type"] = json!("loki")
    }),
    ("a query that Loki would be asked over a fixed range", Rule("target-logql-auto-rule"), |d| {
        target(d)["datasource"]["type"] = json!("loki");
        target(d)["expr"] = json!(r#"rate({job=~"$job"}[5m])"#);
    }),
    ("a dashboard that can be edited", Rule("uneditable-dashboard"), |d| d["editable"] = json!(true)),
    ("a dashboard that does not say whether it can be edited", Rule("uneditable-dashboard"), |d| {
        remove(d, "editable")
    }),
];
