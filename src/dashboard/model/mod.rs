//! Grafana's classic model, as far as the dashboards need it: schema version 39.
//!
//! Structs and no free JSON, so that the order of keys is the order of the fields here, in every build.

mod field;
mod options;
mod overrides;
mod panel;
mod query;
mod unit;
mod variable;

use serde::Serialize;

pub(super) use self::{
    field::{Color, Field},
    options::Options,
    panel::{GridPos, Panel},
    unit::Unit,
    variable::Variable,
};

/// Data comes from where the variable of the dashboard says.
#[derive(Clone, Debug, Serialize)]
pub(super) struct DataSource {
    r#type: &'static str,
    uid: &'static str,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Model {
    pub(super) annotations: List<Annotation>,
    pub(super) description: String,
    /// Made from the promise: a change by hand would be lost.
    pub(super) editable: bool,
    pub(super) fiscal_year_start_month: u8,
    /// The crosshair is on all panels at once.
    pub(super) graph_tooltip: u8,
    pub(super) links: Vec<Link>,
    pub(super) panels: Vec<Panel>,
    pub(super) refresh: &'static str,
    pub(super) schema_version: u8,
    pub(super) tags: Vec<String>,
    pub(super) templating: List<Variable>,
    pub(super) time: Time,
    pub(super) timepicker: Timepicker,
    pub(super) timezone: &'static str,
    pub(super) title: String,
    pub(super) uid: String,
    pub(super) version: u8,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct List<T> {
    pub(super) list: Vec<T>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Time {
    pub(super) from: &'static str,
    pub(super) to: &'static str,
}

/// Grafana's own.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Timepicker {}

/// What is marked in every panel.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Annotation {
    pub(super) datasource: DataSource,
    pub(super) enable: bool,
    pub(super) expr: String,
    pub(super) hide: bool,
    pub(super) icon_color: Color,
    pub(super) name: &'static str,
    pub(super) step: &'static str,
    pub(super) tag_keys: String,
    pub(super) text_format: String,
    pub(super) title_format: String,
    pub(super) use_value_for_time: bool,
}

/// Other dashboards, above this one.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Link {
    pub(super) as_dropdown: bool,
    pub(super) icon: &'static str,
    pub(super) include_vars: bool,
    pub(super) keep_time: bool,
    pub(super) tags: Vec<String>,
    pub(super) target_blank: bool,
    pub(super) title: String,
    pub(super) tooltip: &'static str,
    pub(super) r#type: &'static str,
    pub(super) url: String,
}

// ===== impl Model =====

impl Model {
    pub(super) fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self).expect("its keys are text");
        json.push('\n');
        json
    }
}

// ===== impl DataSource =====

impl DataSource {
    pub(super) fn chosen() -> Self {
        Self { r#type: "prometheus", uid: "${datasource}" }
    }
}

// ===== impl Link =====

impl Link {
    /// A list of the dashboards that have this tag.
    pub(super) fn to_tagged(tag: &str) -> Self {
        Self {
            as_dropdown: true,
            icon: "external link",
            // The values of one service are not those of another.
            include_vars: false,
            keep_time: true,
            tags: vec![tag.into()],
            target_blank: false,
            title: "Dashboards".into(),
            tooltip: "",
            r#type: "dashboards",
            url: String::new(),
        }
    }

    pub(super) fn to(title: &str, uid: &str) -> Self {
        Self {
            as_dropdown: false,
            icon: "dashboard",
            include_vars: false,
            keep_time: true,
            tags: Vec::new(),
            target_blank: false,
            title: title.into(),
            tooltip: "",
            r#type: "link",
            url: format!("/d/{uid}"),
        }
    }
}
