//! Panels: datasource, title, description, unit, targets.

use super::is_described;
use crate::lint::{
    Report,
    board::{Board, Panel, items, text},
    structure::is_unit,
};

pub(super) fn check(board: &Board<'_>, report: &mut Report<'_>) {
    for panel in &board.panels {
        if ["graph", "singlestat", "table", "timeseries"].contains(&panel.kind) {
            datasource(board, panel, report);
        }
        if is_described(panel) {
            if panel.title.is_empty() || text(panel.value, "/description").is_empty() {
                report.panel("panel-title-description-rule", panel, "has no title or no description");
            }
            if panel.targets.is_empty() {
                report.panel("panel-no-targets-rule", panel, "has no targets");
            }
            unit(panel, report);
        }
    }
}

fn datasource(board: &Board<'_>, panel: &Panel<'_>, report: &mut Report<'_>) {
    let datasource = &panel.value["datasource"];
    let uid = datasource.as_str().unwrap_or_else(|| text(datasource, "/uid"));
    let is_variable = board.variables_of("datasource").any(|variable| {
        let name = text(variable, "/name");
        uid == format!("${name}") || uid == format!("${{{name}}}")
    });
    if !is_variable {
        report.panel("panel-datasource-rule", panel, format!("asks {uid:?}, which nobody can choose"));
    }
}

fn unit(panel: &Panel<'_>, report: &mut Report<'_>) {
    let defaults = &panel.value["fieldConfig"]["defaults"];
    // Words in the place of numbers have no unit.
    let is_mapped = !items(defaults, "/mappings").is_empty() || panel.overrides("mappings").next().is_some();
    let is_text = panel.kind == "stat" && !text(panel.value, "/options/reduceOptions/fields").is_empty();
    let unit = text(defaults, "/unit");
    if !is_mapped && !is_text && !is_unit(unit) {
        report.panel("panel-units-rule", panel, format!("has the unit {unit:?} by default"));
    }
}
