//! What Grafana's own types say of a dashboard: the schema that `grafana/make.sh` writes.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let schema = serde_json::from_str(include_str!("grafana/schema.json")).expect("the schema is JSON");
    jsonschema::validator_for(&schema).expect("the schema is one")
});

/// Every place that Grafana's types do not know, each with its path.
pub(crate) fn errors(dashboard: &Value) -> Vec<String> {
    let errors = SCHEMA.iter_errors(dashboard);
    // Without the value, which may be a whole panel.
    errors.map(|error| format!("{}: {}", error.instance_path(), error.masked())).collect()
}
