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
        let known = self.known.iter();
        let counted = |outcome: Outcome| counted.get(outcome.as_str()).copied().unwrap_or_default();
        let otherwise = known.filter(|(outcome, calls)| counted(*outcome) < *calls);
        let tell = |(outcome, calls): &(Outcome, u64)| {
            format!(
                "{calls} calls ended as {}={:?}, and {name} counted {} so",
                names::OUTCOME,
                outcome.as_str(),
                counted(*outcome)
            )
        };
        otherwise.map(tell).collect()
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
