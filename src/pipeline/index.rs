//! The index: fingerprints of all articles, and who has the shingles of short ones.
//!
//! The first reading chose fingerprints by hash alone. What ranks where in a window, only their survey has told; so
//! articles for which that makes a difference are read again, which costs less than to keep them all: those that have a
//! frequent fingerprint, boilerplate that is not known for certain, a common fingerprint that is none, or a short
//! article's shingle that it is not looked up by. An article that is not as it was is not in the index, and is listed as
//! lost.

use super::copies::Copies;
use super::detect::Texts;
use super::gather::Gathered;
use super::progress::{Progress, Stage};
use crate::article::ArticleId;
use crate::boilerplate::Boilerplate;
use crate::candidates::met::Met;
use crate::candidates::passages::{Entries, Key, KeysOfSome, Layout, PARTS, Postings, is_short, key, prefix};
use crate::candidates::run::{ShelvedRun, SortedRun};
use crate::candidates::shelf::Store;
use crate::candidates::{Pair, lsh};
use crate::config::{Config, SHORT};
use crate::error::Result;
use crate::shingle::{Known, mix};
use crate::sketch::Winnower;
use crate::sketch::fingerprint::{Chosen, NEVER, rank};
use crate::text::word_hashes;
use ahash::{AHashMap, AHashSet};
use rayon::prelude::*;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

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
pub(crate) struct Indexer<'a, T> {
    pub(crate) texts: &'a T,
    pub(crate) gathered: &'a Gathered,
    pub(crate) copies: &'a Copies,
    pub(crate) config: &'a Config,
    pub(crate) marks: &'a Marks<'a>,
    pub(crate) progress: &'a dyn Progress,
}

