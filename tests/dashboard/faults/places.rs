//! Where a fault is put.

use serde_json::{Value, json};

pub(super) fn list(value: &mut Value) -> &mut Vec<Value> {
    value.as_array_mut().expect("a list")
}

pub(super) fn remove(value: &mut Value, key: &str) {
    value.as_object_mut().expect("an object").remove(key).expect("a key that was there");
}

/// The first panel of a type, in rows as well.
pub(super) fn first<'a>(dashboard: &'a mut Value, kind: &str) -> &'a mut Value {
    fn find<'a>(panels: &'a mut Value, kind: &str) -> Option<&'a mut Value> {
        for panel in panels.as_array_mut()? {
            if panel["type"] == kind {
                return Some(panel);
            }
            if let Some(inner) = panel.get_mut("panels").and_then(|panels| find(panels, kind)) {
                return Some(inner);
            }
        }
        None
    }
    find(&mut dashboard["panels"], kind).unwrap_or_else(|| panic!("no panel of type {kind}"))
}

pub(super) fn target(dashboard: &mut Value) -> &mut Value {
    &mut first(dashboard, "timeseries")["targets"][0]
}

pub(super) fn custom(dashboard: &mut Value) -> &mut Value {
    &mut first(dashboard, "timeseries")["fieldConfig"]["defaults"]["custom"]
}

pub(super) fn unit(dashboard: &mut Value, unit: &str) {
    first(dashboard, "timeseries")["fieldConfig"]["defaults"]["unit"] = json!(unit);
}

pub(super) fn overridden(dashboard: &mut Value, property: Value) {
    let one = json!({ "matcher": { "id": "byName", "options": "x" }, "properties": [property] });
    list(&mut first(dashboard, "timeseries")["fieldConfig"]["overrides"]).push(one);
}

pub(super) fn draw(dashboard: &mut Value, expr: &str, legend: &str) {
    let target = target(dashboard);
    target["expr"] = json!(expr);
    target["legendFormat"] = json!(legend);
}

pub(super) fn variable<'a>(dashboard: &'a mut Value, name: &str) -> &'a mut Value {
    let mut variables = list(&mut dashboard["templating"]["list"]).iter_mut();
    variables.find(|variable| variable["name"] == name).unwrap_or_else(|| panic!("no variable {name}"))
}

pub(super) fn ask(dashboard: &mut Value, name: &str, query: &str) {
    variable(dashboard, name)["query"] = json!({ "query": query, "refId": "A" });
}
