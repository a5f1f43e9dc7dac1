//! What is different for some of a panel's series or columns.

use serde::Serialize;

use super::{
    Color, Unit,
    field::{FieldColor, Thresholds},
};

/// What is different for the series or columns that match.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Override {
    pub(super) matcher: Matcher,
    pub(super) properties: Vec<Property>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Matcher {
    pub(super) id: &'static str,
    pub(super) options: String,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Property {
    id: &'static str,
    value: Value,
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Value {
    Number(u32),
    Name(String),
    Unit(Unit),
    Color(FieldColor),
    Thresholds(Thresholds),
    Cell { r#type: &'static str },
    Line { dash: [u8; 2], fill: &'static str },
}

// ===== impl Override =====

impl Override {
    pub(super) fn named(name: &str, properties: Vec<Property>) -> Self {
        Self { matcher: Matcher { id: "byName", options: name.into() }, properties }
    }

    pub(super) fn matched(regex: &str, properties: Vec<Property>) -> Self {
        Self { matcher: Matcher { id: "byRegexp", options: regex.into() }, properties }
    }
}

// ===== impl Property =====

impl Property {
    pub(super) fn color(color: Color) -> Self {
        Self { id: "color", value: Value::Color(FieldColor { fixed_color: Some(color), mode: "fixed" }) }
    }

    pub(super) fn dashed() -> Self {
        Self { id: "custom.lineStyle", value: Value::Line { dash: [10, 10], fill: "dash" } }
    }

    /// The room down to the other series is filled.
    pub(super) fn filled_down_to(name: &str) -> Self {
        Self { id: "custom.fillBelowTo", value: Value::Name(name.into()) }
    }

    pub(super) fn unit(unit: Unit) -> Self {
        Self { id: "unit", value: Value::Unit(unit) }
    }

    pub(super) fn decimals(decimals: u8) -> Self {
        Self { id: "decimals", value: Value::Number(decimals.into()) }
    }

    pub(super) fn width(pixels: u32) -> Self {
        Self { id: "custom.width", value: Value::Number(pixels) }
    }

    pub(super) fn thresholds(below: Color, steps: Vec<(Color, f64)>) -> Self {
        Self { id: "thresholds", value: Value::Thresholds(Thresholds::new(below, steps)) }
    }

    pub(super) fn colored_cell() -> Self {
        Self { id: "custom.cellOptions", value: Value::Cell { r#type: "color-text" } }
    }
}
