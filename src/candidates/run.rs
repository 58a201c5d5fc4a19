//! A sorted run: entries of 64 bits, a key in the upper ones and whatever belongs to it below, in the order of their keys.
//!
//! Everything that grows with the input and is matched by sorting is one of these. Runs that have to wait are put away.

use super::shelf::{Shelf, Store};
use crate::error::Result;
use crate::simd::{Lanes, Work, widest};
use std::ops::Range;
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
        for pass in 0..passes {
            let mut counts = [0u32; 1 << DIGIT];
            entries.iter().for_each(|&entry| counts[digit(entry, pass)] += 1);
            if counts.iter().any(|&count| count as usize == entries.len()) {
                continue;
            }
            let mut next = 0;
            for count in &mut counts {
                next += std::mem::replace(count, next);
            }
            for &entry in &entries {
                let place = &mut counts[digit(entry, pass)];
                other[*place as usize] = entry;
                *place += 1;
            }
            std::mem::swap(&mut entries, &mut other);
        }
        if lowest > below {
            for alike in stretches(&entries, lowest) {
                let alike = &mut entries[alike];
                if !alike.is_sorted_by_key(|entry| entry >> below) {
                    alike.sort_by_key(|entry| entry >> below);
                }
            }
        }
        Self { entries, below }
    }

    /// Calls `see` with the entries of each key that has two or more, keys ascending: the `wanted` ones of those that are
    /// two or more here, and then those of another run that is sorted by the same key: all of them, or where there are not
    /// two or more here, those that are wanted `alone`.
    pub(crate) fn each_with(
        &self,
        other: &Self,
        (wanted, alone): (impl Fn(u64) -> bool, impl Fn(u64) -> bool),
        mut see: impl FnMut(&[u64]),
    ) {
        // One of nothing has no key.
        debug_assert!(self.entries.is_empty() || self.below == other.below);
        let below = other.below;
        let key = move |bucket: &[u64]| bucket[0] >> below;
        let mut others = other.entries.chunk_by(|one, next| one >> below == next >> below).peekable();
        let alone = |others: &[u64], entries: &mut Vec<u64>| {
            entries.clear();
            entries.extend(others.iter().copied().filter(|&entry| alone(entry)));
        };
        let mut entries = Vec::new();
        for bucket in self.buckets() {
            while let Some(before) = others.next_if(|other| key(other) < key(bucket)) {
                alone(before, &mut entries);
                seen_if_shared(&entries, &mut see);
            }
            let same = others.next_if(|other| key(other) == key(bucket));
            if same.is_none() && bucket.iter().all(|&entry| wanted(entry)) {
                see(bucket);
                continue;
            }
            entries.clear();
            entries.extend(bucket.iter().copied().filter(|&entry| wanted(entry)));
            entries.extend_from_slice(same.unwrap_or_default());
            seen_if_shared(&entries, &mut see);
        }
        for other in others {
            alone(other, &mut entries);
            seen_if_shared(&entries, &mut see);
        }
    }

    /// The entries of each key that has two or more, keys ascending.
    pub(crate) fn buckets(&self) -> impl Iterator<Item = &[u64]> + '_ {
        stretches(&self.entries, self.below).map(|bucket| &self.entries[bucket])
    }

    /// The same without the entries of keys that have one alone.
    pub(crate) fn repeated(&self) -> Self {
        Self { entries: self.buckets().collect::<Vec<_>>().concat(), below: self.below }
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

    /// For each list of keys, which ascend, the entries of those that two or more have.
    pub(crate) fn of_keys<const N: usize>(&self, lists: [impl Iterator<Item = u64>; N]) -> Result<[Vec<u64>; N]> {
        let entries = self.entries.get(0..self.entries.len())?;
        Ok(lists.map(|keys| {
            let (mut rest, mut found) = (&entries[..], Vec::new());
            for key in keys {
                rest = &rest[rest.partition_point(|entry| entry >> self.below < key)..];
                let count = rest.iter().take_while(|&entry| entry >> self.below == key).count();
                found.extend_from_slice(if count > 1 { &rest[..count] } else { &[] });
            }
            found
        }))
    }
}

fn seen_if_shared(bucket: &[u64], see: &mut impl FnMut(&[u64])) {
    if bucket.len() > 1 {
        see(bucket);
    }
}

/// The stretches of two or more entries that agree above the lowest `below` bits.
fn stretches(entries: &[u64], below: u32) -> impl Iterator<Item = Range<usize>> + use<> {
    let mut places = Vec::new();
    widest(Alike { entries, below, places: &mut places });
    let mut places = places.into_iter().peekable();
    std::iter::from_fn(move || {
        let start = places.next()?;
        let mut last = start;
        while places.next_if_eq(&(last + 1)).is_some() {
            last += 1;
        }
        Some(start as usize..last as usize + 2)
    })
}

