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
    pub(crate) fn new(code: u16, outcome: Outcome) -> Self {
        Self { code, outcome, word: None }
    }

    /// Spreads over the slots of a series; a word by where it stands in the program.
    pub(super) fn hash(self) -> u64 {
        let word = self.word.map_or(0, |word| word.as_ptr().addr() as u64);
        (u64::from(self.code) * 8 + self.outcome as u64)
            ^ word.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(16)
    }
}
