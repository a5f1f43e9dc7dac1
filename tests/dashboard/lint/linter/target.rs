//! Queries: that they are PromQL, over the ranges and with the matchers and functions that they need.

use promql_parser::{label::MatchOp, parser::VectorSelector};

use super::is_queried;
use crate::lint::{
    Report,
    board::{Board, Panel, Target, text},
    promql::{self, RATE_INTERVAL},
};

pub(super) fn check(board: &Board<'_>, report: &mut Report<'_>) {
    let is_prometheus = board.datasource_kind() == Some("prometheus");
    for (panel, target) in board.targets() {
        logql(board, panel, target, report);
        if is_prometheus && is_queried(panel) {
            promql(board, panel, target, report);
            rate_interval(panel, target, report);
        }
        if is_prometheus {
            matcher(panel, target, report, "target-job-rule", "job");
            matcher(panel, target, report, "target-instance-rule", "instance");
        }
        counter_agg(panel, target, report);
    }
}

fn promql(board: &Board<'_>, panel: &Panel<'_>, target: &Target<'_>, report: &mut Report<'_>) {
    const RULE: &str = "target-promql-rule";
    let other = target.value["panelId"].as_i64().filter(|id| target.expr.is_empty() && *id > 0);
    match (&target.query, other) {
        // It shows what another panel asked for.
        (_, Some(id)) => {
            if !board.panels.iter().any(|panel| panel.value["id"] == id) {
                report.target(RULE, panel, target, format!("there is no panel {id}"));
            }
        }
        (Err(error), None) => report.target(RULE, panel, target, format!("{error}: {}", target.expr)),
        (Ok(_), None) => {}
    }
}

fn rate_interval(panel: &Panel<'_>, target: &Target<'_>, report: &mut Report<'_>) {
    let Ok(query) = &target.query else { return };
    for selected in promql::selectors(query) {
        let is_rate = matches!(selected.function, Some("irate" | "rate"));
        if is_rate && selected.range != Some(RATE_INTERVAL) {
            let message = format!("not over $__rate_interval: {}", target.expr);
            report.target("target-rate-interval-rule", panel, target, message);
        }
    }
}

fn matcher(panel: &Panel<'_>, target: &Target<'_>, report: &mut Report<'_>, rule: &'static str, label: &str) {
    let Ok(query) = &target.query else { return };
    let is_matched = |selector: &VectorSelector| {
        selector.matchers.matchers.iter().any(|matcher| {
            matcher.name == label
                && matches!(matcher.op, MatchOp::Re(_))
                && matcher.value.strip_prefix('$') == Some(label)
        })
    };
    for selected in promql::selectors(query).iter().filter(|selected| !is_matched(selected.selector)) {
        report.target(rule, panel, target, format!("no {label}=~\"${label}\" in {}", selected.selector));
    }
}

fn counter_agg(panel: &Panel<'_>, target: &Target<'_>, report: &mut Report<'_>) {
    let Ok(query) = &target.query else { return };
    for selected in promql::selectors(query) {
        let is_counter = selected.selector.name.as_ref().is_some_and(|name| name.ends_with("_total"));
        let is_rate = matches!(selected.function, Some("increase" | "irate" | "rate"));
        if is_counter && !(is_rate && selected.range.is_some()) {
            let message = format!("a counter without rate, irate or increase: {}", selected.selector);
            report.target("target-counter-agg-rule", panel, target, message);
        }
    }
}

/// No dashboard here asks Loki, and there is no parser for its language: any query to it is a fault of the first rule,
/// and one over a fixed range of the second.
fn logql(board: &Board<'_>, panel: &Panel<'_>, target: &Target<'_>, report: &mut Report<'_>) {
    let is_loki = board.datasource_kind() == Some("loki") || text(target.value, "/datasource/type") == "loki";
    if !is_loki || !is_queried(panel) || target.value["hide"] == true {
        return;
    }
    report.target("target-logql-rule", panel, target, format!("cannot be checked: {}", target.expr));
    if target.expr.contains('[') && !target.expr.contains("$__auto") {
        let message = format!("not over $__auto: {}", target.expr);
        report.target("target-logql-auto-rule", panel, target, message);
    }
}
