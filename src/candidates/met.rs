//! Lists of articles to pairs: who meets by a fingerprint, and which lists are too long for that.
//!
//! **Takes** the buckets of an index ([`passages`](super::passages)). **Gives** each pair of articles of a bucket whose
//! contexts allow a run, once, and long lists as crowds, for [`crowd`](super::crowd). **Cost** O(m) expected for m
//! meetings; two articles that share much meet by many fingerprints.

use super::Pair;
use super::passages::{Layout, carriers};
use super::run::SortedRun;
use crate::sketch::fingerprint::may_run;
use ahash::AHashSet;

/// Sets of pairs, by the first article of a pair: each small enough for a core's cache.
const SETS: usize = 64;
/// Pairs that wait for their set to be looked at.
const WAITING: usize = if cfg!(test) { 8 } else { 256 };

/// Pairs that came together, each known once, however often they did.
#[derive(Debug)]
pub(crate) struct Together {
    sets: Vec<(AHashSet<Pair>, Vec<Pair>)>,
}

impl Default for Together {
    fn default() -> Self {
        Self { sets: (0..SETS).map(|_| Default::default()).collect() }
    }
}

impl Together {
    pub(crate) fn add(&mut self, pair: Pair) {
        let (known, waiting) = &mut self.sets[pair.a() as usize % SETS];
        waiting.push(pair);
        if waiting.len() == WAITING {
            known.extend(waiting.drain(..));
        }
    }

    fn append(&mut self, next: Self) {
        for ((known, _), (mut more, others)) in self.sets.iter_mut().zip(next.sets) {
            if known.len() < more.len() {
                std::mem::swap(known, &mut more);
            }
            known.extend(more);
            known.extend(others);
        }
    }

    /// All of them, in no order.
    pub(crate) fn all(self) -> Vec<Pair> {
        let of_set = |(mut known, waiting): (AHashSet<Pair>, Vec<Pair>)| {
            known.extend(waiting);
            known
        };
        self.sets.into_iter().flat_map(of_set).collect()
    }
}

/// What lists of articles bring together.
#[derive(Debug, Default)]
pub(crate) struct Met {
    /// Pairs of articles with a common fingerprint.
    pub(crate) pairs: Together,
    /// How many fingerprints they have in common, altogether.
    pub(crate) matches: u64,
    /// Lists too long for pairs.
    pub(crate) crowds: Vec<Vec<u32>>,
}

impl Met {
    /// Adds what comes next.
    pub(crate) fn and(mut self, mut next: Self) -> Self {
        self.pairs.append(next.pairs);
        self.matches += next.matches;
        self.crowds.append(&mut next.crowds);
        self
    }

    fn meet(&mut self, one: u32, other: u32) {
        self.matches += 1;
        self.pairs.add(Pair::new(one, other));
    }

    /// Adds all pairs of the articles of a fingerprint whose contexts allow a run of so many words more than a shingle, if
    /// they are up to `limit` articles.
    pub(crate) fn by_fingerprint(&mut self, layout: Layout, bucket: &[u64], limit: Option<usize>, more: usize) {
        if limit.is_some_and(|limit| bucket.len() > limit) {
            let list = carriers(layout, bucket);
            if limit.is_some_and(|limit| list.len() > limit) {
                self.crowds.push(list);
                return;
            }
        }
        let by_article =
            |entries| <[u64]>::chunk_by(entries, |&one, &other| layout.article(one) == layout.article(other));
        let mut rest = bucket;
        for one in by_article(bucket) {
            rest = &rest[one.len()..];
            for other in by_article(rest).filter(|other| may_meet(layout, one, other, more)) {
                self.meet(layout.article(one[0]), layout.article(other[0]));
            }
        }
    }

    /// Adds all pairs of each list of shingles that short articles were looked up by: one of a pair is `short`, and no run is
    /// asked for.
    pub(crate) fn by_short(
        &mut self,
        layout: Layout,
        run: &SortedRun,
        limit: Option<usize>,
        short: impl Fn(u32) -> bool,
    ) {
        for bucket in run.buckets() {
            let list = carriers(layout, bucket);
            let (shorts, others): (Vec<u32>, Vec<u32>) = list.iter().partition(|&&article| short(article));
            if limit.is_some_and(|limit| shorts.len() * list.len() > limit * limit) {
                self.crowds.push(list);
                continue;
            }
            for (at, &one) in shorts.iter().enumerate() {
                shorts[at + 1..].iter().chain(&others).for_each(|&other| self.meet(one, other));
            }
        }
    }
}

/// Whether any contexts of two articles allow a run. An article that repeats itself much is taken to.
fn may_meet(layout: Layout, one: &[u64], other: &[u64], more: usize) -> bool {
    const REPEATS: usize = 64;
    let may_run = |&one: &u64, &other: &u64| may_run(layout.context(one), layout.context(other), more);
    one.len() * other.len() > REPEATS || one.iter().any(|one| other.iter().any(|other| may_run(one, other)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Law: pairs that come together are known once each, however often they do, and in whatever parts.
        #[test]
        fn pairs_are_known_once(meetings in proptest::collection::vec((0u32..40, 40u32..50), 0..1500), parts in 1usize..4) {
            let mut together = Together::default();
            for part in meetings.chunks(meetings.len() / parts + 1) {
                let mut next = Together::default();
                part.iter().for_each(|&(one, other)| next.add(Pair::new(one, other)));
                together.append(next);
            }
            let mut known = together.all();
            known.sort_unstable();
            let expected: std::collections::BTreeSet<Pair> =
                meetings.iter().map(|&(one, other)| Pair::new(one, other)).collect();
            prop_assert_eq!(known, expected.into_iter().collect::<Vec<_>>());
        }
    }
}
