//! Who has which fingerprint: an inverted index, made by sorting.
//!
//! **Takes** the fingerprints of each article ([`Winnower`](crate::sketch::Winnower)). **Gives** the articles of each of
//! them, in sorted runs; [`met`](super::met) makes pairs of these.
//! **How.** Entries of key, context and article are sorted by key, a 256th of the keys at a time; equal keys lie together.
//! Keys are 32 bits of a shingle's hash, so a few pairs meet by accident and are found out by their contexts, or when they
//! are compared. **Cost** O(n) for n fingerprints of all articles, 8 bytes each while they are sorted.

use super::run::SortedRun;
use super::shelf::{Shelf, Store};
use crate::config::SHORT;
use crate::error::Result;
#[cfg(feature = "formats")]
use crate::saved::{Saved, load_all, save_all};
use crate::sketch::fingerprint::AROUND;
#[cfg(feature = "formats")]
use std::io::{self, Read, Write};
use std::ops::Range;
use std::sync::Arc;

/// Bits of a key that say which part of the index it is in.
const PART_BITS: u32 = 8;
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
        // The nearest on either side.
        let [before, behind] = context.to_le_bytes().map(u64::from);
        let context = before >> (AROUND as u32 - self.side) | (behind & ((1 << self.side) - 1)) << self.side;
        u64::from(key) << (64 - Self::KEY_BITS) | context << self.article_bits | u64::from(article)
    }

    pub(crate) fn article(self, entry: u64) -> u32 {
        (entry & ((1 << self.article_bits) - 1)) as u32
    }

    /// The context, bits that there was no room for being 0.
    pub(super) fn context(self, entry: u64) -> u16 {
        let packed = (entry >> self.article_bits) as u16;
        let mask = (1 << self.side) - 1;
        (packed & mask) << (AROUND as u32 - self.side) | (packed >> self.side & mask) << AROUND
    }

    /// The key of entries of a part.
    pub(crate) fn key(part: usize, entry: u64) -> u32 {
        (part as u32) << Self::KEY_BITS | (entry >> (64 - Self::KEY_BITS)) as u32
    }

    /// The keys of a part, of these that ascend, as they stand above the rest of its entries.
    pub(crate) fn above(part: usize, keys: &[u32]) -> impl Iterator<Item = u64> + '_ {
        let from = keys.partition_point(|&key| ((key >> Self::KEY_BITS) as usize) < part);
        let of_part = keys[from..].iter().take_while(move |&&key| (key >> Self::KEY_BITS) as usize == part);
        of_part.map(|&key| u64::from(key & (u32::MAX >> PART_BITS)))
    }

    /// An entry of [`Postings`] in this layout, with another number for its article.
    fn renumbered(self, entry: u64, article: u32) -> u64 {
        if self.side == Postings::LAYOUT.side {
            let above = !0 << Postings::LAYOUT.article_bits;
            let moved = (entry & above & (!0 >> Self::KEY_BITS)) >> (Postings::LAYOUT.article_bits - self.article_bits);
            return entry & !(!0 >> Self::KEY_BITS) | moved | u64::from(article);
        }
        let key = (entry >> (64 - Self::KEY_BITS)) as u32;
        self.pack((key, Postings::LAYOUT.context(entry)), article)
    }

    /// Sorts the entries of a part.
    fn sorted(entries: Vec<u64>) -> SortedRun {
        SortedRun::of(entries, 64 - Self::KEY_BITS)
    }
}

/// Fingerprints of articles that follow each other, article after article.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    articles: Vec<(u32, u32)>,
    keys: Vec<PackedKey>,
}

/// A [`Key`] in the upper 48 bits of 64.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PackedKey(u64);

impl PackedKey {
    const CONTEXT: u32 = 64 - 32 - 2 * AROUND as u32;

    fn new((key, context): Key) -> Self {
        Self(u64::from(key) << 32 | u64::from(context) << Self::CONTEXT)
    }

    /// The part of the index that it is in.
    fn part(self) -> usize {
        (self.0 >> (64 - PART_BITS)) as usize
    }

    /// Its entry in [`Postings`].
    fn entry(self, article: u32) -> u64 {
        self.0 << PART_BITS | u64::from(article)
    }
}

impl Entries {
    /// Adds an article with its fingerprints, which may repeat.
    pub(crate) fn push(&mut self, article: u32, keys: impl Iterator<Item = Key>) {
        let before = self.keys.len();
        self.keys.extend(keys.map(PackedKey::new));
        let added = self.keys.len() - before;
        if added > 0 {
            self.articles.push((article, added as u32));
        }
    }

