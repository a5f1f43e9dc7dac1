//! Dashboards that are wrong in one place each: does the layer that is meant to see it see it?

mod places;
mod seeds;

use serde_json::{Value, json};

use crate::{exclusions, lint, sample, schema};
use places::{draw, first, target};
use seeds::{Layer, OF_LINTER, OF_QUERIES, OF_STRUCTURE, OF_TYPES, Seed};

/// What a layer says of a dashboard, as far as it is not said of the good one already.
fn said(layer: Layer, dashboard: &Value) -> Vec<String> {
    match layer {
        Layer::Schema => schema::errors(dashboard),
        Layer::Rule(rule) => {
            let known = lint::faults(&sample());
            let new = lint::faults(dashboard).into_iter();
            let new = new.filter(|fault| fault.rule == rule && !known.contains(fault));
            new.map(|fault| fault.to_string()).collect()
        }
    }
}

/// The faults that nobody sees.
fn unseen(seeds: &[Seed]) -> Vec<&'static str> {
    let is_unseen = |(_, layer, seed): &&Seed| {
        let mut dashboard = sample();
        seed(&mut dashboard);
        said(*layer, &dashboard).is_empty()
    };
    seeds.iter().filter(is_unseen).map(|(name, _, _)| *name).collect()
}

#[test]
fn the_dashboard_that_the_faults_are_put_into_has_none() {
    let none: [String; 0] = [];
    assert_eq!(schema::errors(&sample()), none);
    let (left, _) = lint::excused(lint::faults(&sample()), &exclusions());
    assert_eq!(left.iter().map(ToString::to_string).collect::<Vec<_>>(), none);
}

#[test]
fn grafanas_types_see_every_fault_of_form() {
    assert_eq!(unseen(OF_TYPES), [""; 0]);
}

#[test]
fn the_lint_sees_every_fault_of_queries() {
    assert_eq!(unseen(OF_QUERIES), [""; 0]);
}

#[test]
fn the_lint_sees_every_fault_of_structure() {
    assert_eq!(unseen(OF_STRUCTURE), [""; 0]);
}

#[test]
fn every_rule_of_the_linter_sees_its_fault() {
    assert_eq!(unseen(OF_LINTER), [""; 0]);
}

#[test]
fn a_legend_may_name_what_the_query_keeps() {
    let kept = [
        ("sum by (job) (x) or sum by (endpoint) (y)", "{{endpoint}}"),
        ("topk(5, sum by (endpoint) (x))", "{{ endpoint }}"),
        (r#"label_replace(sum(x), "kind", "all", "", "")"#, "{{kind}}"),
        ("sum by (job) (x) * on (job) group_left (version) build_info", "{{job}} {{version}}"),
        ("100 * sum without (instance) (x)", "{{job}}"),
        (r#"count_values("version", build_info)"#, "{{version}}"),
        (r#"absent(up{job="shop"})"#, "{{job}}"),
        ("x > 5", "{{anything}}"),
    ];
    for (expr, legend) in kept {
        let mut dashboard = sample();
        draw(&mut dashboard, expr, legend);
        let none: [String; 0] = [];
        assert_eq!(said(Layer::Rule("legend"), &dashboard), none, "{expr}");
    }
}

#[test]
fn an_exclusion_excuses_what_it_names_and_no_more() {
    let mut dashboard = sample();
    dashboard["title"] = json!("Shop");
    first(&mut dashboard, "timeseries")["title"] = json!("Rate");
    target(&mut dashboard)["expr"] = json!("up");
    let faults = || {
        let of_panel =
            |fault: &lint::Fault| fault.panel.as_deref() == Some("Rate") && fault.target == Some(0);
        lint::faults(&dashboard).into_iter().filter(of_panel).collect::<Vec<_>>()
    };
    let rules = |faults: &[lint::Fault]| {
        let matchers = ["target-job-rule", "target-instance-rule"];
        matchers.map(|rule| faults.iter().any(|fault| fault.rule == rule))
    };
    let excluding = |entry: &str| {
        format!("exclusions:\n  target-job-rule:\n    reason: recorded\n    entries:\n    - {{{entry}}}\n")
    };
    assert_eq!(rules(&faults()), [true, true]);

    let (left, useless) = lint::excused(faults(), &excluding("dashboard: Shop, panel: Rate, targetIdx: 0"));
    assert_eq!((rules(&left), useless.len()), ([false, true], 0));
    for other in
        ["dashboard: Shop, panel: Rate, targetIdx: \"1\"", "dashboard: Shop, panel: Errors", "panel: Rate"]
    {
        let (left, useless) = lint::excused(faults(), &excluding(other));
        assert_eq!((rules(&left), useless.len()), ([true, true], 1), "{other}");
    }
    let (left, useless) = lint::excused(faults(), "exclusions:\n  target-job-rule:\n");
    assert_eq!((rules(&left), useless), ([false, true], vec!["target-job-rule: no reason".to_owned()]));
}
