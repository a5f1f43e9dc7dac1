//! How a call ended: what finds the slot in which it is counted.

use crate::outcome::Outcome;

/// How a call ended, as its protocol counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    /// The code of the answer, 0 where there was none.
    pub(crate) code: u16,
    pub(crate) outcome: Outcome,
    /// The user's own word for it, where there is one.
    pub(crate) word: Option<&'static str>,
}

// ===== impl End =====

impl End {
    #[inline]
    pub(crate) fn new(code: u16, outcome: Outcome) -> Self {
        Self { code, outcome, word: None }
    }

    /// Spreads over the slots of a series; a word by where it stands in the program.
    #[inline]
    pub(super) fn hash(self) -> u64 {
        let end = u64::from(self.code) * 8 + self.outcome as u64;
        match self.word {
            None => end,
            Some(word) => {
                let place = word.as_ptr().addr() as u64;
                end ^ place.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(16)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::End;
    use crate::outcome::Outcome;

    #[test]
    fn ends_that_differ_spread_over_the_slots() {
        let ends = || (0..600).flat_map(|code| Outcome::ALL.map(|outcome| End::new(code, outcome)));
        assert_eq!(ends().map(End::hash).collect::<HashSet<_>>().len(), ends().count());
        assert_eq!(ends().map(|end| end.hash() % 16).collect::<HashSet<_>>().len(), 14);
        let words = ["hit", "miss", "stale"]
            .map(|word| End { word: Some(word), ..End::new(200, Outcome::Completed) });
        assert_eq!(words.map(End::hash).into_iter().collect::<HashSet<_>>().len(), 3);
    }
}