/// Looks for entries that agree with the next one above the lowest bits.
struct Alike<'e> {
    entries: &'e [u64],
    below: u32,
    places: &'e mut Vec<u32>,
}

/// Entries that are looked at at once.
const CHUNK: usize = 64;

impl Work for Alike<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { entries, below, places } = self;
        let agree = |place: u32| (entries[place as usize] ^ entries[place as usize + 1]) >> below == 0;
        let mut place = 0;
        while let Some(chunk) = entries[place as usize..].first_chunk::<{ CHUNK + 1 }>() {
            let keys = chunk.map(|entry| (entry >> below) as u32);
            let (Some(these), Some(next)) = (keys.first_chunk(), keys.last_chunk()) else { break };
            // The upper bits of a key may differ still.
            let mut likely = lanes.equal(these, next);
            while likely != 0 {
                places.extend(Some(place + likely.trailing_zeros()).filter(|&place| agree(place)));
                likely &= likely - 1;
            }
            place += CHUNK as u32;
        }
        places.extend((place..(entries.len() as u32).saturating_sub(1)).filter(|&place| agree(place)));
    }
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

    proptest! {
        /// Law: two runs give the entries of each key that the wanted ones of the first's buckets and the second have together;
        /// of the second, where the first has no bucket, those that are wanted alone.
        #[test]
        fn two_runs_are_seen_as_one(one in proptest::collection::vec((0u32..9, 0u32..50), 0..40), other in proptest::collection::vec((0u32..9, 50u32..90), 0..20)) {
            let wanted = (|entry: u64| !entry.is_multiple_of(3), |entry: u64| !entry.is_multiple_of(5));
            let (first, second) = (SortedRun::new(one.iter().copied()), SortedRun::new(other.into_iter()));
            let mut seen: Vec<Vec<u64>> = Vec::new();
            first.each_with(&second, wanted, |bucket| seen.push(bucket.to_vec()));
            let mut of_repeated: Vec<Vec<u64>> = Vec::new();
            first.repeated().each_with(&second, wanted, |bucket| of_repeated.push(bucket.to_vec()));
            prop_assert_eq!(&of_repeated, &seen);
            let repeated = |entry: u64| one.iter().filter(|&&(key, _)| u64::from(key) == entry >> 32).count() > 1;
            let mut expected = std::collections::BTreeMap::<u64, Vec<u64>>::new();
            let first = first.entries.iter().filter(|&&entry| repeated(entry) && wanted.0(entry));
            let second = second.entries.iter().filter(|&&entry| repeated(entry) || wanted.1(entry));
            first.chain(second).for_each(|&entry| expected.entry(entry >> 32).or_default().push(entry));
            expected.retain(|_, bucket| bucket.len() > 1);
            prop_assert_eq!(seen, expected.into_values().collect::<Vec<_>>());
        }

        /// Law: of each key asked for come the entries, if it has two or more.
        #[test]
        fn entries_are_found_by_their_keys(entries in proptest::collection::vec((0u32..9, any::<u32>()), 0..40), keys in proptest::collection::btree_set(0u64..9, 0..9)) {
            let run = SortedRun::new(entries.into_iter());
            let expected: Vec<u64> =
                run.buckets().filter(|bucket| keys.contains(&(bucket[0] >> 32))).flatten().copied().collect();
            let none = std::collections::BTreeSet::new();
            let found = run.put(&Arc::default()).and_then(|run| run.of_keys([keys, none].map(std::collections::BTreeSet::into_iter)));
            prop_assert_eq!(found.expect("in memory"), [expected, Vec::new()]);
        }
    }

    proptest! {
        /// Law: stretches are what chunks of equal keys are, but for those of one entry; also where keys differ only in bits
        /// that are not looked at at first.
        #[test]
        fn stretches_are_chunks_of_two_or_more(keys in proptest::collection::vec((0u64..3, 0u64..60), 0..300), below in 0u32..26) {
            let mut entries: Vec<u64> =
                keys.into_iter().zip(0..).map(|((upper, lower), place): (_, u64)| ((upper << 32 | lower) << below) | (place % (1 << below))).collect();
            entries.sort_by_key(|&entry| entry >> below);
            let found: Vec<&[u64]> = stretches(&entries, below).map(|stretch| &entries[stretch]).collect();
            let chunks = entries.chunk_by(|one, next| one >> below == next >> below);
            prop_assert_eq!(found, chunks.filter(|chunk| chunk.len() > 1).collect::<Vec<_>>());
        }
    }

    #[test]
    fn buckets_have_two_or_more() {
        let run = SortedRun::new([(9, 0), (4, 1), (9, 2), (1, 3), (4, 4), (9, 5)].into_iter());
        let buckets: Vec<Vec<u32>> =
            run.buckets().map(|bucket| bucket.iter().map(|&entry| entry as u32).collect()).collect();
        assert_eq!(buckets, [vec![1, 4], vec![0, 2, 5]]);
    }
}
