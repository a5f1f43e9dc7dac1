//! The fuzzer's targets, over random bytes, and over what once broke them.

use std::{fs, path::Path};

use proptest::{collection::vec, prelude::*};

use crate::targets::{body_script, grpc_status, request_labels, sanitiser};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(20_000))]

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
    #![proptest_config(config(2_000))]

    #[test]
    fn no_request_makes_a_label_of_its_own(data in vec(any::<u8>(), 0..400)) {
        request_labels::run(&data);
    }

    #[test]
    fn label_values_add_up_on_a_page_that_can_be_read(data in vec(any::<u8>(), 0..400)) {
        sanitiser::run(&data);
    }
}

/// Each file of `tests/properties/seeds/<target>` is one input.
#[test]
fn the_seeds_break_nothing() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/properties/seeds");
    let targets: [(&str, fn(&[u8])); 4] = [
        ("body_script", body_script::run),
        ("grpc_status", grpc_status::run),
        ("request_labels", request_labels::run),
        ("sanitiser", sanitiser::run),
    ];
    for (target, run) in targets {
        let mut ran = 0;
        for file in fs::read_dir(seeds.join(target)).unwrap() {
            run(&fs::read(file.unwrap().path()).unwrap());
            ran += 1;
        }
        assert!(ran > 0, "{target} has no seeds");
    }
}
