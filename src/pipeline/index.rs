//! The second reading: fingerprints of all articles, and who has the shingles of short ones.
//!
//! What ranks where in a window, the first reading has told; so the texts are read again, which costs less than to keep
//! them. An article that is not as it was is not in the index, and is listed as lost.

use super::copies::Copies;
use super::detect::Texts;
use super::gather::Gathered;
use super::learn::sorted;
use super::progress::{Progress, Stage};
use crate::article::ArticleId;
use crate::boilerplate::Boilerplate;
use crate::candidates::lsh::PairSet;
use crate::candidates::passages::{Key, Layout, Met, Postings, is_short, key, meet, meet_short, prefix};
use crate::candidates::{Pair, lsh};
use crate::config::{Config, SHORT};
use crate::error::Result;
use crate::shingle::shingles;
use crate::sketch::Winnower;
use crate::sketch::fingerprint::{NEVER, Slide, WordBits, rank};
use crate::text::word_hashes;
use ahash::{AHashMap, AHashSet};
use rayon::prelude::*;

/// What the index brings together.
#[derive(Debug, Default)]
pub(crate) struct Brought {
    /// Pairs, sorted.
    pub(crate) pairs: Vec<Pair>,
    /// Articles of a fingerprint that too many have.
    pub(crate) crowds: Vec<Vec<u32>>,
    /// How many fingerprints the pairs have in common, altogether.
    pub(crate) matches: u64,
    /// Articles that were not as they had been.
    pub(crate) lost: Vec<ArticleId>,
}

/// Makes the index and reads it.
pub(crate) fn bring<T: Texts>(
    texts: &T,
    gathered: &Gathered,
    copies: &Copies,
    config: &Config,
    marks: &Marks<'_>,
    progress: &dyn Progress,
) -> Result<Brought> {
    let Some(run) = config.guaranteed_run() else { return Ok(Brought::default()) };
    let winnower = Winnower::new(config.shingle, run)?;
    let reader = Reader { gathered, copies, config, winnower, marks };
    let parts: Vec<Part> = texts.read_again((progress, Stage::Fingerprints), &|part: &mut Part, article, text| {
        reader.read(part, article, text);
    });
    let (mut fingerprints, mut shorts, mut lost) = (Vec::new(), Vec::new(), Vec::new());
    for mut part in parts {
        part.fingerprints.append(0, &mut fingerprints);
        part.shorts.append(0, &mut shorts);
        lost.append(&mut part.lost);
    }
    let limit = lsh::limit(config.list_all);
    let layout = Layout::new(gathered.len());
    let more = run - config.shingle;
    let short = |article: u32| is_short(gathered.words[article as usize]);
    let mut met: Vec<Met> =
        sorted(fingerprints, layout, |_| true).into_par_iter().map(|run| meet(layout, &run, limit, more)).collect();
    met.iter_mut().flat_map(|met| &mut met.crowds).for_each(|crowd| copies.sort(crowd));
    let mut met_short: Vec<Met> =
        sorted(shorts, layout, |_| true).into_par_iter().map(|run| meet_short(layout, &run, limit, short)).collect();
    for crowd in met_short.iter_mut().flat_map(|met| &mut met.crowds) {
        copies.sort(crowd);
        // It is short ones that the others are compared with.
        crowd.sort_by_key(|&article| !short(article));
    }
    let mut brought = Brought { lost, ..Brought::default() };
    let mut pairs = PairSet::default();
    for mut met in met.into_iter().chain(met_short) {
        brought.matches += met.matches;
        pairs.extend(&met.pairs);
        brought.crowds.append(&mut met.crowds);
    }
    brought.pairs = pairs.into_sorted();
    Ok(brought)
}

/// What is known of shingles before the second reading.
pub(crate) struct Marks<'b> {
    /// Two bits for each of [`SLOTS`] stretches of keys: whether it has a hot one, and whether one that must be looked up.
    bits: Vec<u64>,
    boilerplate: &'b Boilerplate,
    /// The shingles of short articles, and whether they are looked up by it.
    short: AHashMap<u64, bool>,
}

const SLOTS: usize = 1 << 21;
const SLOTS_A_WORD: usize = 32;
const HOT: u64 = 1;
const LOOK_UP: u64 = 2;

impl<'b> Marks<'b> {
    pub(crate) fn new(hot: &[u32], boilerplate: &'b Boilerplate, gathered: &Gathered, config: &Config) -> Self {
        let mut marks = Self { bits: vec![0; SLOTS / SLOTS_A_WORD], boilerplate, short: AHashMap::new() };
        hot.iter().for_each(|&key| marks.set(key, HOT));
        boilerplate.shingles().for_each(|shingle| marks.set(key(shingle), LOOK_UP));
        if let Some(containment) = config.containment {
            for (_, shingles) in &gathered.short {
                let mut own = marks.own(shingles);
                own.sort_by_key(|&shingle| (marks.is_hot(shingle), shingle));
                let prefix = if own.is_empty() { 0 } else { prefix(own.len(), containment) };
                for (at, &shingle) in own.iter().enumerate() {
                    *marks.short.entry(shingle).or_default() |= at < prefix;
                    marks.set(key(shingle), LOOK_UP);
                }
            }
        }
        marks
    }

