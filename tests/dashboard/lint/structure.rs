//! Units, the grid, ids and rows.

use std::{collections::BTreeSet, sync::LazyLock};

use serde_json::Value;

use super::{
    Report,
    board::{Board, Panel, items, text},
};

const WIDTH: i64 = 24;

static UNITS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let list: Value = serde_json::from_str(include_str!("../grafana/units.json")).expect("the list is JSON");
    items(&list, "/units").iter().filter_map(Value::as_str).map(str::to_owned).collect()
});

/// Where a panel is, in cells: x, y, width, height.
type Cells = [i64; 4];

pub(super) fn is_unit(unit: &str) -> bool {
    UNITS.contains(unit)
}

pub(super) fn check(board: &Board<'_>, report: &mut Report<'_>) {
    units(board, report);
    grid(board, report);
    ids(board, report);
    rows(board, report);
}

fn units(board: &Board<'_>, report: &mut Report<'_>) {
    for panel in &board.panels {
        let places = ["/fieldConfig/defaults/unit", "/options/yAxis/unit", "/options/cellValues/unit"];
        let values = places.iter().filter_map(|place| panel.value.pointer(place));
        for unit in values.chain(panel.overrides("unit")).filter_map(Value::as_str) {
            if !is_unit(unit) {
                report.panel("unit", panel, format!("Grafana has no unit {unit:?}"));
            }
        }
    }
}

fn cells(panel: &Panel<'_>) -> Cells {
    ["x", "y", "w", "h"].map(|key| panel.value["gridPos"][key].as_i64().unwrap_or_default())
}

fn is_overlap([x, y, w, h]: Cells, [other_x, other_y, other_w, other_h]: Cells) -> bool {
    x < other_x + other_w && other_x < x + w && y < other_y + other_h && other_y < y + h
}

fn grid(board: &Board<'_>, report: &mut Report<'_>) {
    for (index, panel) in board.panels.iter().enumerate() {
        let at @ [x, y, w, h] = cells(panel);
        if x < 0 || y < 0 || w < 1 || h < 1 || x + w > WIDTH {
            report.panel("grid", panel, format!("x {x}, y {y}, w {w}, h {h} is outside the {WIDTH} columns"));
        }
        // What a collapsed row holds shares its cells with whatever comes after the row.
        let shared = board.panels[..index].iter().filter(|other| other.row == panel.row);
        for other in shared.filter(|other| is_overlap(at, cells(other))) {
            report.panel("grid", panel, format!("lies over {:?}", other.title));
        }
    }
}

fn ids(board: &Board<'_>, report: &mut Report<'_>) {
    let mut ids = BTreeSet::new();
    for panel in &board.panels {
        let id = panel.value["id"].as_i64().unwrap_or_default();
        if id < 1 || !ids.insert(id) {
            report.panel("id", panel, format!("id {id} is not its own"));
        }
        let mut ref_ids = BTreeSet::new();
        for target in &panel.targets {
            let ref_id = text(target.value, "/refId");
            if !ref_ids.insert(ref_id) {
                report.target("ref-id", panel, target, format!("refId {ref_id:?} is another target's"));
            }
        }
    }
}

fn rows(board: &Board<'_>, report: &mut Report<'_>) {
    for row in board.panels.iter().filter(|panel| panel.kind == "row") {
        // Grafana draws what an open row holds nowhere: it belongs after the row.
        if items(row.value, "/panels").is_empty() == (row.value["collapsed"] == true) {
            report.panel("row", row, "a collapsed row holds its panels, an open one holds none");
        }
    }
}
