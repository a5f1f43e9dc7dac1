//! What is set for each kind of panel, beside its fields.

use serde::Serialize;

use super::Unit;

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(in crate::dashboard) enum Options {
    TimeSeries(TimeSeries),
    Stat(Stat),
    Heatmap(Box<Heatmap>),
    Table(Table),
}

#[derive(Clone, Debug, Serialize)]
pub(in crate::dashboard) struct TimeSeries {
    pub(super) legend: Legend,
    tooltip: Tooltip,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Legend {
    pub(super) calcs: Vec<&'static str>,
    pub(super) display_mode: &'static str,
    pub(super) placement: &'static str,
    show_legend: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Tooltip {
    mode: &'static str,
    sort: &'static str,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::dashboard) struct Stat {
    color_mode: &'static str,
    graph_mode: &'static str,
    justify_mode: &'static str,
    orientation: &'static str,
    reduce_options: Reduce,
    text_mode: &'static str,
    wide_layout: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Reduce {
    calcs: [&'static str; 1],
    fields: &'static str,
    values: bool,
}

/// From buckets, which nobody has to work out any more.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::dashboard) struct Heatmap {
    calculate: bool,
    cell_gap: u8,
    cell_values: CellValues,
    color: Scheme,
    exemplars: Exemplars,
    filter_values: FilterValues,
    legend: ShowLegend,
    rows_frame: RowsFrame,
    show_value: &'static str,
    tooltip: HeatmapTooltip,
    y_axis: Axis,
}

#[derive(Clone, Debug, Serialize)]
struct CellValues {
    unit: Unit,
}

#[derive(Clone, Debug, Serialize)]
struct Scheme {
    exponent: f64,
    fill: &'static str,
    mode: &'static str,
    reverse: bool,
    scale: &'static str,
    scheme: &'static str,
    steps: u8,
}

#[derive(Clone, Debug, Serialize)]
struct Exemplars {
    color: &'static str,
}

#[derive(Clone, Debug, Serialize)]
struct FilterValues {
    le: f64,
}

#[derive(Clone, Debug, Serialize)]
struct ShowLegend {
    show: bool,
}

#[derive(Clone, Debug, Serialize)]
struct RowsFrame {
    layout: &'static str,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HeatmapTooltip {
    mode: &'static str,
    show_color_scale: bool,
    y_histogram: bool,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Axis {
    axis_placement: &'static str,
    reverse: bool,
    unit: Unit,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::dashboard) struct Table {
    cell_height: &'static str,
    show_header: bool,
    pub(super) sort_by: Vec<SortBy>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SortBy {
    pub(super) desc: bool,
    pub(super) display_name: String,
}

// ===== impl Options =====

impl Options {
    pub(super) fn time_series() -> Self {
        Self::TimeSeries(TimeSeries {
            legend: Legend {
                calcs: Vec::new(),
                display_mode: "list",
                placement: "bottom",
                show_legend: true,
            },
            tooltip: Tooltip { mode: "multi", sort: "desc" },
        })
    }

    pub(super) fn stat() -> Self {
        Self::Stat(Stat {
            color_mode: "value",
            graph_mode: "none",
            justify_mode: "auto",
            orientation: "auto",
            reduce_options: Reduce { calcs: ["lastNotNull"], fields: "", values: false },
            text_mode: "value",
            wide_layout: true,
        })
    }

    /// Rows are of buckets whose bounds have this unit, cells of counts a second.
    pub(super) fn heatmap(bounds: Unit, cells: Unit) -> Self {
        Self::Heatmap(Box::new(Heatmap {
            calculate: false,
            cell_gap: 1,
            cell_values: CellValues { unit: cells },
            color: Scheme {
                exponent: 0.5,
                fill: "dark-orange",
                mode: "scheme",
                reverse: false,
                scale: "exponential",
                scheme: "Oranges",
                steps: 64,
            },
            exemplars: Exemplars { color: "rgba(255,0,255,0.7)" },
            // What is next to nothing is not drawn.
            filter_values: FilterValues { le: 1e-9 },
            legend: ShowLegend { show: true },
            rows_frame: RowsFrame { layout: "auto" },
            show_value: "never",
            tooltip: HeatmapTooltip { mode: "single", show_color_scale: true, y_histogram: true },
            y_axis: Axis { axis_placement: "left", reverse: false, unit: bounds },
        }))
    }

    pub(super) fn table((column, desc): (&str, bool)) -> Self {
        Self::Table(Table {
            cell_height: "sm",
            show_header: true,
            sort_by: vec![SortBy { desc, display_name: column.into() }],
        })
    }
}
