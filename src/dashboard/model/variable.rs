//! Variables: what is looked at.

use serde::Serialize;

use super::DataSource;

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(in crate::dashboard) enum Variable {
    DataSource(DataSourceVariable),
    Query(Box<QueryVariable>),
}

/// Which Prometheus is asked.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::dashboard) struct DataSourceVariable {
    description: &'static str,
    hide: u8,
    include_all: bool,
    label: &'static str,
    multi: bool,
    name: &'static str,
    options: [(); 0],
    query: &'static str,
    refresh: u8,
    regex: &'static str,
    skip_url_sync: bool,
    r#type: &'static str,
}

/// Values of a label, of which one, several or all are looked at.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::dashboard) struct QueryVariable {
    all_value: String,
    current: Current<[&'static str; 1]>,
    datasource: DataSource,
    definition: String,
    description: String,
    hide: u8,
    include_all: bool,
    label: String,
    multi: bool,
    name: String,
    options: [(); 0],
    query: Query,
    /// When the time range changes: an instance that came later is in it.
    refresh: u8,
    regex: &'static str,
    skip_url_sync: bool,
    /// By the alphabet.
    sort: u8,
    r#type: &'static str,
}

#[derive(Clone, Debug, Serialize)]
struct Current<T> {
    selected: bool,
    text: T,
    value: T,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Query {
    query: String,
    ref_id: String,
}

// ===== impl Variable =====

impl Variable {
    pub(in crate::dashboard) fn datasource() -> Self {
        Self::DataSource(DataSourceVariable {
            description: "The Prometheus that scrapes the services and evaluates their rules.",
            hide: 0,
            include_all: false,
            label: "Data source",
            multi: false,
            name: "datasource",
            options: [],
            query: "prometheus",
            refresh: 1,
            regex: "",
            skip_url_sync: false,
            r#type: "datasource",
        })
    }

    /// The values that `label` has on `selector`; `all_value` is the regular expression of all.
    pub(in crate::dashboard) fn values(
        name: &str,
        label: &str,
        selector: &str,
        all_value: &str,
        description: &str,
    ) -> Self {
        let query = format!("label_values({selector}, {label})");
        Self::Query(Box::new(QueryVariable {
            all_value: all_value.into(),
            current: Current { selected: true, text: ["All"], value: ["$__all"] },
            datasource: DataSource::chosen(),
            definition: query.clone(),
            description: description.into(),
            hide: 0,
            include_all: true,
            label: title(name),
            multi: true,
            name: name.into(),
            options: [],
            query: Query { query, ref_id: format!("variable-{name}") },
            refresh: 2,
            regex: "",
            skip_url_sync: false,
            sort: 1,
            r#type: "query",
        }))
    }
}

/// `grpc_method` is `gRPC method`, and `job` is `Job`.
fn title(name: &str) -> String {
    match name.strip_prefix("grpc_") {
        Some(rest) => format!("gRPC {rest}"),
        None => name[..1].to_uppercase() + &name[1..],
    }
}
