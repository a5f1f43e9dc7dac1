//! The fuzzer's targets, over random bytes, and over what once broke them.

use proptest::{collection::vec, prelude::*};

use crate::targets::{body_script, grpc_status, request_labels, sanitiser};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(10_000))]

    #[test]
    fn a_wrapped_call_is_the_bare_one_and_ends_once(data in vec(any::<u8>(), 0..120)) {
        body_script::run(&data);
    }

    #[test]
    fn a_grpc_call_ends_once_with_the_code_that_clients_read(data in vec(any::<u8>(), 0..120)) {
        grpc_status::run(&data);
    }
}

proptest! {
    #![proptest_config(config(1_500))]

    #[test]
    fn no_request_makes_a_label_of_its_own(data in vec(any::<u8>(), 0..400)) {
        request_labels::run(&data);
    }

    #[test]
    fn label_values_add_up_on_a_page_that_can_be_read(data in vec(any::<u8>(), 0..400)) {
        sanitiser::run(&data);
    }
}

type Target = fn(&[u8]);

/// What the fuzzer found worth keeping, and what once broke something: one input in each line, in hexadecimal.
const SEEDS: [(&str, Target, &str); 4] = [
    ("body_script", body_script::run, include_str!("seeds/body_script.hex")),
    ("grpc_status", grpc_status::run, include_str!("seeds/grpc_status.hex")),
    ("request_labels", request_labels::run, include_str!("seeds/request_labels.hex")),
    ("sanitiser", sanitiser::run, include_str!("seeds/sanitiser.hex")),
];

#[test]
fn the_seeds_break_nothing() {
    let byte = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap();
    for (target, run, seeds) in SEEDS {
        assert!(!seeds.is_empty(), "{target} has no seeds");
        for line in seeds.lines() {
            run(&line.as_bytes().chunks(2).map(byte).collect::<Vec<_>>());
        }
    }
}