    /// Deals them out by part of the index.
    pub(crate) fn deal(&self, store: &Arc<Store>) -> Result<Vec<Postings>> {
        let mut keys = self.keys.as_slice();
        let mut dealt = Vec::new();
        let mut rest = self.articles.as_slice();
        while let Some(&(first, _)) = rest.first() {
            let belongs = |article: u32| article >= first && article - first < Postings::ARTICLES;
            let (articles, others) = rest.split_at(rest.iter().take_while(|(article, _)| belongs(*article)).count());
            let count = articles.iter().map(|&(_, count)| count as usize).sum();
            dealt.push(Postings::new(articles, &keys[..count]).put(store)?);
            (keys, rest) = (&keys[count..], others);
        }
        Ok(dealt)
    }

    /// Puts stretches that follow each other together until they are worth dealing out.
    pub(crate) fn in_groups(stretches: impl Iterator<Item = Self>) -> Vec<Vec<Self>> {
        let mut groups: Vec<(usize, Vec<Self>)> = Vec::new();
        for stretch in stretches {
            match groups.last_mut() {
                Some((keys, group)) if *keys < Postings::SMALL => {
                    *keys += stretch.keys.len();
                    group.push(stretch);
                }
                _ => groups.push((stretch.keys.len(), vec![stretch])),
            }
        }
        groups.into_iter().map(|(_, group)| group).collect()
    }

    /// Those of a group as one.
    pub(crate) fn joined(group: Vec<Self>) -> Self {
        let mut joined = Self::default();
        for mut stretch in group {
            joined.articles.append(&mut stretch.articles);
            joined.keys.append(&mut stretch.keys);
        }
        joined
    }

    /// Begins anew.
    pub(crate) fn clear(&mut self) {
        self.articles.clear();
        self.keys.clear();
    }
}

/// Fingerprints of a stretch of articles, part by part.
#[derive(Debug)]
pub(crate) struct Postings {
    /// The article that those of the entries are counted from, and one past the last, counted so.
    first: u32,
    end: u32,
    /// The entries of each part, in the order of their articles.
    entries: Shelf<u64>,
    /// Where the entries of each part end.
    ends: [u32; PARTS],
}

impl Postings {
    /// Has room for the full context.
    const LAYOUT: Layout = Layout { article_bits: 64 - Layout::KEY_BITS - 2 * AROUND as u32, side: AROUND as u32 };
    /// Articles that can be counted.
    const ARTICLES: u32 = 1 << Self::LAYOUT.article_bits;
    /// Entries below which several are joined before they are put away.
    const SMALL: usize = 1 << 16;

    fn new(articles: &[(u32, u32)], keys: &[PackedKey]) -> Self {
        let mut ends = [0u32; PARTS];
        keys.iter().for_each(|key| ends[key.part()] += 1);
        let mut next = 0;
        ends.iter_mut().for_each(|end| next += std::mem::replace(end, next));
        let first = articles[0].0;
        let mut entries = vec![0; keys.len()];
        let mut rest = keys;
        for &(article, count) in articles {
            let (keys, others) = rest.split_at(count as usize);
            for key in keys {
                let place = &mut ends[key.part()];
                entries[*place as usize] = key.entry(article - first);
                *place += 1;
            }
            rest = others;
        }
        let end = articles.iter().map(|&(article, _)| article - first + 1).max().unwrap_or(0);
        Self { first, end, entries: Shelf::new(entries), ends }
    }

    /// Puts the entries away, unless they are few.
    fn put(self, store: &Arc<Store>) -> Result<Self> {
        if self.entries.len() < Self::SMALL {
            return Ok(self);
        }
        Ok(Self { entries: store.put(self.entries.take()?)?, ..self })
    }

    fn range(&self, part: usize) -> Range<usize> {
        let start = if part == 0 { 0 } else { self.ends[part - 1] };
        start as usize..self.ends[part] as usize
    }

    /// Adds to `all` what was gathered elsewhere, whose articles are counted from `before`: few to the last ones there.
    pub(crate) fn append(mut self, before: u32, all: &mut Vec<Self>, store: &Arc<Store>) -> Result<()> {
        self.first += before;
        let joins = |last: &mut Self| {
            last.entries.len().max(self.entries.len()) < Self::SMALL
                && self.first >= last.first
                && self.first - last.first <= Self::ARTICLES - self.end
        };
        let joined = match all.pop_if(joins) {
            Some(last) => last.joined(&self)?.put(store)?,
            None => self,
        };
        all.push(joined);
        Ok(())
    }

