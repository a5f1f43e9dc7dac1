//! A dashboard as the rules look at it: its panels in one list, its queries parsed once.

use promql_parser::parser::Expr;
use serde_json::Value;

use super::promql;

pub(super) struct Board<'a> {
    pub(super) value: &'a Value,
    pub(super) title: &'a str,
    /// Rows, and right after each the panels that it holds.
    pub(super) panels: Vec<Panel<'a>>,
    pub(super) variables: Vec<&'a Value>,
}

pub(super) struct Panel<'a> {
    pub(super) value: &'a Value,
    pub(super) title: &'a str,
    pub(super) kind: &'a str,
    /// The row that holds it while collapsed, by its place in the list.
    pub(super) row: Option<usize>,
    pub(super) targets: Vec<Target<'a>>,
}

pub(super) struct Target<'a> {
    pub(super) value: &'a Value,
    pub(super) index: usize,
    pub(super) expr: &'a str,
    pub(super) query: Result<Expr, String>,
}

/// The string at a JSON pointer, empty where there is none.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The items at a JSON pointer, none where there is no list.
pub(super) fn items<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The text of a variable's query, which is a string or an object that holds it.
pub(super) fn variable_query(variable: &Value) -> &str {
    match &variable["query"] {
        Value::String(query) => query,
        query => text(query, "/query"),
    }
}

// ===== impl Board =====

impl<'a> Board<'a> {
    pub(super) fn new(value: &'a Value) -> Self {
        let mut panels = Vec::new();
        for value in items(value, "/panels") {
            let row = panels.len();
            panels.push(Panel::new(value, None));
            panels.extend(items(value, "/panels").iter().map(|value| Panel::new(value, Some(row))));
        }
        let variables = items(value, "/templating/list").iter().collect();
        Self { value, title: text(value, "/title"), panels, variables }
    }

    pub(super) fn targets(&self) -> impl Iterator<Item = (&Panel<'a>, &Target<'a>)> {
        self.panels.iter().flat_map(|panel| panel.targets.iter().map(move |target| (panel, target)))
    }

    pub(super) fn variables_of(&self, kind: &str) -> impl Iterator<Item = &'a Value> {
        self.variables.iter().copied().filter(move |variable| variable["type"] == kind)
    }

    /// What the first variable of type `datasource` chooses among.
    pub(super) fn datasource_kind(&self) -> Option<&'a str> {
        self.variables_of("datasource").next().map(variable_query)
    }
}

// ===== impl Panel =====

impl<'a> Panel<'a> {
    fn new(value: &'a Value, row: Option<usize>) -> Self {
        let targets = items(value, "/targets").iter().enumerate();
        let targets = targets.map(|(index, value)| {
            let expr = text(value, "/expr");
            Target { value, index, expr, query: promql::parse(expr) }
        });
        Self {
            value,
            title: text(value, "/title"),
            kind: text(value, "/type"),
            row,
            targets: targets.collect(),
        }
    }

    /// The properties that its overrides set under a name.
    pub(super) fn overrides(&self, id: &str) -> impl Iterator<Item = &'a Value> {
        let overrides = items(self.value, "/fieldConfig/overrides").iter();
        let properties = overrides.flat_map(|one| items(one, "/properties"));
        properties.filter(move |property| property["id"] == id).map(|property| &property["value"])
    }
}
