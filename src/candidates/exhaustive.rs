//! Every pair at the threshold, with certainty: the prefix-filter join.
//!
//! **Takes** the shingles of each article. **Gives** candidate pairs, among which is every pair with a Jaccard of at least
//! the threshold t.
//! **How.** Of two such articles each has at least t of the other's shingles. So of any 1 + (1 − t) n of the n shingles of
//! an article, one is the other's too, and, all articles being ordered alike, one is among as many first ones of the other
//! (Chaudhuri, Ganti, Kaushik 2006; Bayardo, Ma, Srikant 2007; Mann et al. 2016). The rarest come first: most shingles
//! occur in one article only, are alone in the index and need not be there. Lengths that differ too much exclude a pair.
//! Any order will do, so frequencies are counted in a small table in which some shingles share a counter.
//! **Cost** two more readings; O(n) for n shingles, one byte each for the counters and 8 for those of prefixes that occur
//! twice; and one comparison for each candidate, of which a crowd of n near-identical articles has n (n − 1) / 2.

use super::Pair;
use super::met::Together;
use super::passages::{Layout, lists, prefix};
use super::run::SortedRun;
use std::sync::atomic::{AtomicU8, Ordering};

/// How often shingles occur, about: never too low a number.
pub(crate) struct Frequencies {
    counters: Vec<AtomicU8>,
}

/// Most counters.
const MOST: usize = 1 << 30;

impl Frequencies {
    /// Counters for so many shingles.
    pub(crate) fn new(shingles: u64) -> Self {
        let slots = (2 * shingles as usize).next_power_of_two().clamp(1 << 10, MOST);
        Self { counters: std::iter::repeat_with(|| AtomicU8::new(0)).take(slots).collect() }
    }

    fn counter(&self, shingle: u64) -> &AtomicU8 {
        &self.counters[shingle as usize & (self.counters.len() - 1)]
    }

    /// Counts a shingle; calls may come from many threads.
    fn count(&self, shingle: u64) {
        let counter = self.counter(shingle);
        if counter.load(Ordering::Relaxed) < u8::MAX {
            // A counter that is full stays as it is.
            let _ = counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| count.checked_add(1));
        }
    }

    /// Counts the shingles of an article.
    pub(crate) fn count_all(&self, distinct: &[(u8, u64)]) {
        distinct.iter().for_each(|&(_, shingle)| self.count(shingle));
    }

    fn of(&self, shingle: u64) -> u8 {
        self.counter(shingle).load(Ordering::Relaxed)
    }

    /// Of an article's distinct shingles, those that any partner of a Jaccard of at least `threshold` has one of, without
    /// those that nobody else has.
    pub(crate) fn prefix(&self, distinct: &mut Vec<(u8, u64)>, threshold: f64) {
        if distinct.is_empty() {
            return;
        }
        distinct.iter_mut().for_each(|(count, shingle)| *count = self.of(*shingle));
        let length = prefix(distinct.len(), threshold);
        if length < distinct.len() {
            distinct.select_nth_unstable(length - 1);
            distinct.truncate(length);
        }
        distinct.retain(|&(count, _)| count > 1);
    }
}

/// Adds all pairs of each list whose lengths allow the threshold, without those of lists longer than `limit`. `sizes` are the
/// numbers of distinct shingles. Only pairs that are `sought`.
pub(crate) fn meet(
    (layout, run): (Layout, &SortedRun),
    limit: Option<usize>,
    sizes: &[u32],
    threshold: f64,
    sought: impl Fn(Pair) -> bool,
    pairs: &mut Together,
) {
    let near = |a: u32, b: u32| {
        let (a, b) = (sizes[a as usize], sizes[b as usize]);
        f64::from(a.min(b)) / f64::from(a.max(b)) >= threshold
    };
    for (_, list) in lists(layout, 0, run, 2).filter(|(_, list)| limit.is_none_or(|limit| list.len() <= limit)) {
        for (at, &one) in list.iter().enumerate() {
            let others = list[at + 1..].iter().filter(|&&other| near(one, other));
            others.map(|&other| Pair::new(one, other)).filter(|&pair| sought(pair)).for_each(|pair| pairs.add(pair));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shingle::mix;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        /// Law: two sets at the threshold have one of their prefixes in common.
        #[test]
        fn prefixes_of_like_sets_meet(a in proptest::collection::btree_set(0u64..40, 1..30), b in proptest::collection::btree_set(0u64..40, 1..30), share in 0.05f64..=1.0) {
            let jaccard = a.intersection(&b).count() as f64 / a.union(&b).count() as f64;
            prop_assume!(jaccard > 0.0);
            let threshold = share * jaccard;
            let frequencies = Frequencies::new(8);
            a.iter().chain(&b).for_each(|&item| frequencies.count(mix(item)));
            let prefix = |set: &BTreeSet<u64>| {
                let mut distinct: Vec<(u8, u64)> = set.iter().map(|&item| (0, mix(item))).collect();
                frequencies.prefix(&mut distinct, threshold);
                distinct.into_iter().collect::<BTreeSet<_>>()
            };
            prop_assert!(prefix(&a).intersection(&prefix(&b)).next().is_some());
        }
    }

    #[test]
    fn a_full_counter_stays_full() {
        let frequencies = Frequencies::new(1);
        (0..1000).for_each(|_| frequencies.count(7));
        assert_eq!(frequencies.of(7), u8::MAX);
    }
}
