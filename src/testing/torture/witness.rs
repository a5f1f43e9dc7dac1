//! Who counts beside the recorder, and compares.

use std::collections::{BTreeMap, BTreeSet};

use metrics::Key;

use super::way::Way;
use crate::{
    names::Kind,
    testing::{
        Recorder,
        families::{Class, Family},
        labels::{braced, written},
        store::{KINDS, Value},
    },
};

/// Compares the calls that were made with what the recorder counted since.
pub(super) struct Witness<'a> {
    recorder: &'a Recorder,
    counted_by: Option<&'a str>,
    before: BTreeMap<Key, Value>,
    /// The first moment at which something was off.
    first_off: Option<String>,
}

// ===== impl Witness =====

impl<'a> Witness<'a> {
    pub(super) fn new(recorder: &'a Recorder, counted_by: Option<&'a str>) -> Self {
        let before = KINDS.into_iter().flat_map(|kind| recorder.store.all(kind)).collect();
        Self { recorder, counted_by, before, first_off: None }
    }

    /// Looks while calls go on, at a moment when none is being made or ended: all that began have ended or are in flight.
    pub(super) fn look(&mut self, begun: u64, last: Way) {
        if self.first_off.is_some() {
            return;
        }
        for family in self.families() {
            let (Some(ended), Some(in_flight)) = (&family.ended, &family.in_flight) else { continue };
            let has_ended = self.since(Kind::Counter, ended);
            let goes_on = self.level(in_flight);
            if has_ended as f64 + goes_on != begun as f64 {
                self.first_off = Some(format!(
                    "after a call that was \"{last}\": {begun} calls had begun, {ended} had counted {has_ended}, and \
                     {in_flight} was at {goes_on}"
                ));
            }
        }
    }

    pub(super) fn first_off(&mut self) -> Option<String> {
        self.first_off.take()
    }

    /// What is off now that all calls have ended.
    pub(super) fn off(&self, begun: u64) -> Vec<String> {
        let families = self.families();
        if families.is_empty() {
            let hint = match self.counted_by {
                Some(name) => format!("nothing is called {name:?} of what counts calls"),
                None => "no metric of calls was recorded: give the recorder to the Layer".to_owned(),
            };
            return vec![format!("{begun} calls were made, and {hint}")];
        }
        let mut off = Vec::new();
        let mut seen = BTreeSet::new();
        for (kind, name) in families.iter().flat_map(Family::counting) {
            let counted = self.since(kind, name);
            let every = if kind == Kind::Histogram { self.recorder.every(name).max(1) } else { 1 };
            let is_right = (begun.div_ceil(every)..=begun).contains(&counted);
            if !is_right && seen.insert(name) {
                let has = match kind {
                    Kind::Histogram => format!("has {counted} samples"),
                    _ => format!("counted {counted}"),
                };
                off.push(format!("{begun} calls were made, and {name} {has}"));
            }
        }
        if !off.is_empty() && families.len() > 1 && self.counted_by.is_none() {
            off.push(
                "if not every call passes all of these: Torture::counted_by says which to compare".into(),
            );
        }
        off
    }

    /// What was counted since, series by series.
    pub(super) fn counted(&self) -> Vec<(String, u64)> {
        let families = self.families();
        let mut counted = BTreeMap::new();
        for family in &families {
            let counting = family.ended.as_ref().map(|name| (Kind::Counter, name));
            let counting = counting.or(family.duration.as_ref().map(|name| (Kind::Histogram, name)));
            let series = counting.into_iter().flat_map(|(kind, name)| self.recorder.store.series(kind, name));
            for (key, value) in series {
                let count = value.count() - self.count_before(&key);
                if count > 0 {
                    counted.insert(braced(key.name(), &written(&key)), count);
                }
            }
        }
        counted.into_iter().collect()
    }

    /// Whose calls are tortured: those that a server takes, else those that a client makes, else those of any service.
    fn families(&self) -> Vec<Family> {
        let mut families = self.recorder.families();
        match self.counted_by {
            Some(its) => families.retain(|family| family.counting().any(|(_, name)| name == its)),
            None => {
                let classes = [Class::Server, Class::Client, Class::Service, Class::Attempt];
                let class = classes.into_iter().find(|class| families.iter().any(|it| it.class == *class));
                families.retain(|family| Some(family.class) == class);
            }
        }
        families
    }

    fn since(&self, kind: Kind, name: &str) -> u64 {
        let series = self.recorder.store.series(kind, name).into_iter();
        series.map(|(key, value)| value.count() - self.count_before(&key)).sum()
    }

    fn level(&self, name: &str) -> f64 {
        let series = self.recorder.store.series(Kind::Gauge, name).into_iter();
        let level = |value: Option<&Value>| if let Some(Value::Gauge(level)) = value { *level } else { 0.0 };
        series.map(|(key, value)| level(Some(&value)) - level(self.before.get(&key))).fold(0.0, |a, b| a + b)
    }

    fn count_before(&self, key: &Key) -> u64 {
        self.before.get(key).map_or(0, Value::count)
    }
}
