//! Who counts beside the recorder, and compares.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

use metrics::Key;

use super::told::{Begins, Ended, Made, Told};
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
    pub(super) recorder: &'a Recorder,
    counted_by: Option<&'a str>,
    before: BTreeMap<Key, Value>,
    /// When each of what counts calls begins one, as far as that could be told.
    begins: BTreeMap<String, Begins>,
    /// How many calls are known to have ended so.
    pub(super) known: Vec<(Ended, u64)>,
    /// The gauges that were seen above what they stood at.
    rose: BTreeSet<String>,
    /// The first moment at which something was off.
    first_off: Option<String>,
}

// ===== impl Witness =====

impl<'a> Witness<'a> {
    pub(super) fn new(recorder: &'a Recorder, counted_by: Option<&'a str>) -> Self {
        let before = KINDS.into_iter().flat_map(|kind| recorder.store.all(kind)).collect();
        Self {
            recorder,
            counted_by,
            before,
            begins: BTreeMap::new(),
            known: Vec::new(),
            rose: BTreeSet::new(),
            first_off: None,
        }
    }

    /// Looks while calls go on, at a moment when none is being made or ended: all that began have ended or are in flight.
    pub(super) fn look(&mut self, made: Made, last: &dyn Display) {
        if self.first_off.is_some() {
            return;
        }
        for (ended, (kind, in_flight)) in self.watched() {
            let has_ended = self.since(kind, &ended);
            let goes_on = self.level(&in_flight);
            let begun = has_ended.saturating_add_signed(goes_on);
            let begins = self.begins.get(&ended).copied().or_else(|| made.begins(begun));
            if begun != made.begun(begins.unwrap_or(Begins::WhenCalled)) {
                self.first_off = Some(format!(
                    "after a call ({last}): {} had begun, {ended} had counted {has_ended}, and {in_flight} was at {goes_on}",
                    made.begun(begins.unwrap_or(Begins::WhenCalled))
                ));
            }
            self.begins.extend(begins.map(|begins| (ended, begins)));
        }
        self.look_at_gauges(made, last);
    }

    /// Where nothing counts calls there is the gauge alone. A call leaves it at the end of its body, of which the torture does not
    /// know when what is inside sees it.
    fn look_at_gauges(&mut self, made: Made, last: &dyn Display) {
        for gauge in self.gauges_alone() {
            let level = self.level(&gauge);
            if level > 0 {
                self.rose.insert(gauge.clone());
            }
            if !(made.held as i64..=made.going_on as i64).contains(&level) {
                self.first_off = Some(format!(
                    "after a call ({last}): {} went on, {} of them without a head, and {gauge} was at {level}",
                    made.going_on, made.held
                ));
            }
        }
    }

    /// The gauges of what is tortured, if nothing else is recorded of it.
    fn gauges_alone(&self) -> BTreeSet<String> {
        let families = self.families();
        match families.iter().any(|family| family.counting().next().is_some()) {
            true => BTreeSet::new(),
            false => families.into_iter().filter_map(|family| family.in_flight).collect(),
        }
    }

    /// What does not balance now, beside what did not before.
    pub(super) fn unbalanced(&self) -> Vec<String> {
        let all = self.recorder.families();
        let of = if self.counted_by.is_some() { self.families() } else { all };
        self.recorder.unbalanced_since(&of, &self.before)
    }

    /// Hears how a call has ended.
    pub(super) fn hear(&mut self, told: Told) {
        let Some(ended) = told.outcome else { return };
        match self.known.iter_mut().find(|(its, _)| *its == ended) {
            Some((_, calls)) => *calls += 1,
            None => self.known.push((ended, 1)),
        }
    }

    /// What counts calls that ended, and the gauge of those that have not.
    fn watched(&self) -> Vec<(String, (Kind, String))> {
        let families = self.families();
        let gauges: BTreeSet<_> = families.iter().filter_map(|family| family.in_flight.clone()).collect();
        // Instruments that are nested have a Layer each.
        let only = gauges.first().filter(|_| gauges.len() == 1);
        let watched = families.iter().filter_map(|family| {
            let (kind, ended) = family.ending()?;
            let in_flight = family.in_flight.as_ref().or(only)?;
            let is_sampled = kind == Kind::Histogram && self.recorder.every(ended) > 1;
            (!is_sampled).then(|| (ended.to_owned(), (kind, in_flight.clone())))
        });
        watched.collect()
    }

    pub(super) fn first_off(&mut self) -> Option<String> {
        self.first_off.take()
    }