    /// The distinct shingles that are not boilerplate.
    fn own(&self, shingles: &[u64]) -> Vec<u64> {
        let mut own: Vec<u64> =
            shingles.iter().copied().filter(|&shingle| !self.boilerplate.contains(shingle)).collect();
        own.sort_unstable();
        own.dedup();
        own
    }

    fn slot(key: u32) -> (usize, usize) {
        let slot = (key as usize) >> (32 - SLOTS.trailing_zeros());
        (slot / SLOTS_A_WORD, 2 * (slot % SLOTS_A_WORD))
    }

    fn set(&mut self, key: u32, mark: u64) {
        let (word, shift) = Self::slot(key);
        self.bits[word] |= mark << shift;
    }

    fn get(&self, shingle: u64) -> u64 {
        let (word, shift) = Self::slot(key(shingle));
        self.bits[word] >> shift
    }

    fn is_hot(&self, shingle: u64) -> bool {
        self.get(shingle) & HOT != 0
    }
}

/// What was made of a stretch of articles.
#[derive(Debug, Default)]
struct Part {
    fingerprints: Postings,
    shorts: Postings,
    lost: Vec<ArticleId>,
    words: Vec<u64>,
    shingles: Vec<u64>,
    bits: WordBits,
    /// Which shingles are boilerplate, by their places.
    boilerplate: Vec<u32>,
    ranks: Vec<u32>,
    slide: Slide,
    keys: Vec<Key>,
    short_keys: Vec<Key>,
}

struct Reader<'a> {
    gathered: &'a Gathered,
    copies: &'a Copies,
    config: &'a Config,
    winnower: Winnower,
    marks: &'a Marks<'a>,
}

impl Reader<'_> {
    fn read(&self, part: &mut Part, article: ArticleId, text: &str) {
        if !self.copies.stands(article.0) {
            return;
        }
        part.words.clear();
        word_hashes(text, &mut part.words);
        if part.words.len() != self.gathered.words[article.index()] as usize {
            part.lost.push(article);
            return;
        }
        // Articles shorter than a shingle share theirs with exact copies only.
        if part.words.len() < self.config.shingle {
            return;
        }
        part.shingles.clear();
        shingles(&part.words, self.config.shingle, &mut part.shingles);
        self.rank(part);
        let Part { words, shingles, bits, ranks, slide, keys, .. } = part;
        bits.set(words);
        let chosen = |at: usize| keys.push((key(shingles[at]), bits.context(at, self.config.shingle)));
        self.winnower.choose(ranks, slide, chosen);
        if !keys.is_empty() {
            part.fingerprints.push(article.0, &mut part.keys);
        }
        self.look_up_short(part);
        if !part.short_keys.is_empty() {
            part.shorts.push(article.0, &mut part.short_keys);
        }
    }

    /// Ranks shingles, and takes note of those that are boilerplate and those that short articles are looked up by.
    fn rank(&self, part: &mut Part) {
        let Part { shingles, ranks, boilerplate, short_keys, .. } = part;
        ranks.clear();
        boilerplate.clear();
        ranks.extend(shingles.iter().zip(0u32..).map(|(&shingle, at)| {
            let mark = self.marks.get(shingle);
            if mark & LOOK_UP != 0 {
                if self.marks.boilerplate.contains(shingle) {
                    boilerplate.push(at);
                    return NEVER;
                }
                if self.marks.short.get(&shingle).is_some_and(|&is_prefix| is_prefix) {
                    short_keys.push((key(shingle), 0));
                }
            }
            rank(shingle, mark & HOT != 0)
        }));
    }

    /// Adds all shingles of a short article, and of one with few shingles of its own those that a short one has.
    fn look_up_short(&self, part: &mut Part) {
        if self.marks.short.is_empty() {
            return;
        }
        let short = is_short(part.words.len() as u32);
        let Part { shingles, boilerplate, short_keys, .. } = part;
        let own = || {
            let mut others = boilerplate.iter().peekable();
            let own = shingles.iter().zip(0u32..).filter(move |(_, at)| others.next_if_eq(&at).is_none());
            own.map(|(&shingle, _)| shingle)
        };
        if short || !has_more_than(SHORT, own()) {
            let known = own().filter(|shingle| short || self.marks.short.contains_key(shingle));
            short_keys.extend(known.map(|shingle| (key(shingle), 0)));
        }
    }
}

/// Whether there are more than so many distinct ones.
fn has_more_than(few: usize, mut shingles: impl Iterator<Item = u64>) -> bool {
    let mut distinct: AHashSet<u64> = AHashSet::new();
    shingles.any(|shingle| distinct.insert(shingle) && distinct.len() > few)
}
