//! See `tests/properties/targets/sanitiser.rs`.

#![no_main]

#[path = "../../tests/support/exposition/mod.rs"]
mod exposition;
#[path = "../../tests/properties/targets/mod.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::sanitiser::run(data));
