//! See `tests/properties/targets/body_script.rs`.

#![no_main]

#[path = "../../tests/support/exposition/mod.rs"]
mod exposition;
#[path = "../../tests/properties/targets/mod.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::body_script::run(data));
