//! Queries: that they parse, what their legends and variables name, and the two meanings of `status`.

use std::collections::BTreeSet;

use super::{
    Report,
    board::{Board, Target, items, text, variable_query},
    labels::labels,
    promql,
};
use promql_parser::parser::{Expr, LabelModifier};

/// A counter has the exact code under this label, a histogram its class.
const SHARED: &str = "status";

pub(super) fn check(board: &Board<'_>, report: &mut Report<'_>) {
    parses(board, report);
    legends(board, report);
    variables(board, report);
    status_variables(board, report);
    status_panels(board, report);
}

/// The selector of a variable's query, where its function takes one.
pub(super) fn variable_selector(query: &str) -> Result<Option<&str>, String> {
    let query = query.trim();
    let call = query.strip_suffix(')').and_then(|call| call.split_once('('));
    let (function, argument) = call.ok_or_else(|| format!("{query:?} is no call"))?;
    let argument = argument.trim();
    let is_label = |label: &str| label.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
    match function {
        "label_values" => match argument.rsplit_once(',') {
            Some((selector, label)) if is_label(label.trim()) => Ok(Some(selector)),
            None if is_label(argument) && !argument.is_empty() => Ok(None),
            _ => Err(format!("{query:?} names no label")),
        },
        "query_result" => Ok(Some(argument)),
        "label_names" if argument.is_empty() => Ok(None),
        "label_names" => Ok(Some(argument)),
        "metrics" => Ok(None),
        _ => Err(format!("{function:?} is no function of Grafana's variables")),
    }
}

fn parses(board: &Board<'_>, report: &mut Report<'_>) {
    for (panel, target) in board.targets() {
        if let Err(error) = &target.query {
            report.target("promql", panel, target, format!("{error}: {}", target.expr));
        }
    }
    for annotation in items(board.value, "/annotations/list") {
        let expr = text(annotation, "/expr");
        if annotation["builtIn"] != 1 {
            if let Err(error) = promql::parse(expr) {
                report.dashboard("promql", format!("annotation {}: {error}: {expr}", annotation["name"]));
            }
        }
    }
    for variable in board.variables_of("query") {
        let parsed = variable_selector(variable_query(variable))
            .and_then(|selector| selector.map(promql::parse).transpose());
        if let Err(error) = parsed {
            report.dashboard("promql", format!("variable {}: {error}", variable["name"]));
        }
    }
}

fn legends(board: &Board<'_>, report: &mut Report<'_>) {
    for (panel, target) in board.targets() {
        let Ok(query) = &target.query else { continue };
        let kept = labels(query);
        for label in promql::legend_labels(text(target.value, "/legendFormat")) {
            if !kept.has(label) {
                report.target("legend", panel, target, format!("no series has {label:?}: {}", target.expr));
            }
        }
    }
}

fn variables(board: &Board<'_>, report: &mut Report<'_>) {
    let declared: BTreeSet<_> = board.variables.iter().map(|variable| text(variable, "/name")).collect();
    let unknown = |text: &str| {
        let names = promql::variables(text).into_iter();
        let names = names.filter(|name| !promql::is_builtin(name) && !declared.contains(name));
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    const RULE: &str = "variable";
    for (panel, target) in board.targets() {
        for name in unknown(target.expr) {
            report.target(RULE, panel, target, format!("${name} is not declared"));
        }
    }
    for panel in &board.panels {
        let links =
            items(panel.value, "/links").iter().chain(items(panel.value, "/fieldConfig/defaults/links"));
        let links = links.chain(panel.overrides("links").flat_map(|links| items(links, "")));
        let texts = links.map(|link| text(link, "/url")).chain([panel.title]);
        for name in texts.flat_map(unknown) {
            report.panel(RULE, panel, format!("${name} is not declared"));
        }
        let repeat = text(panel.value, "/repeat");
        if !repeat.is_empty() && !declared.contains(repeat) {
            report.panel(RULE, panel, format!("repeats over {repeat:?}, which is not declared"));
        }
    }
    let annotations = items(board.value, "/annotations/list").iter().map(|one| text(one, "/expr"));
    let links = items(board.value, "/links").iter().map(|link| text(link, "/url"));
    for name in annotations.chain(links).flat_map(unknown) {
        report.dashboard(RULE, format!("${name} is not declared"));
    }
    let mut names = BTreeSet::new();
    for variable in &board.variables {
        let name = text(variable, "/name");
        if !names.insert(name) {
            report.dashboard(RULE, format!("${name} is declared twice"));
        }
        let query = variable_query(variable);
        for name in unknown(query) {
            report.dashboard(RULE, format!("${name} is not declared: {query}"));
        }
        if promql::variables(query).contains(&name) {
            report.dashboard(RULE, format!("${name} asks for itself: {query}"));
        }
    }
}

fn status_variables(board: &Board<'_>, report: &mut Report<'_>) {
    let is_values = |query: &str| {
        let label = query.trim().strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')'));
        label.is_some_and(|label| label.rsplit(',').next().map(str::trim) == Some(SHARED))
    };
    for variable in &board.variables {
        if text(variable, "/name") == SHARED || is_values(variable_query(variable)) {
            let message = "a code chosen here matches no histogram, a class no counter";
            report.dashboard("status-shared", format!("variable {}: {message}", variable["name"]));
        }
    }
}

fn status_panels(board: &Board<'_>, report: &mut Report<'_>) {
    for panel in &board.panels {
        let grouping = panel.targets.iter().filter(|target| is_by_status(target));
        let names = grouping.flat_map(metrics).collect::<BTreeSet<_>>();
        let is_counter = names.iter().any(|name| name.ends_with("_total"));
        let is_histogram =
            names.iter().any(|name| ["_bucket", "_count", "_sum"].iter().any(|end| name.ends_with(end)));
        if is_counter && is_histogram {
            report.panel("status-shared", panel, "series of codes and of classes side by side");
        }
    }
}

fn metrics<'a>(target: &'a Target<'_>) -> Vec<&'a str> {
    let selectors = target.query.as_ref().map(promql::selectors).unwrap_or_default();
    selectors.into_iter().filter_map(|selected| selected.selector.name.as_deref()).collect()
}

/// Whether the series of a target are told apart, or matched, by their status.
fn is_by_status(target: &Target<'_>) -> bool {
    let has = |modifier: &LabelModifier| {
        modifier.is_include() && modifier.labels().labels.iter().any(|label| label == SHARED)
    };
    let is_grouped = |expr: &&Expr| match expr {
        Expr::Aggregate(aggregate) => aggregate.modifier.as_ref().is_some_and(has),
        Expr::Binary(binary) => {
            let matching = binary.modifier.as_ref().and_then(|modifier| modifier.matching.as_ref());
            matching.is_some_and(has)
        }
        _ => false,
    };
    let in_query = target.query.as_ref().is_ok_and(|query| promql::walk(query).iter().any(is_grouped));
    in_query || promql::legend_labels(text(target.value, "/legendFormat")).any(|label| label == SHARED)
}
