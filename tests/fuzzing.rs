//! The targets of `tests/fuzz`, driven by their seeds, changed at random, and by bytes of all kinds.

#[path = "fuzz/targets.rs"]
mod targets;

use crate::util::project;
use proptest::prelude::*;
use proptest::sample::Index;
use std::fs;
use std::panic::catch_unwind;

/// A change of some bytes.
#[derive(Clone, Debug)]
enum Change {
    Set(Index, u8),
    Cut(Index, Index),
    Insert(Index, Vec<u8>),
    Repeat(Index, Index),
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<Index>;
    prop_oneof![
        (place(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (place(), place()).prop_map(|(from, to)| Change::Cut(from, to)),
        (place(), proptest::collection::vec(any::<u8>(), 1..20)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        (place(), proptest::sample::select(vec![&b"\n"[..], b"\r\n", b"{", b"\"", b"\\", b"<", b",", b"\0"]))
            .prop_map(|(at, bytes)| Change::Insert(at, bytes.to_vec())),
        (place(), place()).prop_map(|(from, to)| Change::Repeat(from, to)),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let at = |index: &Index| index.index(bytes.len() + 1);
        let range = |from: &Index, to: &Index| at(from).min(at(to))..at(from).max(at(to));
        match change {
            Change::Set(place, byte) => {
                let place = at(place);
                bytes.iter_mut().skip(place).take(1).for_each(|old| *old = *byte);
            }
            Change::Cut(from, to) => {
                bytes.drain(range(from, to));
            }
            Change::Insert(place, more) => {
                let place = at(place);
                bytes.splice(place..place, more.iter().copied());
            }
            Change::Repeat(from, to) => {
                let range = range(from, to);
                let (place, more) = (range.end, bytes[range].to_vec());
                bytes.splice(place..place, more);
            }
        }
    }
    bytes
}

/// Runs a target on each of its seeds, as it is and changed, and on bytes of all kinds.
fn drive(name: &str) {
    let (_, target) = targets::TARGETS.into_iter().find(|target| target.0 == name).expect("a target");
    let folder = project().join("tests/fuzz/seeds").join(name);
    let mut seeds: Vec<Vec<u8>> = fs::read_dir(folder)
        .expect("a target has seeds")
        .map(|entry| fs::read(entry.expect("it can be read").path()).expect("it can be read"))
        .collect();
    seeds.sort();
    seeds.iter().for_each(|seed| target(seed));
    let cases = std::env::var("FUZZ_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(256);
    let config =
        ProptestConfig { cases, max_shrink_iters: 2000, failure_persistence: None, ..ProptestConfig::default() };
    let bytes = (any::<Index>(), proptest::collection::vec(change(), 1..6)).prop_map(move |(seed, changes)| {
        let seed = if seeds.is_empty() { Vec::new() } else { seed.get(&seeds).clone() };
        changed(seed, &changes)
    });
    let bytes = prop_oneof![8 => bytes, 1 => proptest::collection::vec(any::<u8>(), 0..300)];
    let found = proptest::test_runner::TestRunner::new(config).run(&bytes, |bytes| {
        catch_unwind(|| target(&bytes)).map_err(|_| TestCaseError::fail(format!("{name} fails on {bytes:?}")))
    });
    if let Err(error) = found {
        panic!("{error}");
    }
}

macro_rules! drive {
    ($($name:ident),*) => {
        $(#[test]
        fn $name() {
            drive(stringify!($name));
        })*

        #[test]
        fn every_target_is_driven() {
            let driven = [$(stringify!($name)),*];
            assert_eq!(targets::TARGETS.map(|target| target.0), driven);
        }
    };
}

drive!(lines, objects, table, text, page, responses, columns, zip, tar, packed, anything, words, score);
