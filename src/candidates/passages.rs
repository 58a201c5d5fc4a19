//! Candidate pairs by shared fingerprints: an inverted index, made by sorting.
//!
//! **Takes** the fingerprints of each article ([`Winnower`](crate::sketch::Winnower)). **Gives** every pair of articles
//! that have one in common: pairs of the articles of each fingerprint, and fuller lists as crowds, for
//! [`crowd`](super::crowd).
//! **How.** Entries of key, context and article are sorted by key, a 64th of the keys at a time; equal keys lie together.
//! Keys are 32 bits of a shingle's hash, so a few pairs meet by accident and are found out by their contexts, or when they
//! are compared. **Cost** O(n) for n fingerprints of all articles, 8 bytes each while they are sorted.

use super::Pair;
use super::lsh::all_pairs;
use super::run::SortedRun;
use crate::config::SHORT;
use crate::sketch::fingerprint::{AROUND, may_run};

/// Bits of a key that say which part of the index it is in.
const PART_BITS: u32 = 6;
/// Parts of the index that are sorted by themselves.
pub(crate) const PARTS: usize = 1 << PART_BITS;

/// A fingerprint in an index: 32 bits of it, and its context.
pub(crate) type Key = (u32, u16);

/// The key of a shingle in an index.
pub(crate) fn key(shingle: u64) -> u32 {
    // Ranks order shingles by their upper bits, so that those of fingerprints are not uniform.
    shingle as u32
}

/// How an entry of an index is packed in 64 bits: the rest of the key, the context as far as there is room, the article.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    article_bits: u32,
    /// Bits of context on either side.
    side: u32,
}

impl Layout {
    const KEY_BITS: u32 = 32 - PART_BITS;

    /// The layout for so many articles.
    pub(crate) fn new(articles: usize) -> Self {
        let article_bits = (articles as u64).max(2).next_power_of_two().trailing_zeros();
        let side = ((64 - Self::KEY_BITS - article_bits) / 2).min(AROUND as u32);
        Self { article_bits, side }
    }

    fn pack(self, (key, context): Key, article: u32) -> u64 {
        let mask = (1 << self.side) - 1;
        let context = context & mask | (context >> AROUND & mask) << self.side;
        u64::from(key) << (64 - Self::KEY_BITS) | u64::from(context) << self.article_bits | u64::from(article)
    }

    pub(crate) fn article(self, entry: u64) -> u32 {
        (entry & ((1 << self.article_bits) - 1)) as u32
    }

    /// The context, bits that there was no room for being 0.
    fn context(self, entry: u64) -> u16 {
        let packed = (entry >> self.article_bits) as u16;
        let mask = (1 << self.side) - 1;
        packed & mask | (packed >> self.side & mask) << AROUND
    }

    /// The key of entries of a part.
    pub(crate) fn key(part: usize, entry: u64) -> u32 {
        (part as u32) << Self::KEY_BITS | (entry >> (64 - Self::KEY_BITS)) as u32
    }

    /// Sorts the entries of a part.
    pub(crate) fn sorted(entries: Vec<u64>) -> SortedRun {
        SortedRun::of(entries, 64 - Self::KEY_BITS)
    }
}

/// Fingerprints of many articles, article after article.
#[derive(Debug, Default)]
pub(crate) struct Postings {
    articles: Vec<(u32, u32)>,
    keys: Vec<u32>,
    contexts: Vec<u16>,
}

impl Postings {
    /// Adds an article and its fingerprints, which may repeat.
    pub(crate) fn push(&mut self, article: u32, keys: &mut Vec<Key>) {
        self.articles.push((article, keys.len() as u32));
        self.keys.extend(keys.iter().map(|&(key, _)| key));
        self.contexts.extend(keys.iter().map(|&(_, context)| context));
        keys.clear();
    }

