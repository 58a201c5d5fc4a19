//! Texts to what is kept of each article: how many words, a digest of them, its band keys, its date.

use super::preview::Preview;
use crate::article::{ArticleId, Timestamp};
use crate::candidates::lsh::{BandKeys, band_keys, traces};
use crate::candidates::passages::{ArticleKeys, Entries, Postings, is_short, key};
use crate::candidates::shelf::Store;
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::shingle::shingles;
use crate::sketch::fingerprint::{Chosen, rank};
use crate::sketch::{MinHasher, Winnower};
use crate::text::word_hashes;
use ahash::AHashMap;
use rayon::prelude::*;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_128_with_seed;

const DIGEST_SEED: u64 = 0x6469_6765_7374_0001;

/// Names of publishers or sites, as numbers.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// For each article its number; 0 where there is none.
    pub(crate) numbers: Vec<u32>,
    names: Vec<String>,
}

impl Names {
    /// Numbers names in the order in which they come.
    pub(crate) fn new<'n>(names: impl Iterator<Item = Option<&'n str>>) -> Self {
        let mut known: AHashMap<&str, u32> = AHashMap::new();
        let mut all = vec![String::new()];
        let number = |name: Option<&'n str>| {
            let Some(name) = name else { return 0 };
            *known.entry(name).or_insert_with(|| {
                all.push(name.to_owned());
                all.len() as u32 - 1
            })
        };
        let numbers = names.map(number).collect();
        Self { numbers, names: all }
    }

    /// The number of an article's name; 0 where there is none.
    pub(crate) fn of(&self, article: u32) -> u32 {
        self.numbers.get(article as usize).copied().unwrap_or(0)
    }

    /// The name of a number.
    pub(crate) fn name(&self, number: u32) -> Option<&str> {
        self.names.get(number as usize).filter(|_| number > 0).map(String::as_str)
    }

    /// Each name once.
    #[cfg(feature = "cli")]
    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        self.names.iter().skip(1).map(String::as_str)
    }

    /// How many articles have each.
    pub(crate) fn sizes(&self) -> Vec<u32> {
        let mut sizes = vec![0; self.names.len()];
        self.numbers.iter().for_each(|&number| sizes[number as usize] += 1);
        sizes
    }
}

/// What is kept of every article: 4 bytes a band, 1 a value of the signature, and 40 more; and while boilerplate is being
/// learnt, 8 for each of its fingerprints, about 0.2 a word.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) words: Vec<u32>,
    /// Equal for equal words in equal order.
    pub(crate) digests: Vec<u128>,
    pub(crate) dates: Vec<Option<Timestamp>>,
    /// Band keys; zeros for an article without words.
    pub(crate) keys: BandKeys,
    /// A byte of each value of the signature, a row an article.
    pub(crate) traces: Vec<u8>,
    /// Fingerprints by hash alone, by which frequent ones are known; empty where none are asked for.
    pub(crate) survey: Vec<Postings>,
    /// What longer articles have of the shingles of short ones, as far as those were known.
    pub(crate) looked_up: ArticleKeys,
    /// Those fingerprints that are common in the sample.
    pub(crate) common: ArticleKeys,
    /// The shingles of each short article.
    pub(crate) short: Vec<(u32, Box<[u64]>)>,
    /// Where what grows is put away.
    pub(crate) store: Arc<Store>,
    /// What the first reading watched for.
    pub(crate) preview: Preview,
    /// Who published an article.
    pub(crate) publishers: Names,
    /// Whose furniture it may carry: its publisher's, or that of the folder it lies in.
    pub(crate) sites: Names,
    /// Articles from this number on are references: never compared with each other.
    pub(crate) references_from: u32,
}

impl Gathered {
    pub(crate) fn len(&self) -> usize {
        self.words.len()
    }

    pub(crate) fn is_reference(&self, article: u32) -> bool {
        article >= self.references_from
    }