impl<T: Texts> Indexer<'_, T> {
    /// What comes together. `shared` holds the fingerprints by hash alone that several articles have, part by part.
    pub(crate) fn bring(&self, shared: Vec<ShelvedRun>) -> Result<Brought> {
        let Self { gathered, copies, config, marks, .. } = *self;
        let Some(run) = config.guaranteed_run() else { return Ok(Brought::default()) };
        let winnower = Winnower::new(config.shingle, run)?;
        let again = self.again(&shared)?;
        let reader = Reader { gathered, config, winnower, marks };
        let wanted = |article: ArticleId| again[article.index()] > Again::No && copies.stands(article.0);
        let visit = |buffers: &mut Buffers, part: &mut Part, article: ArticleId, text: &str| {
            reader.read(buffers, part, (article, again[article.index()]), text);
        };
        let parts: Vec<Part> = self.texts.read_again((self.progress, Stage::Fingerprints), &wanted, &visit);
        let (mut fingerprints, mut shorts, mut lost) = (Vec::new(), Vec::new(), Vec::new());
        for mut part in parts {
            fingerprints.push(part.fingerprints);
            shorts.push(part.shorts);
            lost.append(&mut part.lost);
        }
        shorts.push(self.shorts(&again));
        let (fingerprints, shorts) = (deal(fingerprints, &gathered.store)?, deal(shorts, &gathered.store)?);
        let met = self.meet(shared, &fingerprints, &again, run - config.shingle)?;
        let Met { pairs, matches, crowds } = met.and(self.meet_short(&shorts)?);
        let mut pairs = pairs.all();
        pairs.par_sort_unstable();
        Ok(Brought { pairs, crowds, matches, lost })
    }

    /// Who meets by a run of so many words more than a shingle. Of those that were not read again the first fingerprints
    /// count, without those of boilerplate; of the others the `second` ones.
    fn meet(&self, shared: Vec<ShelvedRun>, second: &[Postings], again: &[Again], more: usize) -> Result<Met> {
        let Self { gathered, copies, config, marks, .. } = *self;
        let (layout, limit) = (Layout::new(gathered.len()), lsh::limit(config.list_all));
        let again = |entry: u64| again[layout.article(entry) as usize];
        // Of a calm article also the first ones would have been left out where nobody else has them by hash.
        let is_anew = |entry: u64| again(entry) == Again::Whole;
        let mut first: Vec<Option<ShelvedRun>> = shared.into_iter().map(Some).collect();
        first.resize_with(PARTS, || None);
        let see = |met: &mut Met, (part, first): (usize, Option<ShelvedRun>)| {
            let second = Postings::sorted(second, part, layout, false, |_| true)?;
            let first = first.map_or(Ok(SortedRun::default()), ShelvedRun::take)?;
            let stays =
                |entry: u64| again(entry) < Again::ForBoilerplate && !marks.has_furniture(Layout::key(part, entry));
            first.each_with(&second, (stays, is_anew), |bucket| met.by_fingerprint(layout, bucket, limit, more));
            Ok(())
        };
        let mut met = of_parts(first.into_par_iter().enumerate(), see)?;
        met.crowds.iter_mut().for_each(|crowd| copies.sort(crowd));
        Ok(met)
    }

    /// Who meets by a shingle of a short article.
    fn meet_short(&self, shorts: &[Postings]) -> Result<Met> {
        let Self { gathered, copies, config, .. } = *self;
        let (layout, limit) = (Layout::new(gathered.len()), lsh::limit(config.list_all));
        let short = |article: u32| is_short(gathered.words[article as usize]);
        let see = |met: &mut Met, part: usize| {
            let run = Postings::sorted(shorts, part, layout, true, |_| true)?;
            met.by_short(layout, &run, limit, short);
            Ok(())
        };
        let mut met = of_parts((0..PARTS).into_par_iter(), see)?;
        for crowd in &mut met.crowds {
            copies.sort(crowd);
            // It is short ones that the others are compared with.
            crowd.sort_by_key(|&article| !short(article));
        }
        Ok(met)
    }

    /// Which articles have to be read again, and what for. One that has no hot fingerprint by hash alone has the same ones when hot
    /// shingles rank last: of each window the least by hash, which is cold. Boilerplate takes some of them away, which are known
    /// by their keys if all of these were noted, and bounds those around them, as was done where they were noted. So
    /// what an article is found by is the same whether it is read again or not. And where an article has of the short
    /// articles' shingles only such as they are looked up by, what is known of it is all that matters.
    fn again(&self, shared: &[ShelvedRun]) -> Result<Vec<Again>> {
        let Self { gathered, marks, .. } = self;
        let layout = Layout::new(gathered.len());
        let all = match shared {
            [] => Again::Whole,
            _ if marks.short.is_empty() || gathered.preview.covers(&gathered.short) => Again::No,
            _ => Again::ForShorts,
        };
        let again: Vec<AtomicU8> = (0..gathered.len()).map(|_| AtomicU8::new(all as u8)).collect();
        let add = |article: u32, what: Again| again[article as usize].fetch_max(what as u8, Relaxed);
        let keys = [&marks.hot, &marks.furniture].map(|keys| {
            let mut keys: Vec<u32> = keys.iter().copied().collect();
            keys.sort_unstable();
            keys
        });
        // The sum of all keys of boilerplate that an article has, less those that were noted: 0 if they are the same ones.
        let unknown: Vec<AtomicU64> = (0..gathered.len()).map(|_| AtomicU64::default()).collect();
        shared.par_iter().enumerate().try_for_each(|(part, run)| {
            let [hot, furniture] = run.of_keys(keys.each_ref().map(|keys| Layout::above(part, keys)))?;
            hot.into_iter().for_each(|entry| _ = add(layout.article(entry), Again::Whole));
            for entry in furniture {
                let sum = &unknown[layout.article(entry) as usize];
                sum.fetch_add(mix(u64::from(Layout::key(part, entry))), Relaxed);
            }
            Ok(())
        })?;
        gathered.common.stretches().par_iter().flat_map_iter(KeysOfSome::iter).for_each(|(article, keys)| {
            let noted = keys.iter().fold(0u64, |sum, &key| sum.wrapping_add(mix(u64::from(key))));
            unknown[article as usize].fetch_sub(noted, Relaxed);
            if !keys.iter().all(|key| marks.noted.contains(key)) {
                add(article, Again::ForBoilerplate);
            }
        });
        gathered.looked_up.stretches().par_iter().flat_map_iter(KeysOfSome::iter).for_each(|(article, keys)| {
            if !keys.iter().all(|key| marks.prefixes.contains(key)) {
                add(article, Again::ForShorts);
            }
        });
        let of_article = |(again, unknown): (AtomicU8, AtomicU64)| match unknown.into_inner() {
            0 => Again::of(again.into_inner()),
            _ => Again::of(again.into_inner()).max(Again::ForBoilerplate),
        };
        Ok(again.into_par_iter().zip(unknown).map(of_article).collect())
    }

    /// What is known of the shingles of short articles: what they have themselves, and who has them without having to be
    /// read again.
    fn shorts(&self, again: &[Again]) -> Entries {
        let Self { gathered, copies, marks, .. } = self;
        let mut known = Entries::default();
        if !marks.short.is_empty() {
            for (article, shingles) in gathered.short.iter().filter(|(article, _)| copies.stands(*article)) {
                known.push(*article, marks.own(shingles).iter().map(|&shingle| (key(shingle), 0)));
            }
        }
        let calm = |&(article, _): &(u32, &[u32])| again[article as usize] == Again::No && copies.stands(article);
        for (article, looked_up) in gathered.looked_up.iter().filter(calm) {
            known.push(article, looked_up.iter().map(|&key| (key, 0)));
        }
        known
    }
}

