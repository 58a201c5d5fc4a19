//! Drives one of the targets by libFuzzer: the one that the variable `FUZZ_TARGET` names.

#![no_main]

mod targets;

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    // Panics of a library that are caught are no finding; those of a target end the run all the same.
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let found = targets::TARGETS.into_iter().find(|target| target.0 == name);
    found.unwrap_or_else(|| panic!("FUZZ_TARGET is {name:?}, which names no target")).1
});

fuzz_target!(|bytes: &[u8]| TARGET(bytes));