    /// Bits of an article's own, for contexts that are to agree with no other's.
    pub(crate) fn noise(&self, article: ArticleId) -> u16 {
        self.digests[article.index()] as u16
    }

    /// Adds what was gathered elsewhere, behind what is here.
    pub(crate) fn append(&mut self, mut part: Self) -> Result<()> {
        self.store = part.store;
        let first = self.words.len() as u32;
        for postings in part.survey {
            postings.append(first, &mut self.survey, &self.store)?;
        }
        self.looked_up.append(first, part.looked_up);
        self.common.append(first, part.common);
        self.short.extend(part.short.into_iter().map(|(article, shingles)| (first + article, shingles)));
        self.words.append(&mut part.words);
        self.digests.append(&mut part.digests);
        self.dates.append(&mut part.dates);
        self.keys.append(part.keys);
        self.traces.append(&mut part.traces);
        match u32::try_from(self.words.len()) {
            Ok(count) if count < u32::MAX => Ok(()),
            _ => Err(Error::new(ErrorKind::TooLarge, "more than 4,294,967,294 articles in one run; split the input")),
        }
    }

    /// Articles in the order of who stays: the earliest dated, then the first in input order.
    pub(crate) fn order(&self) -> Vec<u32> {
        let with_words = (0..self.len() as u32).into_par_iter().filter(|&article| self.words[article as usize] > 0);
        let mut order: Vec<_> = with_words.map(|article| self.precedence(article)).collect();
        order.par_sort_unstable();
        order.into_iter().map(|(.., article)| article).collect()
    }

    /// Less for who stays.
    pub(crate) fn precedence(&self, article: u32) -> (bool, Option<Timestamp>, u32) {
        let date = self.dates[article as usize];
        (date.is_none(), date, article)
    }
}

/// Words of an article beyond which buffers are not kept.
#[cfg(feature = "formats")]
const LARGE: usize = 1 << 16;

/// Makes sketches one after the other, with buffers that it keeps.
pub(crate) struct Sketcher<'s> {
    hasher: MinHasher,
    /// Chooses the fingerprints of the survey, where there are to be some.
    winnower: Option<Winnower>,
    config: &'s Config,
    preview: &'s Preview,
    words: Vec<u64>,
    shingles: Vec<u64>,
    values: Vec<u64>,
    columns: Vec<u64>,
    chosen: Chosen,
    /// Shingles that a digest is made of.
    digested: Vec<u64>,
    /// Band keys, a row an article.
    rows: Vec<u32>,
    /// Keys of shingles that were watched for.
    noted: Vec<u32>,
    entries: Entries,
}

impl<'s> Sketcher<'s> {
    pub(crate) fn new(config: &'s Config, preview: &'s Preview) -> Result<Self> {
        let hasher = MinHasher::new(config.bands.k())?;
        let surveyed = config.guaranteed_run().map(|_| Winnower::new(config.shingle, config.run()));
        Ok(Self {
            hasher,
            winnower: surveyed.transpose()?,
            config,
            preview,
            words: Vec::new(),
            shingles: Vec::new(),
            values: vec![0; hasher.k()],
            columns: Vec::new(),
            chosen: Chosen::default(),
            digested: Vec::new(),
            rows: Vec::new(),
            noted: Vec::new(),
            entries: Entries::default(),
        })
    }