    /// The articles, each with its keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &[u32])> + '_ {
        let mut start = 0;
        self.articles.iter().map(move |&(article, count)| {
            let of_article = start..start + count as usize;
            start = of_article.end;
            (article, &self.keys[of_article])
        })
    }

    /// Adds to `all` what was gathered elsewhere, whose articles are counted from `first`: small parts to the last one
    /// there, so that there are never many.
    pub(crate) fn append(mut self, first: u32, all: &mut Vec<Self>) {
        const SMALL: usize = 1 << 16;
        self.articles.iter_mut().for_each(|(article, _)| *article += first);
        match all.last_mut() {
            Some(last) if last.keys.len() < SMALL => {
                last.articles.append(&mut self.articles);
                last.keys.append(&mut self.keys);
                last.contexts.append(&mut self.contexts);
            }
            _ => all.push(self),
        }
    }

    /// Hands out entries of those articles that `wanted` names, by part of the index.
    pub(crate) fn deal(self, layout: Layout, wanted: impl Fn(u32) -> bool) -> Vec<Vec<u64>> {
        let expected = self.keys.len() / PARTS;
        let mut parts: Vec<Vec<u64>> = (0..PARTS).map(|_| Vec::with_capacity(expected + expected / 8)).collect();
        let mut start = 0;
        for &(article, count) in &self.articles {
            let of_article = start..start + count as usize;
            start = of_article.end;
            if wanted(article) {
                for (&key, &context) in self.keys[of_article.clone()].iter().zip(&self.contexts[of_article]) {
                    parts[(key >> (32 - PART_BITS)) as usize].push(layout.pack((key, context), article));
                }
            }
        }
        parts
    }
}

/// Who has a fingerprint, each once. The entries of an article lie together.
fn carriers(layout: Layout, bucket: &[u64]) -> Vec<u32> {
    let mut articles: Vec<u32> = bucket.iter().map(|&entry| layout.article(entry)).collect();
    articles.dedup();
    articles
}

/// Whether two or more articles have a fingerprint.
pub(crate) fn has_several(layout: Layout, bucket: &[u64]) -> bool {
    bucket.iter().any(|&entry| layout.article(entry) != layout.article(bucket[0]))
}

/// Each fingerprint of a part that `least` articles have, two or more: its key, and these.
pub(crate) fn lists(
    layout: Layout,
    part: usize,
    run: &SortedRun,
    least: usize,
) -> impl Iterator<Item = (u32, Vec<u32>)> + '_ {
    let list = move |bucket: &[u64]| (Layout::key(part, bucket[0]), carriers(layout, bucket));
    let long = run.buckets().filter(move |bucket| bucket.len() >= least);
    long.map(list).filter(move |(_, articles)| articles.len() >= least)
}

/// What the lists of one part bring together.
#[derive(Debug, Default)]
pub(crate) struct Met {
    /// Pairs of articles with a common fingerprint, sorted, each once.
    pub(crate) pairs: Vec<Pair>,
    /// How many fingerprints they have in common here, altogether.
    pub(crate) matches: u64,
    /// Lists too long for pairs.
    pub(crate) crowds: Vec<Vec<u32>>,
}

impl Met {
    fn sorted(mut self) -> Self {
        self.matches = self.pairs.len() as u64;
        self.pairs.sort_unstable();
        self.pairs.dedup();
        self
    }
}

/// All pairs of each list of up to `limit` articles whose contexts allow a run of so many words more than a shingle.
pub(crate) fn meet(layout: Layout, run: &SortedRun, limit: Option<usize>, more: usize) -> Met {
    let mut met = Met::default();
    for bucket in run.buckets() {
        if limit.is_some_and(|limit| bucket.len() > limit) {
            let list = carriers(layout, bucket);
            if limit.is_some_and(|limit| list.len() > limit) {
                met.crowds.push(list);
                continue;
            }
        }
        let by_article: Vec<&[u64]> =
            bucket.chunk_by(|&one, &other| layout.article(one) == layout.article(other)).collect();
        for (at, one) in by_article.iter().enumerate() {
            for other in &by_article[at + 1..] {
                if may_meet(layout, one, other, more) {
                    met.pairs.push(Pair::new(layout.article(one[0]), layout.article(other[0])));
                }
            }
        }
    }
    met.sorted()
}

/// Whether any contexts of two articles allow a run. An article that repeats itself much is taken to.
fn may_meet(layout: Layout, one: &[u64], other: &[u64], more: usize) -> bool {
    const REPEATS: usize = 64;
    let may_run = |&one: &u64, &other: &u64| may_run(layout.context(one), layout.context(other), more);
    one.len() * other.len() > REPEATS || one.iter().any(|one| other.iter().any(|other| may_run(one, other)))
}

