//! Variables: the datasource, `job` and `instance` that every dashboard has, and how all of them are filled.

use serde_json::Value;

use crate::lint::{
    Report,
    board::{Board, text, variable_query},
    promql,
    queries::variable_selector,
};

const DATASOURCES: [&str; 4] =
    ["$datasource", "${datasource}", "$prometheus_datasource", "${prometheus_datasource}"];

/// `Refresh` of a variable: whenever the time range changes.
const ON_TIME_RANGE: u64 = 2;

pub(super) fn check(board: &Board<'_>, report: &mut Report<'_>) {
    datasource(board, report);
    if board.datasource_kind() == Some("prometheus") {
        required(board, report, "template-job-rule", "job");
        required(board, report, "template-instance-rule", "instance");
        queries(board, report);
    }
    for variable in board.variables_of("query").filter(|one| one["refresh"] != ON_TIME_RANGE) {
        let message = format!("{} is not asked for anew when the time range changes", variable["name"]);
        report.dashboard("template-on-time-change-reload-rule", message);
    }
}

/// `Prometheus` of `prometheus`.
fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn datasource(board: &Board<'_>, report: &mut Report<'_>) {
    const RULE: &str = "template-datasource-rule";
    let variables = board.variables_of("datasource").collect::<Vec<_>>();
    if variables.is_empty() {
        report.dashboard(RULE, "has no variable of type datasource");
    }
    let is_only = variables.len() == 1;
    for variable in variables {
        let kind = variable_query(variable).to_lowercase();
        let (name, label) = (text(variable, "/name"), text(variable, "/label"));
        // The general words would not tell two datasources apart.
        if name != format!("{kind}_datasource") && !(is_only && name == "datasource") {
            report.dashboard(RULE, format!("a datasource's variable is named {name:?}"));
        }
        if label != format!("{} data source", capitalized(&kind)) && !(is_only && label == "Data source") {
            report.dashboard(RULE, format!("a datasource's variable is labelled {label:?}"));
        }
    }
}

fn required(board: &Board<'_>, report: &mut Report<'_>, rule: &'static str, name: &str) {
    let Some(variable) = board.variables.iter().find(|variable| variable["name"] == name) else {
        report.dashboard(rule, format!("has no variable {name}"));
        return;
    };
    let uid = variable["datasource"].as_str().unwrap_or_else(|| text(variable, "/datasource/uid"));
    let faults = [
        (!DATASOURCES.contains(&uid), "does not ask the datasource that was chosen"),
        (variable["type"] != "query", "is no query"),
        (variable["label"] != capitalized(name), "is not labelled with its name"),
        (variable["multi"] != true, "takes one value only"),
        (variable["allValue"] != ".+", "does not stand for `.+` where all are chosen"),
    ];
    for (_, fault) in faults.into_iter().filter(|(is_fault, _)| *is_fault) {
        report.dashboard(rule, format!("variable {name} {fault}"));
    }
}

fn queries(board: &Board<'_>, report: &mut Report<'_>) {
    let parse = |variable: &Value| {
        let selector = variable_selector(variable_query(variable))?;
        selector.map(promql::parse).transpose()
    };
    for variable in board.variables_of("query") {
        if let Err(error) = parse(variable) {
            report.dashboard("template-label-promql-rule", format!("variable {}: {error}", variable["name"]));
        }
    }
}
