//! A sorted run: (key, value) entries of 32 bits each in one vector, in the order of their keys.
//!
//! Everything that grows with the input and is matched by sorting is one of these, so that there is one place where a
//! run that is too long for memory can go elsewhere.

/// Entries sorted by key; those of one key in the order in which they were given.
#[derive(Debug, Default)]
pub(crate) struct SortedRun {
    entries: Vec<u64>,
}

impl SortedRun {
    /// Sorts `entries`. Four counting passes over 8 bytes an entry, two where the keys are few: O(n), stable.
    pub(crate) fn new(entries: impl Iterator<Item = (u32, u32)>) -> Self {
        let mut entries: Vec<u64> = entries.map(|(key, value)| u64::from(key) << 32 | u64::from(value)).collect();
        let mut other = vec![0; entries.len()];
        let mut counts = vec![[0u32; 256]; 4];
        for &entry in &entries {
            for (digit, counts) in counts.iter_mut().enumerate() {
                counts[Self::digit(entry, digit)] += 1;
            }
        }
        for (digit, counts) in counts.iter_mut().enumerate() {
            if counts.iter().any(|&count| count as usize == entries.len()) {
                continue;
            }
            let mut next = 0;
            for count in counts.iter_mut() {
                next += std::mem::replace(count, next);
            }
            for &entry in &entries {
                let place = &mut counts[Self::digit(entry, digit)];
                other[*place as usize] = entry;
                *place += 1;
            }
            std::mem::swap(&mut entries, &mut other);
        }
        Self { entries }
    }

    /// Byte `digit` of the key, the lowest first.
    fn digit(entry: u64, digit: usize) -> usize {
        (entry >> (32 + 8 * digit)) as usize & 0xff
    }

    /// The values of each key that has two or more, keys ascending.
    pub(crate) fn buckets(&self) -> impl Iterator<Item = impl ExactSizeIterator<Item = u32> + '_> + '_ {
        self.entries
            .chunk_by(|a, b| a >> 32 == b >> 32)
            .filter(|bucket| bucket.len() > 1)
            .map(|bucket| bucket.iter().map(|&entry| entry as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Law: a run holds what it was given, in the order of a stable sort by key.
        #[test]
        fn a_run_is_a_stable_sort(keys in proptest::collection::vec(prop_oneof![0u32..5, any::<u32>()], 0..300)) {
            let entries: Vec<(u32, u32)> = keys.into_iter().zip(0..).collect();
            let run = SortedRun::new(entries.iter().copied());
            let mut expected = entries;
            expected.sort_by_key(|&(key, _)| key);
            let held: Vec<(u32, u32)> = run.entries.iter().map(|&entry| ((entry >> 32) as u32, entry as u32)).collect();
            prop_assert_eq!(held, expected);
        }
    }

    #[test]
    fn buckets_have_two_or_more() {
        let run = SortedRun::new([(9, 0), (4, 1), (9, 2), (1, 3), (4, 4), (9, 5)].into_iter());
        let buckets: Vec<Vec<u32>> = run.buckets().map(Iterator::collect).collect();
        assert_eq!(buckets, [vec![1, 4], vec![0, 2, 5]]);
    }
}
