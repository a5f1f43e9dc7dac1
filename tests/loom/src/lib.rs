//! The crate's own word, over loom's atomics in the place of the standard ones.

pub mod sync {
    //! What `src/sync.rs` is to the crate.

    pub(crate) use loom::sync::atomic::{AtomicU64, Ordering};
}

#[path = "../../../src/in_flight/word.rs"]
mod of_the_crate;

/// [`of_the_crate::Word`], to be seen from the models.
#[derive(Debug)]
pub struct Word(of_the_crate::Word);

impl Default for Word {
    fn default() -> Self {
        Self(of_the_crate::Word::new())
    }
}

impl Word {
    pub fn up(&self, publish: impl Fn(u64)) {
        self.0.up(publish);
    }

    pub fn up_to(&self, most: u64, publish: impl Fn(u64)) -> bool {
        self.0.up_to(most, publish)
    }

    pub fn down(&self, publish: impl Fn(u64)) {
        self.0.down(publish);
    }

    pub fn refresh(&self, publish: impl Fn(u64)) {
        self.0.refresh(publish);
    }
}