/// The same for shingles that short articles were looked up by: one of a pair is `short`, and no run is asked for.
pub(crate) fn meet_short(layout: Layout, run: &SortedRun, limit: Option<usize>, short: impl Fn(u32) -> bool) -> Met {
    let mut met = Met::default();
    for bucket in run.buckets() {
        let list = carriers(layout, bucket);
        let (shorts, others): (Vec<u32>, Vec<u32>) = list.iter().partition(|&&article| short(article));
        if limit.is_some_and(|limit| shorts.len() * list.len() > limit * limit) {
            met.crowds.push(list);
            continue;
        }
        all_pairs(&shorts, &mut met.pairs);
        met.pairs.extend(shorts.iter().flat_map(|&one| others.iter().map(move |&other| Pair::new(one, other))));
    }
    met.sorted()
}

/// How many of `count` shingles an article has to be looked up by, so that no partner escapes that has `containment` of
/// them: any so many of them have one in common with any such partner (the prefix filter of Chaudhuri, Ganti, Kaushik 2006).
pub(crate) fn prefix(count: usize, containment: f64) -> usize {
    let reaches = |shared: usize| shared as f64 / count as f64 >= containment;
    let needed = (1..=count).find(|&shared| reaches(shared)).unwrap_or(count);
    count + 1 - needed.min(count)
}

/// Whether an article of so many words is short: a run of [`RUN`](crate::config::RUN) words is not asked of its pairs.
pub(crate) fn is_short(words: u32) -> bool {
    (words as usize) < SHORT
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Law: two sets that share `containment` of the smaller share one of any prefix of it.
        #[test]
        fn a_prefix_meets_every_partner(count in 1usize..25, containment in 0.01f64..1.0) {
            let needed = (0..=count).find(|&shared| shared as f64 / count as f64 >= containment).expect("all of them");
            let prefix = prefix(count, containment);
            // A partner that has `needed` of them lacks count − needed: fewer than the prefix has.
            prop_assert!(prefix > count - needed);
            // One fewer would let a partner escape.
            prop_assert_eq!(prefix - 1, count - needed);
        }

        /// Law: dealing, sorting and listing is a map from key to articles.
        #[test]
        fn an_index_lists_who_has_a_key(articles in proptest::collection::vec(proptest::collection::vec(any::<(u8, u16)>(), 0..20), 0..30)) {
            let spread = |key: u8| u32::from(key).wrapping_mul(0x9e37_79b9);
            let mut all = Vec::new();
            for (article, keys) in articles.iter().enumerate() {
                let mut postings = Postings::default();
                postings.push(0, &mut keys.iter().map(|&(key, context)| (spread(key), context)).collect());
                postings.append(article as u32, &mut all);
            }
            let layout = Layout::new(articles.len());
            let mut dealt: Vec<Vec<u64>> = vec![Vec::new(); PARTS];
            for part in all {
                part.deal(layout, |_| true).into_iter().zip(&mut dealt).for_each(|(mut new, all)| all.append(&mut new));
            }
            let mut found = std::collections::BTreeMap::new();
            for (part, entries) in dealt.into_iter().enumerate() {
                found.extend(lists(layout, part, &Layout::sorted(entries), 2));
            }
            let mut expected = std::collections::BTreeMap::<u32, Vec<u32>>::new();
            for (article, keys) in articles.iter().enumerate() {
                let keys: std::collections::BTreeSet<u8> = keys.iter().map(|&(key, _)| key).collect();
                keys.into_iter().for_each(|key| expected.entry(spread(key)).or_default().push(article as u32));
            }
            expected.retain(|_, list| list.len() > 1);
            prop_assert_eq!(found, expected);
        }

        /// Law: what is packed is read again; of the context as much as there is room for.
        #[test]
        fn packing_keeps_what_it_can(key: u32, context: u16, bits in 1u32..33, article: u32) {
            let layout = Layout::new(1 << bits);
            let article = article & ((1u64 << bits) - 1) as u32;
            let entry = layout.pack((key, context), article);
            prop_assert_eq!(layout.article(entry), article);
            prop_assert_eq!(Layout::key((key >> (32 - PART_BITS)) as usize, entry), key);
            let known = layout.context(entry);
            prop_assert_eq!(known & context, known);
            if bits <= 22 {
                prop_assert_eq!(known, context);
            }
            prop_assert!(layout.side >= 3);
        }
    }
}
