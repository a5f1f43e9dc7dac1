//! What a panel asks, and what is made of the answers.

use std::collections::BTreeMap;

use serde::Serialize;

use super::DataSource;

/// A query.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::dashboard) struct Target {
    pub(super) datasource: DataSource,
    pub(super) editor_mode: &'static str,
    pub(in crate::dashboard) expr: String,
    pub(super) format: &'static str,
    pub(super) instant: bool,
    pub(super) legend_format: String,
    pub(super) range: bool,
    pub(super) ref_id: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(tag = "id", content = "options", rename_all = "camelCase")]
pub(super) enum Transformation {
    /// Rows of the same labels become one.
    Merge {},
    #[serde(rename_all = "camelCase")]
    Organize {
        exclude_by_name: BTreeMap<String, bool>,
        index_by_name: BTreeMap<String, usize>,
        rename_by_name: BTreeMap<String, String>,
    },
}