    /// What is off now that all calls have ended.
    pub(super) fn off(&self, made: Made) -> Vec<String> {
        if made.calls == 0 {
            return Vec::new();
        }
        let families = self.families();
        if families.is_empty() {
            let hint = match self.counted_by {
                Some(name) => format!("nothing is called {name:?} of what counts calls"),
                None => "no metric of calls was recorded: give the recorder to the Layer".to_owned(),
            };
            return vec![format!("{} calls were made, and {hint}", made.calls)];
        }
        let still = self.gauges_alone().into_iter().filter(|gauge| !self.rose.contains(gauge));
        let mut off: Vec<_> =
            still.map(|gauge| format!("{} calls were made, and {gauge} never rose", made.calls)).collect();
        let mut seen = BTreeSet::new();
        for family in &families {
            let begins = self.begins_of(family);
            for (kind, name) in family.counting() {
                let counted = self.since(kind, name);
                let every = if kind == Kind::Histogram { self.recorder.every(name).max(1) } else { 1 };
                // One that goes on from an earlier call may take none of the first.
                let goes_on = every > 1 && self.before_of(kind, name) > 0;
                let is_right = |begins| {
                    let begun = made.begun(begins);
                    let least = if goes_on { 0 } else { begun.div_ceil(every) };
                    (least..=begun).contains(&counted)
                };
                if !begins.iter().copied().any(is_right) && seen.insert(name) {
                    let has = match kind {
                        Kind::Histogram => format!("has {counted} samples"),
                        _ => format!("counted {counted}"),
                    };
                    off.push(format!("{} calls were made, and {name} {has}", made.begun(begins[0])));
                }
            }
        }
        if !off.is_empty() && !self.known.is_empty() {
            off.push(
                "a Layer of faults that is outside of the measured one keeps calls from it: is it inside?"
                    .into(),
            );
        }
        off.extend(families.iter().flat_map(|family| self.otherwise(family)));
        if !off.is_empty() && families.len() > 1 && self.counted_by.is_none() {
            off.push(
                "if not every call passes all of these: Torture::counted_by says which to compare".into(),
            );
        }
        off
    }

    /// How many of these calls have reached what counts them.
    pub(super) fn to_be_counted(&self, made: Made) -> u64 {
        let begins = self.families().first().map(|family| self.begins_of(family)[0]);
        made.begun(begins.unwrap_or(Begins::WhenCalled))
    }

    /// When the calls of a family begin: as was seen, or where it has no gauge and that could not be seen, in either way.
    fn begins_of(&self, family: &Family) -> Vec<Begins> {
        let seen = family.counting().find_map(|(_, name)| self.begins.get(name));
        let of_any = || self.begins.values().next();
        match seen.or_else(of_any) {
            Some(begins) => vec![*begins],
            None => vec![Begins::WhenCalled, Begins::WhenPolled],
        }
    }

    /// What was counted since, series by series.
    pub(super) fn counted(&self) -> Vec<(String, u64)> {
        let families = self.families();
        let mut counted = BTreeMap::new();
        for family in &families {
            let series =
                family.ending().into_iter().flat_map(|(kind, name)| self.recorder.store.series(kind, name));
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
            Some(its) => families.retain(|family| {
                family.counting().any(|(_, name)| name == its) || family.in_flight.as_deref() == Some(its)
            }),
            None => {
                let classes = [Class::Server, Class::Client, Class::Service, Class::Attempt];
                let class = classes.into_iter().find(|class| families.iter().any(|it| it.class == *class));
                families.retain(|family| Some(family.class) == class);
            }
        }
        families
    }

    pub(super) fn since(&self, kind: Kind, name: &str) -> u64 {
        let series = self.recorder.store.series(kind, name).into_iter();
        series.map(|(key, value)| value.count() - self.count_before(&key)).sum()
    }

    /// How much of it there was before.
    fn before_of(&self, kind: Kind, name: &str) -> u64 {
        let series = self.recorder.store.series(kind, name).into_iter();
        series.map(|(key, _)| self.count_before(&key)).sum()
    }

    fn level(&self, name: &str) -> i64 {
        let series = self.recorder.store.series(Kind::Gauge, name).into_iter();
        let level = |value: Option<&Value>| if let Some(Value::Gauge(level)) = value { *level } else { 0.0 };
        series.map(|(key, value)| (level(Some(&value)) - level(self.before.get(&key))) as i64).sum()
    }

    pub(super) fn count_before(&self, key: &Key) -> u64 {
        self.before.get(key).map_or(0, Value::count)
    }
}