    fn joined(&self, next: &Self) -> Result<Self> {
        let before = next.first - self.first;
        let (mut entries, mut ends) = (Vec::with_capacity(self.entries.len() + next.entries.len()), [0; PARTS]);
        for (part, end) in ends.iter_mut().enumerate() {
            entries.extend_from_slice(&self.entries.get(self.range(part))?);
            entries.extend(next.entries.get(next.range(part))?.iter().map(|entry| entry + u64::from(before)));
            *end = entries.len() as u32;
        }
        Ok(Self { first: self.first, end: before + next.end, entries: Shelf::new(entries), ends })
    }

    /// The index of a part, of the articles that are wanted; if only of fingerprints that are `repeated`, at least of
    /// those.
    pub(crate) fn sorted(
        all: &[Self],
        part: usize,
        layout: Layout,
        repeated: bool,
        wanted: impl Fn(u32) -> bool,
    ) -> Result<SortedRun> {
        // They may come from a file, and are looked at twice.
        let mut of_part = Vec::with_capacity(all.len());
        for postings in all {
            of_part.push((postings.first, postings.entries.get(postings.range(part))?));
        }
        let count: usize = of_part.iter().map(|(_, entries)| entries.len()).sum();
        let mut seen = if repeated { SeenTwice::new(count) } else { SeenTwice::default() };
        if repeated {
            of_part.iter().flat_map(|(_, entries)| entries.iter()).for_each(|&entry| seen.see(entry));
        }
        let mut gathered = Vec::with_capacity(if repeated { count / 2 } else { count });
        let mut twice = Vec::new();
        for (first, entries) in of_part {
            for &entry in if repeated { seen.only_twice(&entries, &mut twice) } else { &entries[..] } {
                let article = first + Self::LAYOUT.article(entry);
                if wanted(article) {
                    gathered.push(layout.renumbered(entry, article));
                }
            }
        }
        Ok(Layout::sorted(gathered))
    }
}

/// Which keys were seen twice, as far as their upper bits tell them apart.
#[derive(Debug, Default)]
struct SeenTwice {
    bits: u32,
    /// Two bits each: seen, and seen again.
    seen: Vec<u64>,
}

impl SeenTwice {
    /// For so many entries: four bits each, so that one in five of those that were not seen twice is taken to be.
    fn new(entries: usize) -> Self {
        let bits = (4 * entries.max(16)).ilog2().min(Layout::KEY_BITS);
        Self { bits, seen: vec![0; 1 << (bits - 5)] }
    }

    /// The word, and how far to the left in it.
    fn slot(&self, entry: u64) -> (usize, u32) {
        let slot = entry >> (64 - self.bits);
        ((slot >> 5) as usize, 2 * (slot & 31) as u32)
    }

    fn see(&mut self, entry: u64) {
        let (word, left) = self.slot(entry);
        let seen = self.seen[word];
        self.seen[word] = seen | (1 | (seen >> left & 1) << 1) << left;
    }

    /// Those that were seen twice, in a buffer. Which one is next cannot be foreseen, so there is no branch on it.
    fn only_twice<'b>(&self, entries: &[u64], twice: &'b mut Vec<u64>) -> &'b [u64] {
        twice.resize(twice.len().max(entries.len()), 0);
        let mut count = 0;
        for &entry in entries {
            let (word, left) = self.slot(entry);
            twice[count] = entry;
            count += (self.seen[word] >> left >> 1 & 1) as usize;
        }
        &twice[..count]
    }
}

/// Keys of articles, in stretches of articles that follow each other.
#[derive(Debug, Default)]
pub(crate) struct ArticleKeys {
    stretches: Vec<KeysOfSome>,
}

/// Keys of some articles, article after article.
#[derive(Debug, Default)]
pub(crate) struct KeysOfSome {
    /// The article that those here are counted from.
    first: u32,
    /// Each article that has keys, and how many.
    articles: Vec<(u32, u32)>,
    keys: Vec<u32>,
}

impl ArticleKeys {
    /// Adds an article and its keys, if it has some, and takes them away.
    pub(crate) fn push(&mut self, article: u32, keys: &mut Vec<u32>) {
        if keys.is_empty() {
            return;
        }
        if self.stretches.is_empty() {
            self.stretches.push(KeysOfSome::default());
        }
        if let Some(last) = self.stretches.last_mut() {
            last.articles.push((article - last.first, keys.len() as u32));
            last.keys.append(keys);
        }
    }

    /// Adds what was gathered elsewhere, whose articles are counted from `before`.
    pub(crate) fn append(&mut self, before: u32, other: Self) {
        let moved = |stretch: KeysOfSome| KeysOfSome { first: before + stretch.first, ..stretch };
        self.stretches.extend(other.stretches.into_iter().map(moved));
    }

