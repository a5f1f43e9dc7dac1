//! The 17 rules of grafana/dashboard-linter at 4d0844b, under their names there, so that one file of exclusions serves
//! both. Like there, most rules look at some types of panels only.

mod panel;
mod target;
mod template;

use super::{
    Report,
    board::{Board, Panel},
};

pub(super) fn check(board: &Board<'_>, report: &mut Report<'_>) {
    template::check(board, report);
    panel::check(board, report);
    target::check(board, report);
    // Grafana takes a dashboard that says nothing for an editable one.
    if board.value["editable"] != false {
        report.dashboard("uneditable-dashboard", "can be edited");
    }
}

/// Whether the rules for what panels say of themselves apply.
fn is_described(panel: &Panel<'_>) -> bool {
    ["gauge", "graph", "singlestat", "stat", "table", "timeseries"].contains(&panel.kind)
}

/// Whether the rules for queries that are drawn apply.
fn is_queried(panel: &Panel<'_>) -> bool {
    ["gauge", "singlestat", "stat", "state-timeline", "table", "timeseries"].contains(&panel.kind)
}
