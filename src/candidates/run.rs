//! A sorted run: entries of 64 bits, a key in the upper ones and whatever belongs to it below, in the order of their keys.
//!
//! Everything that grows with the input and is matched by sorting is one of these. Runs that have to wait are put away.

use super::shelf::{Shelf, Store};
use crate::error::Result;
use std::sync::Arc;

/// Most bits that a counting pass looks at.
const DIGIT: u32 = 9;

/// Entries sorted by key; those of one key in the order in which they were given.
#[derive(Debug, Default)]
pub(crate) struct SortedRun {
    entries: Vec<u64>,
    /// Bits below the key.
    below: u32,
}

impl SortedRun {
    /// Sorts entries of 32 bits of key and 32 of value.
    pub(crate) fn new(entries: impl Iterator<Item = (u32, u32)>) -> Self {
        Self::of(entries.map(|(key, value)| u64::from(key) << 32 | u64::from(value)).collect(), 32)
    }

    /// Sorts `entries`, whose keys stand above the lowest `below` bits. Counting passes over 8 bytes an entry put them in
    /// the order of as many upper bits of the key as tell most of them apart; what is left is sorted by comparison: O(n)
    /// expected for keys that are hashes, O(n log n) for any, stable.
    pub(crate) fn of(mut entries: Vec<u64>, below: u32) -> Self {
        let enough = usize::BITS - entries.len().leading_zeros();
        let passes = (64 - below).min(enough).div_ceil(DIGIT);
        let width = if passes == 0 { 0 } else { (64 - below).min(passes * DIGIT).div_ceil(passes) };
        let lowest = 64 - passes * width;
        // The lowest digit may reach below the key, where nothing counts.
        let key = u64::MAX.checked_shl(below).unwrap_or(0);
        let digit = |entry: u64, pass: u32| ((entry & key) >> (lowest + pass * width)) as usize & ((1 << width) - 1);
        let mut other = vec![0; entries.len()];
        let mut counts = vec![vec![0u32; 1 << width]; passes as usize];
        for &entry in &entries {
            for (pass, counts) in (0..).zip(&mut counts) {
                counts[digit(entry, pass)] += 1;
            }
        }
        for (pass, counts) in (0..).zip(&mut counts) {
            if counts.iter().any(|&count| count as usize == entries.len()) {
                continue;
            }
            let mut next = 0;
            for count in counts.iter_mut() {
                next += std::mem::replace(count, next);
            }
            for &entry in &entries {
                let place = &mut counts[digit(entry, pass)];
                other[*place as usize] = entry;
                *place += 1;
            }
            std::mem::swap(&mut entries, &mut other);
        }
        if lowest > below || passes == 0 {
            let mut start = 0;
            while let Some(more) = entries[start..].windows(2).position(|pair| pair[0] >> below > pair[1] >> below) {
                let alike = |entry: &u64| entry.checked_shr(lowest) == entries[start + more].checked_shr(lowest);
                let before = entries[start..=start + more].iter().rev().take_while(|entry| alike(entry)).count();
                let behind = entries[start + more + 1..].iter().take_while(|entry| alike(entry)).count();
                let (from, to) = (start + more + 1 - before, start + more + 1 + behind);
                entries[from..to].sort_by_key(|entry| entry >> below);
                start = to;
            }
        }
        Self { entries, below }
    }

    /// Keeps the buckets that are wanted, of those that have two entries or more.
    pub(crate) fn retain(&mut self, mut wanted: impl FnMut(&[u64]) -> bool) {
        let kept = self.buckets().filter(|bucket| wanted(bucket)).flatten().copied().collect();
        self.entries = kept;
    }

    /// The run of its `wanted` entries and those of another that is sorted by the same key, which come later.
    pub(crate) fn merged(&self, wanted: impl Fn(u64) -> bool, other: &Self) -> Self {
        let mut entries = Vec::with_capacity(self.entries.len() + other.entries.len());
        let mut others = other.entries.iter().copied().peekable();
        for entry in self.entries.iter().copied().filter(|&entry| wanted(entry)) {
            while let Some(other) = others.next_if(|other| other >> self.below < entry >> self.below) {
                entries.push(other);
            }
            entries.push(entry);
        }
        entries.extend(others);
        Self { entries, below: self.below }
    }

    /// The entries of each key that has two or more, keys ascending.
    pub(crate) fn buckets(&self) -> impl Iterator<Item = &[u64]> + '_ {
        buckets(&self.entries, self.below)
    }

    /// Puts it away.
    pub(crate) fn put(self, store: &Arc<Store>) -> Result<ShelvedRun> {
        Ok(ShelvedRun { entries: store.put(self.entries)?, below: self.below })
    }
}

/// A sorted run that was put away.
#[derive(Debug)]
pub(crate) struct ShelvedRun {
    entries: Shelf<u64>,
    below: u32,
}

impl ShelvedRun {
    /// Takes it down again.
    pub(crate) fn take(self) -> Result<SortedRun> {
        Ok(SortedRun { entries: self.entries.take()?, below: self.below })
    }

    /// Calls `see` with the entries of each key that has two or more, keys ascending.
    pub(crate) fn each_bucket(&self, see: impl FnMut(&[u64])) -> Result<()> {
        buckets(&self.entries.get(0..self.entries.len())?, self.below).for_each(see);
        Ok(())
    }
}

fn buckets(entries: &[u64], below: u32) -> impl Iterator<Item = &[u64]> + '_ {
    let mut at = 0;
    // Most keys have one entry; these are passed over two by two.
    std::iter::from_fn(move || {
        let start = at + entries[at..].windows(2).position(|pair| (pair[0] ^ pair[1]) >> below == 0)?;
        let more = entries[start + 2..].iter().take_while(|entry| (*entry ^ entries[start]) >> below == 0).count();
        at = start + 2 + more;
        Some(&entries[start..at])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Law: a run holds what it was given, in the order of a stable sort by key.
        #[test]
        fn a_run_is_a_stable_sort(keys in proptest::collection::vec(prop_oneof![0u64..5, any::<u64>()], 0..300), below in 9u32..60) {
            let entries: Vec<u64> = keys.into_iter().zip(0..).map(|(key, place): (u64, u64)| key << below | place).collect();
            let run = SortedRun::of(entries.clone(), below);
            let mut expected = entries;
            expected.sort_by_key(|&entry| entry >> below);
            prop_assert_eq!(run.entries, expected);
        }
    }

    #[test]
    fn what_is_below_the_key_does_not_count_where_digits_reach_below_it() {
        // As many as three passes over 26 bits of key take, which are 27 bits.
        let entries: Vec<u64> = (0..300_000u64).map(|n| (n * 7919 % 100_003) << 38 | (n & 1) << 37 | n).collect();
        let run = SortedRun::of(entries.clone(), 38);
        let mut expected = entries;
        expected.sort_by_key(|&entry| entry >> 38);
        assert!(run.entries == expected);
    }

    #[test]
    fn buckets_have_two_or_more() {
        let run = SortedRun::new([(9, 0), (4, 1), (9, 2), (1, 3), (4, 4), (9, 5)].into_iter());
        let buckets: Vec<Vec<u32>> =
            run.buckets().map(|bucket| bucket.iter().map(|&entry| entry as u32).collect()).collect();
        assert_eq!(buckets, [vec![1, 4], vec![0, 2, 5]]);
    }
}