    /// The stretches.
    pub(crate) fn stretches(&self) -> &[KeysOfSome] {
        &self.stretches
    }

    /// The articles, each with its keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &[u32])> + '_ {
        self.stretches.iter().flat_map(KeysOfSome::iter)
    }
}

impl KeysOfSome {
    /// The articles, each with its keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &[u32])> + '_ {
        let mut start = 0;
        self.articles.iter().map(move |&(article, count)| {
            let of_article = start..start + count as usize;
            start = of_article.end;
            (self.first + article, &self.keys[of_article])
        })
    }
}

#[cfg(feature = "formats")]
impl Saved for ArticleKeys {
    fn save(&self, out: &mut dyn Write) -> io::Result<()> {
        let (articles, keys): (Vec<[u32; 2]>, Vec<&[u32]>) =
            self.iter().map(|(article, keys)| ([article, keys.len() as u32], keys)).unzip();
        save_all(&articles, out)?;
        save_all(&keys.concat(), out)
    }

    fn load(from: &mut dyn Read) -> io::Result<Self> {
        let articles = load_all::<[u32; 2]>(from)?.into_iter().map(|[article, count]| (article, count)).collect();
        Ok(Self { stretches: vec![KeysOfSome { first: 0, articles, keys: load_all(from)? }] })
    }
}

#[cfg(feature = "formats")]
impl Postings {
    /// Writes all entries.
    pub(crate) fn save(&self, out: &mut dyn Write) -> io::Result<()> {
        save_all(&[self.first, self.end], out)?;
        save_all(&self.ends, out)?;
        save_all(&self.entries.get(0..self.entries.len()).map_err(io::Error::other)?, out)
    }

    /// Entries that were written.
    pub(crate) fn load(from: &mut dyn Read, store: &Arc<Store>) -> io::Result<Self> {
        let invalid = || io::Error::from(io::ErrorKind::InvalidData);
        let [first, end] = <[u32; 2]>::try_from(load_all(from)?).map_err(|_| invalid())?;
        let ends = <[u32; PARTS]>::try_from(load_all(from)?).map_err(|_| invalid())?;
        let loaded = Self { first, end, entries: Shelf::new(load_all(from)?), ends };
        loaded.put(store).map_err(io::Error::other)
    }
}

/// Who has a fingerprint, each once. The entries of an article lie together.
pub(super) fn carriers(layout: Layout, bucket: &[u64]) -> Vec<u32> {
    let mut articles: Vec<u32> = bucket.iter().map(|&entry| layout.article(entry)).collect();
    articles.dedup();
    articles
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
        fn an_index_lists_who_has_a_key(articles in proptest::collection::vec(proptest::collection::vec(any::<(u8, u16)>(), 0..20), 0..30), repeated: bool) {
            let spread = |key: u8| u32::from(key).wrapping_mul(0x9e37_79b9);
            let (store, mut all) = (Arc::default(), Vec::new());
            for (article, keys) in articles.iter().enumerate() {
                let mut entries = Entries::default();
                entries.push(0, keys.iter().map(|&(key, context)| (spread(key), context)));
                for postings in entries.deal(&store).expect("in memory") {
                    postings.append(article as u32, &mut all, &store).expect("in memory");
                }
            }
            let layout = Layout::new(articles.len());
            let mut found = std::collections::BTreeMap::new();
            for part in 0..PARTS {
                let run = Postings::sorted(&all, part, layout, repeated, |_| true).expect("in memory");
                found.extend(lists(layout, part, &run, 2));
            }
            let mut expected = std::collections::BTreeMap::<u32, Vec<u32>>::new();
            for (article, keys) in articles.iter().enumerate() {
                let keys: std::collections::BTreeSet<u8> = keys.iter().map(|&(key, _)| key).collect();
                keys.into_iter().for_each(|key| expected.entry(spread(key)).or_default().push(article as u32));
            }
            expected.retain(|_, list| list.len() > 1);
            prop_assert_eq!(found, expected);
        }

        /// Law: a key that waits to be dealt is packed as one that is.
        #[test]
        fn a_packed_key_becomes_its_entry(key: u32, context: u16, article in 0..Postings::ARTICLES) {
            let packed = PackedKey::new((key, context));
            prop_assert_eq!(packed.part(), (key >> (32 - PART_BITS)) as usize);
            prop_assert_eq!(packed.entry(article), Postings::LAYOUT.pack((key, context), article));
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
