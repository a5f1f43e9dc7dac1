//! How values are shown: colours, thresholds, lines.

use serde::Serialize;

use super::{Unit, overrides::Override};

/// Colours of Grafana, by their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::dashboard) enum Color {
    Green,
    SuperLightBlue,
    LightBlue,
    SemiDarkBlue,
    DarkBlue,
    Orange,
    Red,
    Blue,
    Purple,
    Text,
    Transparent,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::dashboard) struct FieldConfig {
    pub(super) defaults: Field,
    pub(super) overrides: Vec<Override>,
}

/// How the values of a panel are shown.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::dashboard) struct Field {
    pub(super) color: FieldColor,
    pub(super) custom: Custom,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) decimals: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) min: Option<f64>,
    pub(super) thresholds: Thresholds,
    pub(super) unit: Unit,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FieldColor {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fixed_color: Option<Color>,
    pub(super) mode: &'static str,
}

/// What only one kind of panel knows.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Custom {
    TimeSeries(TimeSeries),
    Table(Table),
    None {},
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TimeSeries {
    draw_style: &'static str,
    pub(super) fill_opacity: u8,
    pub(super) line_width: u8,
    pub(super) show_points: &'static str,
    /// A gap in the data is one: a scrape that failed is to be seen.
    span_nulls: bool,
    pub(super) stacking: Stacking,
    pub(super) thresholds_style: Mode,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Table {
    align: &'static str,
    filterable: bool,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Stacking {
    group: &'static str,
    pub(super) mode: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Mode {
    pub(super) mode: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Thresholds {
    mode: &'static str,
    pub(super) steps: Vec<Step>,
}

/// From this value on, this colour. The first has none, and is for everything below the second.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Step {
    pub(super) color: Color,
    pub(super) value: Option<f64>,
}

// ===== impl Field =====

impl Field {
    fn new(unit: Unit, color: &'static str, custom: Custom) -> Self {
        Self {
            color: FieldColor { fixed_color: None, mode: color },
            custom,
            decimals: None,
            max: None,
            min: None,
            thresholds: Thresholds::new(Color::Green, []),
            unit,
        }
    }

    pub(super) fn time_series(unit: Unit) -> Self {
        let custom = Custom::TimeSeries(TimeSeries {
            draw_style: "line",
            fill_opacity: 0,
            line_width: 1,
            show_points: "never",
            span_nulls: false,
            stacking: Stacking { group: "A", mode: "none" },
            thresholds_style: Mode { mode: "off" },
        });
        Self { min: Some(0.0), ..Self::new(unit, "palette-classic", custom) }
    }

    pub(super) fn stat(unit: Unit) -> Self {
        Self::new(unit, "thresholds", Custom::None {})
    }

    pub(super) fn heatmap(unit: Unit) -> Self {
        Self::new(unit, "thresholds", Custom::None {})
    }

    pub(super) fn table() -> Self {
        Self::new(Unit::Number, "thresholds", Custom::Table(Table { align: "auto", filterable: true }))
    }

    pub(super) fn of_time_series(&mut self) -> &mut TimeSeries {
        match &mut self.custom {
            Custom::TimeSeries(custom) => custom,
            Custom::Table(_) | Custom::None {} => unreachable!("only time series are asked for it"),
        }
    }
}

// ===== impl Thresholds =====

impl Thresholds {
    pub(super) fn new(below: Color, steps: impl IntoIterator<Item = (Color, f64)>) -> Self {
        let steps = steps.into_iter().map(|(color, value)| Step { color, value: Some(value) });
        Self {
            mode: "absolute",
            steps: [Step { color: below, value: None }].into_iter().chain(steps).collect(),
        }
    }
}
