//! See `tests/properties/targets/request_labels.rs`.

#![no_main]

#[path = "../../tests/support/exposition/mod.rs"]
mod exposition;
#[path = "../../tests/properties/targets/mod.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::request_labels::run(data));