/// What the parts of an index bring together. A thread adds to what was found in those that it saw before.
pub(super) fn of_parts<P: Send>(
    parts: impl IndexedParallelIterator<Item = P>,
    see: impl Fn(&mut Met, P) -> Result<()> + Sync,
) -> Result<Met> {
    let before: Mutex<Vec<Met>> = Mutex::default();
    let at_hand = || before.lock().unwrap_or_else(PoisonError::into_inner);
    let of_part = |part: P| {
        let mut met = at_hand().pop().unwrap_or_default();
        see(&mut met, part)?;
        let crowds = std::mem::take(&mut met.crowds);
        at_hand().push(met);
        Ok(crowds)
    };
    let crowds: Result<Vec<Vec<Vec<u32>>>> = parts.with_max_len(1).map(of_part).collect();
    let crowds = crowds?.into_iter().flatten().collect();
    let all = before.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Met { crowds, ..all.into_par_iter().reduce(Met::default, Met::and) })
}

/// Deals out what was chosen in stretches of articles that follow each other.
pub(super) fn deal(stretches: Vec<Entries>, store: &Arc<Store>) -> Result<Vec<Postings>> {
    let groups = Entries::in_groups(stretches.into_iter()).into_par_iter();
    let dealt: Result<Vec<Vec<Postings>>> = groups.map(|group| Entries::joined(group).deal(store)).collect();
    Ok(dealt?.into_iter().flatten().collect())
}

/// What an article is read again for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Again {
    /// Not at all.
    No,
    /// What it has of the shingles of short articles.
    ForShorts,
    /// Which of its fingerprints are boilerplate, too, and what is around these.
    ForBoilerplate,
    /// What is chosen of it when hot shingles rank last and no window reaches over boilerplate.
    Whole,
}

impl Again {
    /// The one of a number.
    fn of(number: u8) -> Self {
        [Self::No, Self::ForShorts, Self::ForBoilerplate]
            .into_iter()
            .find(|&one| one as u8 == number)
            .unwrap_or(Self::Whole)
    }
}

/// What is known of shingles before the second reading.
pub(crate) struct Marks<'b> {
    /// Two bits for each of [`SLOTS`] stretches of keys: whether it has a hot one, and whether one of boilerplate.
    bits: Vec<u64>,
    boilerplate: &'b Boilerplate,
    /// Keys of shingles that are hot, and not those of boilerplate.
    hot: AHashSet<u32>,
    /// Keys of boilerplate.
    furniture: AHashSet<u32>,
    /// Keys of common fingerprints that are boilerplate.
    noted: AHashSet<u32>,
    /// The shingles of short articles, and whether they are looked up by it.
    short: AHashMap<u64, bool>,
    /// Those that they are looked up by, and the keys of these.
    looked_up: Known,
    prefixes: AHashSet<u32>,
}

const SLOTS: usize = 1 << 21;
const SLOTS_A_WORD: usize = 32;
const HOT: u64 = 1;
const FURNITURE: u64 = 2;