    /// Adds the sketch of `text` to `gathered`.
    ///
    /// # Errors
    /// If the text is longer than spans reach.
    pub(crate) fn sketch(&mut self, text: &str, date: Option<Timestamp>, gathered: &mut Gathered) -> Result<ArticleId> {
        if u32::try_from(text.len()).is_err() {
            let message = format!("a text of {} bytes; the most is 4,294,967,295", text.len());
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        self.words.clear();
        self.shingles.clear();
        word_hashes(text, &mut self.words);
        shingles(&self.words, self.config.shingle, &mut self.shingles);
        let article = ArticleId(gathered.words.len() as u32);
        gathered.words.push(self.words.len() as u32);
        gathered.digests.push(digest(&self.shingles, self.config.shingle, &mut self.digested));
        gathered.dates.push(date);
        if self.shingles.is_empty() {
            self.rows.resize(self.rows.len() + self.config.bands.bands(), 0);
            gathered.traces.resize(gathered.traces.len() + self.config.bands.k(), 0);
        } else {
            self.hasher.fill(&self.shingles, &mut self.values);
            band_keys(&self.values, self.config.bands, &mut self.columns, &mut self.rows);
            traces(&self.values, &mut gathered.traces);
            self.survey(article, gathered);
        }
        Ok(article)
    }

    /// Adds what was kept until the end. What comes after it is added to other articles.
    ///
    /// # Errors
    /// If a temporary file cannot be written.
    pub(crate) fn finish(&mut self, gathered: &mut Gathered) -> Result<()> {
        gathered.keys.push(&self.rows, self.config.bands.bands(), &gathered.store)?;
        gathered.survey.extend(self.entries.deal(&gathered.store)?);
        self.rows.clear();
        self.entries.clear();
        Ok(())
    }

    /// Whether its buffers are worth keeping.
    #[cfg(feature = "formats")]
    pub(crate) fn is_small(&self) -> bool {
        self.words.capacity() <= LARGE
    }

    fn survey(&mut self, article: ArticleId, gathered: &mut Gathered) {
        let Some(winnower) = self.winnower else { return };
        let Self { config, preview: Preview { shorts, common }, words, shingles, chosen, noted, entries, .. } = self;
        // Articles shorter than a shingle share theirs with exact copies only.
        if words.len() < config.shingle {
            return;
        }
        if is_short(words.len() as u32) {
            gathered.short.push((article.0, shingles.as_slice().into()));
        } else if !shorts.shingles().is_empty() {
            shorts.each_in(shingles, |at| noted.push(key(shingles[at])));
            gathered.looked_up.push(article.0, noted);
        }
        let ranks = shingles.iter().map(|&shingle| rank(shingle, false));
        chosen.set(winnower, ranks, (words, shingles, config.shingle));
        chosen.bound_by(common, gathered.noise(article), |_, fingerprint| noted.push(key(fingerprint)));
        entries.push(article.0, chosen.iter().map(|(fingerprint, context)| (key(fingerprint), context)));
        gathered.common.push(article.0, noted);
    }
}

/// A 128-bit hash of a sequence of words, given its w-shingles: of their number, and of so few of them that each word is in
/// one. `chosen` is a buffer.
pub(crate) fn digest(shingles: &[u64], w: usize, chosen: &mut Vec<u64>) -> u128 {
    chosen.clear();
    // Words that repeat themselves have the same shingles, however many they are.
    chosen.push((shingles.len() as u64).to_le());
    chosen.extend(shingles.iter().step_by(w).chain(shingles.last()).map(|shingle| shingle.to_le()));
    xxh3_128_with_seed(bytemuck::cast_slice(chosen), DIGEST_SEED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Law: digests are equal for equal words in equal order, and for no others.
        #[test]
        fn a_digest_is_that_of_all_words(one in proptest::collection::vec(0u64..3, 0..40), other in proptest::collection::vec(0u64..3, 0..40), w in 1usize..9, at in any::<proptest::sample::Index>()) {
            let of = |words: &[u64]| {
                let mut all = Vec::new();
                shingles(words, w, &mut all);
                digest(&all, w, &mut vec![7])
            };
            prop_assert_eq!(of(&one) == of(&other), one == other);
            if !one.is_empty() {
                let mut changed = one.clone();
                changed[at.index(one.len())] ^= 4;
                prop_assert_ne!(of(&one), of(&changed));
                // More of what repeats itself.
                let (once, twice) = ([&one[..], &one[..]].concat(), [&one[..], &one[..], &one[..]].concat());
                prop_assert_ne!(of(&once), of(&twice));
                prop_assert_ne!(of(&vec![one[0]; one.len()]), of(&vec![one[0]; one.len() + 1]));
            }
        }
    }
}
