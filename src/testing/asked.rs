//! What an assertion asked for, beside all that there is.

use std::{
    collections::BTreeSet,
    fmt::{Display, Write as _},
};

use super::{
    Recorder,
    balance::NOTHING,
    distribution::Distribution,
    labels::{braced, has_all, join, value_of, written},
    store::Value,
};
use crate::{
    Outcome,
    names::{Kind, OUTCOME},
};

/// What an assertion asked for.
pub(super) struct Asked<'a> {
    recorder: &'a Recorder,
    kind: Kind,
    name: &'a str,
    labels: &'a [(&'a str, &'a str)],
}

/// How many names that are near, or values of a label, are told.
const TOLD: usize = 8;

// ===== impl Asked =====

impl<'a> Asked<'a> {
    pub(super) fn new(
        recorder: &'a Recorder,
        kind: Kind,
        name: &'a str,
        labels: &'a [(&'a str, &'a str)],
    ) -> Self {
        Self { recorder, kind, name, labels }
    }

    #[track_caller]
    pub(super) fn assert(&self, agrees: bool, expected: &dyn Display, found: &dyn Display) {
        let wrong = self.unknown_name().or_else(|| self.unknown_label());
        let wrong = wrong.or_else(|| self.unknown_outcome());
        let wrong = wrong.or_else(|| (!agrees).then(|| self.differs(expected, found)));
        if let Some(wrong) = wrong {
            panic!("{wrong}");
        }
    }

    /// What is said of a name that never occurred.
    fn unknown_name(&self) -> Option<String> {
        let (kind, name) = (self.kind.as_str(), self.name);
        let names = self.recorder.store.names();
        match names.get(name) {
            Some(kind) if *kind == self.kind => None,
            Some(other) => Some(format!("{name} is a {}, and was asked for as a {kind}", other.as_str())),
            None if names.is_empty() => Some(format!("no {kind} {name:?}: {NOTHING}")),
            None => {
                let mut near: Vec<_> = names.iter().collect();
                // Of two that are as near, the one of the kind that was asked for.
                near.sort_by_key(|(other, kind)| (distance(name, other), **kind != self.kind));
                let tell = |(other, kind): (&String, &Kind)| match *kind == self.kind {
                    true => other.clone(),
                    false => format!("{other} (a {})", kind.as_str()),
                };
                let near = near.into_iter().take(TOLD).map(tell).collect::<Vec<_>>().join(", ");
                Some(format!("no {kind} {name:?} was recorded or described; near it: {near}"))
            }
        }
    }

    /// What is said of a label that no series of the metric has.
    fn unknown_label(&self) -> Option<String> {
        let series = self.recorder.store.series(self.kind, self.name);
        let names: BTreeSet<_> = series.iter().flat_map(|(key, _)| key.labels().map(|it| it.key())).collect();
        let (label, _) = self.labels.iter().find(|(label, _)| !names.contains(label))?;
        if series.is_empty() {
            // It was described, so a call will bring it, and its labels.
            return None;
        }
        let names = names.into_iter().collect::<Vec<_>>().join(", ");
        let its = if names.is_empty() { "none at all".into() } else { names };
        Some(format!("no series of {} has a label {label:?}; their labels: {its}", self.name))
    }

    /// What is said of a word that is no outcome, where nothing but outcomes was ever said.
    fn unknown_outcome(&self) -> Option<String> {
        let is_outcome = |word: &str| Outcome::ALL.iter().any(|it| it.as_str() == word);
        let (_, asked) = self.labels.iter().find(|(label, word)| *label == OUTCOME && !is_outcome(word))?;
        let series = self.recorder.store.series(self.kind, self.name);
        let mut words = series.iter().map(|(key, _)| value_of(key, OUTCOME)).peekable();
        words.peek()?;
        if !words.all(|word| word.is_some_and(is_outcome)) {
            return None;
        }
        let all = Outcome::ALL.map(Outcome::as_str).join(", ");
        Some(format!(
            "no outcome is called {asked:?}, and {} has no words of its own; they are: {all}",
            self.name
        ))
    }

    fn differs(&self, expected: &dyn Display, found: &dyn Display) -> String {
        let asked = braced(self.name, &join(self.labels.iter().copied()));
        let mut message = format!("{asked}: expected {expected}, found {found}");
        let mut series = self.recorder.store.series(self.kind, self.name);
        series.sort_by_cached_key(|(key, _)| written(key));
        if series.is_empty() {
            message.push_str("\nit was described, and has no series yet");
        }
        for (key, value) in &series {
            let mark = if has_all(key, self.labels) { '>' } else { ' ' };
            let series = braced(self.name, &written(key));
            let _ = match value {
                Value::Histogram(samples) => {
                    write!(message, "\n  {mark} {series} {}", Distribution::new(samples.clone()))
                }
                Value::Counter(_) | Value::Gauge(_) => write!(message, "\n  {mark} {series} {value}"),
            };
        }
        for (label, value) in self.labels {
            let values: BTreeSet<_> = series.iter().filter_map(|(key, _)| value_of(key, label)).collect();
            if !values.is_empty() && !values.contains(value) {
                let more = if values.len() > TOLD { ", …" } else { "" };
                let values =
                    values.iter().take(TOLD).map(|it| format!("{it:?}")).collect::<Vec<_>>().join(", ");
                let _ = write!(message, "\nno series has {label}={value:?}: it is {values}{more}");
            }
        }
        message
    }
}

/// How many letters have to be put in, left out or changed to make the one name of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let changed = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn the_distance_of_two_names_is_in_letters() {
        assert_eq!(distance("job_total", "job_total"), 0);
        assert_eq!(distance("job_total", "jobs_totl"), 2);
        assert_eq!(distance("", "job"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