impl<'b> Marks<'b> {
    pub(crate) fn new(hot: &[u32], boilerplate: &'b Boilerplate, gathered: &Gathered, config: &Config) -> Self {
        let furniture: AHashSet<u32> = boilerplate.shingles().map(key).collect();
        let noted = gathered.preview.common.shingles().iter().filter(|&&shingle| boilerplate.contains(shingle));
        let mut marks = Self {
            bits: vec![0; SLOTS / SLOTS_A_WORD],
            boilerplate,
            hot: hot.iter().copied().filter(|key| !furniture.contains(key)).collect(),
            noted: noted.map(|&shingle| key(shingle)).collect(),
            furniture,
            short: AHashMap::new(),
            looked_up: Known::default(),
            prefixes: AHashSet::new(),
        };
        let hot: Vec<u32> = marks.hot.iter().copied().collect();
        hot.into_iter().for_each(|key| marks.set(key, HOT));
        boilerplate.shingles().for_each(|shingle| marks.set(key(shingle), FURNITURE));
        if let Some(containment) = config.containment {
            for (_, shingles) in &gathered.short {
                let mut own = marks.own(shingles);
                own.sort_by_key(|&shingle| (marks.is_hot(shingle), shingle));
                let prefix = if own.is_empty() { 0 } else { prefix(own.len(), containment) };
                for (at, &shingle) in own.iter().enumerate() {
                    *marks.short.entry(shingle).or_default() |= at < prefix;
                }
            }
        }
        let looked_up = marks.short.iter().filter(|(_, is_prefix)| **is_prefix);
        marks.looked_up = Known::new(looked_up.map(|(&shingle, _)| shingle).collect());
        marks.prefixes = marks.looked_up.shingles().iter().map(|&shingle| key(shingle)).collect();
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

    fn get(&self, key: u32) -> u64 {
        let (word, shift) = Self::slot(key);
        self.bits[word] >> shift
    }

    /// Whether a key is that of a frequent shingle.
    fn has_hot(&self, key: u32) -> bool {
        self.get(key) & HOT != 0 && self.hot.contains(&key)
    }

    /// Whether a key is that of boilerplate.
    fn has_furniture(&self, key: u32) -> bool {
        self.get(key) & FURNITURE != 0 && self.furniture.contains(&key)
    }

    /// Whether a shingle is frequent.
    fn is_hot(&self, shingle: u64) -> bool {
        self.has_hot(key(shingle))
    }
}

/// What was made of a stretch of articles.
#[derive(Debug, Default)]
struct Part {
    fingerprints: Entries,
    shorts: Entries,
    lost: Vec<ArticleId>,
}

#[derive(Debug, Default)]
struct Buffers {
    words: Vec<u64>,
    shingles: Vec<u64>,
    ranks: Vec<u32>,
    chosen: Chosen,
    /// Whether each of what is chosen is no boilerplate.
    is_own: Vec<bool>,
    short_keys: Vec<Key>,
}

struct Reader<'a> {
    gathered: &'a Gathered,
    config: &'a Config,
    winnower: Winnower,
    marks: &'a Marks<'a>,
}

impl Reader<'_> {
    fn read(&self, buffers: &mut Buffers, part: &mut Part, (article, again): (ArticleId, Again), text: &str) {
        let Buffers { words, shingles, ranks, chosen, is_own, .. } = buffers;
        words.clear();
        word_hashes(text, words);
        if words.len() != self.gathered.words[article.index()] as usize {
            part.lost.push(article);
            return;
        }
        // Articles shorter than a shingle share theirs with exact copies only.
        if words.len() < self.config.shingle {
            return;
        }
        shingles.clear();
        crate::shingle::shingles(words, self.config.shingle, shingles);
        if again >= Again::ForBoilerplate {
            ranks.clear();
            ranks.extend(shingles.iter().map(|&shingle| rank(shingle, self.marks.is_hot(shingle))));
            if again == Again::Whole {
                self.marks.boilerplate.each_in(shingles, |at| ranks[at] = NEVER);
            }
            chosen.set(self.winnower, ranks.iter().copied(), (words, shingles, self.config.shingle));
            is_own.clear();
            is_own.resize(chosen.iter().len(), true);
            // What was chosen by hash alone is bounded as in the first reading, of what was known then.
            let noise = self.gathered.noise(article);
            chosen.bound_by(self.marks.boilerplate.known(), noise, |at, _| is_own[at] = false);
            let own = chosen.iter().zip(is_own.iter()).filter(|(_, is_own)| **is_own);
            part.fingerprints.push(article.0, own.map(|((fingerprint, context), _)| (key(fingerprint), context)));
        }
        self.look_up_short(buffers);
        part.shorts.push(article.0, buffers.short_keys.drain(..));
    }

    /// Takes note of what an article has of the shingles that short ones are looked up by; and of one that has few shingles
    /// of its own, of all that a short one has.
    fn look_up_short(&self, buffers: &mut Buffers) {
        let Buffers { words, shingles, short_keys, .. } = buffers;
        if self.marks.short.is_empty() || is_short(words.len() as u32) {
            return;
        }
        self.marks.looked_up.each_in(shingles, |at| short_keys.push((key(shingles[at]), 0)));
        let own = || shingles.iter().copied().filter(|&shingle| !self.marks.boilerplate.contains(shingle));
        if !has_more_than(SHORT, own()) {
            let known = own().filter(|shingle| self.marks.short.contains_key(shingle));
            short_keys.extend(known.map(|shingle| (key(shingle), 0)));
        }
    }
}

/// Whether there are more than so `few` distinct ones.
fn has_more_than(few: usize, mut shingles: impl Iterator<Item = u64>) -> bool {
    let mut distinct = Vec::with_capacity(few + 1);
    shingles.any(|shingle| {
        if !distinct.contains(&shingle) {
            distinct.push(shingle);
        }
        distinct.len() > few
    })
}
