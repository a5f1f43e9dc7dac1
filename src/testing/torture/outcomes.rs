//! How calls ended, beside how they were counted.

use std::collections::BTreeMap;

use super::witness::Witness;
use crate::{
    Outcome,
    names::{self, Kind},
    testing::{families::Family, labels::value_of},
};

// ===== impl Witness =====

impl Witness<'_> {
    /// Which ends this family counts under another outcome than they had.
    ///
    /// At least as many as are known to have ended so have to be counted so: of the others nobody knows, for what stands
    /// between the torture and the measured Layer has a say in that.
    pub(super) fn otherwise(&self, family: &Family) -> Vec<String> {
        let Some((name, counted)) = self.by_outcome(family) else { return Vec::new() };
        let has_bodies = !self.has_bodiless(name);
        let of = |outcome: Outcome| {
            let known = self.known.iter().filter(|(ended, _)| ended.outcome == outcome);
            let known = known.filter(|(ended, _)| has_bodies || !ended.is_in_body);
            let calls: u64 = known.map(|(_, calls)| calls).sum();
            (outcome, calls, counted.get(outcome.as_str()).copied().unwrap_or_default())
        };
        let otherwise = Outcome::ALL.into_iter().map(of).filter(|(_, calls, counted)| counted < calls);
        let label = names::OUTCOME;
        let tell = |(outcome, calls, counted): (Outcome, u64, u64)| {
            format!("{calls} calls ended as {label}=\"{outcome}\", and {name} counted {counted} so")
        };
        otherwise.map(tell).collect()
    }

    /// Tells whether there are requests whose answers have no body, whatever the service puts into it.
    fn has_bodiless(&self, counter: &str) -> bool {
        let series = self.recorder.store.series(Kind::Counter, counter);
        series.iter().any(|(key, _)| key.labels().any(|label| matches!(label.value(), "HEAD" | "CONNECT")))
    }

    /// What the counter of a family has of each outcome, if it tells outcomes, and in the words of this crate.
    fn by_outcome<'f>(&self, family: &'f Family) -> Option<(&'f str, BTreeMap<String, u64>)> {
        let name = family.ended.as_deref()?;
        let mut counted = BTreeMap::new();
        for (key, value) in self.recorder.store.series(Kind::Counter, name) {
            let word = value_of(&key, names::OUTCOME)?;
            if !Outcome::ALL.iter().any(|outcome| outcome.as_str() == word) {
                return None;
            }
            *counted.entry(word.to_owned()).or_default() += value.count() - self.count_before(&key);
        }
        Some((name, counted)).filter(|(_, counted)| !counted.is_empty())
    }
}
