//! The crate's own in-flight word, for the floor that sets its gauge as the crate does.

#[path = "../../../src/in_flight/word.rs"]
#[allow(dead_code, reason = "the floor does not need all that it can do")]
mod of_the_crate;

pub(crate) use self::of_the_crate::Word;
