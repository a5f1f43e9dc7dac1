//! Exceptions, as dashboard-linter reads them from a file `.lint`.

use saphyr::{LoadableYamlNode, Yaml};

use super::Fault;

/// The exceptions from one rule; without entries, from all of it.
struct Exclusion {
    rule: String,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    dashboard: String,
    panel: String,
    target: Option<usize>,
}

/// The faults that no exclusion names, and the exclusions that are of no use or give no reason.
pub(crate) fn excused(faults: Vec<Fault>, lint_yaml: &str) -> (Vec<Fault>, Vec<String>) {
    let mut useless = Vec::new();
    let exclusions = read(lint_yaml, &mut useless);
    for exclusion in &exclusions {
        let of_rule = || faults.iter().filter(|fault| fault.rule == exclusion.rule);
        if exclusion.entries.is_empty() && of_rule().next().is_none() {
            useless.push(format!("{}: nothing to excuse", exclusion.rule));
        }
        for entry in &exclusion.entries {
            if !of_rule().any(|fault| entry.matches(fault)) {
                useless.push(format!("{}: nothing to excuse for {entry:?}", exclusion.rule));
            }
        }
    }
    let is_left = |fault: &Fault| !exclusions.iter().any(|exclusion| exclusion.matches(fault));
    (faults.into_iter().filter(is_left).collect(), useless)
}

fn read(lint_yaml: &str, useless: &mut Vec<String>) -> Vec<Exclusion> {
    let documents = Yaml::load_from_str(lint_yaml).expect("the exclusions are YAML");
    let Some(exclusions) = documents.first().and_then(|file| file.as_mapping_get("exclusions")) else {
        return Vec::new();
    };
    let exclusions = exclusions.as_mapping().into_iter().flatten();
    let exclusions = exclusions.map(|(rule, exclusion)| {
        let rule = scalar(Some(rule));
        if scalar(exclusion.as_mapping_get("reason")).trim().is_empty() {
            useless.push(format!("{rule}: no reason"));
        }
        let entries = exclusion.as_mapping_get("entries").and_then(Yaml::as_sequence);
        Exclusion { rule, entries: entries.into_iter().flatten().map(Entry::new).collect() }
    });
    exclusions.collect()
}

/// A string or a number, as text: `targetIdx` is written as both.
fn scalar(value: Option<&Yaml<'_>>) -> String {
    let number = |value: &Yaml<'_>| value.as_integer().map(|number| number.to_string());
    value.and_then(|value| value.as_str().map(str::to_owned).or_else(|| number(value))).unwrap_or_default()
}

// ===== impl Exclusion =====

impl Exclusion {
    fn matches(&self, fault: &Fault) -> bool {
        let is_entry = || self.entries.is_empty() || self.entries.iter().any(|entry| entry.matches(fault));
        self.rule == fault.rule && is_entry()
    }
}

// ===== impl Entry =====

impl Entry {
    fn new(entry: &Yaml<'_>) -> Self {
        let field = |name| scalar(entry.as_mapping_get(name));
        Self { dashboard: field("dashboard"), panel: field("panel"), target: field("targetIdx").parse().ok() }
    }

    /// Dashboard and panel have to be said in full; a target only where one of several is meant.
    fn matches(&self, fault: &Fault) -> bool {
        let is_target = match (self.target, fault.target) {
            (Some(wanted), Some(target)) => wanted == target,
            _ => true,
        };
        self.dashboard == fault.dashboard
            && fault.panel.as_ref().is_none_or(|panel| *panel == self.panel)
            && is_target
    }
}
