//! Groups of rules, and how they stand in a file.

use std::time::Duration;

use saphyr::{Mapping, Scalar, Yaml, YamlEmitter};

use super::link::Part;

/// Rules that Prometheus evaluates one after the other, at one interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub(super) name: String,
    pub(super) interval: Duration,
    pub(super) rules: Vec<Rule>,
}

/// A recording rule or an alert.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    pub(super) name: String,
    pub(super) expr: String,
    pub(super) is_alert: bool,
    pub(super) hold: Duration,
    pub(super) labels: Vec<(String, String)>,
    pub(super) annotations: Vec<(String, String)>,
    /// What it is about, where that is not what its group is about.
    pub(super) part: Option<Part>,
}

// ===== impl Group =====

impl Group {
    pub(super) fn new(name: String, interval: Duration) -> Self {
        Self { name, interval, rules: Vec::new() }
    }

    /// Returns the name, which no other group has.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns how often the rules are evaluated.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// Returns the rules, each after those that it reads.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}

// ===== impl Rule =====

impl Rule {
    pub(super) fn record(name: impl Into<String>, expr: String) -> Self {
        Self {
            name: name.into(),
            expr,
            is_alert: false,
            hold: Duration::ZERO,
            labels: Vec::new(),
            annotations: Vec::new(),
            part: None,
        }
    }

    pub(super) fn about(self, part: Part) -> Self {
        Self { part: Some(part), ..self }
    }

    pub(super) fn label(mut self, name: &str, value: &str) -> Self {
        self.labels.push((name.into(), value.into()));
        self
    }

    pub(super) fn labels<'a>(self, labels: impl IntoIterator<Item = &'a (String, String)>) -> Self {
        labels.into_iter().fold(self, |rule, (name, value)| rule.label(name, value))
    }

    /// Returns the name of the alert, or of the series that is recorded.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the expression in PromQL.
    #[must_use]
    pub fn expr(&self) -> &str {
        &self.expr
    }

    /// Tells an alert from a recording rule.
    #[must_use]
    pub fn is_alert(&self) -> bool {
        self.is_alert
    }

    /// Returns how long an alert's expression holds before the alert fires.
    #[must_use]
    pub fn hold(&self) -> Duration {
        self.hold
    }

    /// Returns the labels that the rule adds.
    pub fn added_labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Returns the annotations of an alert.
    pub fn annotations(&self) -> impl Iterator<Item = (&str, &str)> {
        self.annotations.iter().map(|(name, value)| (&**name, &**value))
    }
}

/// Writes the groups as the file that Prometheus reads.
pub(super) fn to_yaml(groups: &[Group]) -> String {
    let groups = groups.iter().map(|group| {
        map([
            ("name", text(&group.name)),
            ("interval", text(&duration(group.interval))),
            ("rules", Yaml::Sequence(group.rules.iter().map(rule).collect())),
        ])
    });
    written(&map([("groups", Yaml::Sequence(groups.collect()))]))
}

pub(crate) fn written(document: &Yaml<'_>) -> String {
    let mut yaml = String::new();
    let mut emitter = YamlEmitter::new(&mut yaml);
    emitter.multiline(true);
    emitter.dump(document).expect("a String takes all that is written");
    yaml.push('\n');
    yaml
}

fn rule(rule: &Rule) -> Yaml<'static> {
    let hold = (!rule.hold.is_zero()).then(|| ("for", text(&duration(rule.hold))));
    let pairs = |pairs: &[(String, String)]| {
        (!pairs.is_empty()).then(|| map(pairs.iter().map(|(name, value)| (&**name, text(value)))))
    };
    let name = (if rule.is_alert { "alert" } else { "record" }, text(&rule.name));
    let labels = pairs(&rule.labels).map(|labels| ("labels", labels));
    let annotations = pairs(&rule.annotations).map(|annotations| ("annotations", annotations));
    map([name, ("expr", text(&rule.expr))].into_iter().chain(hold).chain(labels).chain(annotations))
}

pub(crate) fn map<'a>(pairs: impl IntoIterator<Item = (&'a str, Yaml<'static>)>) -> Yaml<'static> {
    let mut map = Mapping::new();
    for (key, value) in pairs {
        map.insert(text(key), value);
    }
    Yaml::Mapping(map)
}

pub(crate) fn text(value: &str) -> Yaml<'static> {
    Yaml::Value(Scalar::String(value.to_owned().into()))
}

/// A duration as Prometheus writes it: `90s`, `5m`, `1h`, `3d`.
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
    let unit = units.into_iter().find(|(unit, _)| seconds >= *unit && seconds % *unit == 0);
    let (unit, word) = unit.unwrap_or((1, "s"));
    format!("{}{word}", seconds / unit)
}
