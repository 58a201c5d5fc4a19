//! Texts to what is kept of each article: how many words, a digest of them, its band keys, its date.

use crate::article::{ArticleId, Timestamp};
use crate::candidates::lsh::{band_keys, traces};
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::shingle::shingles;
use crate::sketch::MinHasher;
use crate::text::word_hashes;
use xxhash_rust::xxh3::xxh3_128_with_seed;

const DIGEST_SEED: u64 = 0x6469_6765_7374_0001;

/// What is kept of every article: 4 bytes a band, 1 a value of the signature, and 36 more.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) words: Vec<u32>,
    /// Equal for equal words in equal order.
    pub(crate) digests: Vec<u128>,
    pub(crate) dates: Vec<Option<Timestamp>>,
    /// A row of band keys an article; zeros for one without words.
    pub(crate) keys: Vec<u32>,
    /// A byte of each value of the signature, a row an article.
    pub(crate) traces: Vec<u8>,
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

    /// Adds what was gathered elsewhere, behind what is here.
    pub(crate) fn append(&mut self, mut part: Self) -> Result<()> {
        self.words.append(&mut part.words);
        self.digests.append(&mut part.digests);
        self.dates.append(&mut part.dates);
        self.keys.append(&mut part.keys);
        self.traces.append(&mut part.traces);
        match u32::try_from(self.words.len()) {
            Ok(count) if count < u32::MAX => Ok(()),
            _ => Err(Error::new(ErrorKind::TooLarge, "more than 4,294,967,294 articles in one run; split the input")),
        }
    }

    /// Articles in the order of who stays: the earliest dated, then the first in input order.
    pub(crate) fn order(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.len() as u32).filter(|&article| self.words[article as usize] > 0).collect();
        order.sort_by_key(|&article| self.precedence(article));
        order
    }

    /// Less for who stays.
    pub(crate) fn precedence(&self, article: u32) -> (bool, Option<Timestamp>, u32) {
        let date = self.dates[article as usize];
        (date.is_none(), date, article)
    }
}

/// Makes sketches one after the other, with buffers that it keeps.
pub(crate) struct Sketcher {
    hasher: MinHasher,
    config: Config,
    words: Vec<u64>,
    shingles: Vec<u64>,
    values: Vec<u64>,
}

impl Sketcher {
    pub(crate) fn new(config: &Config) -> Result<Self> {
        let hasher = MinHasher::new(config.bands.k())?;
        let values = vec![0; hasher.k()];
        Ok(Self { hasher, config: config.clone(), words: Vec::new(), shingles: Vec::new(), values })
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
        gathered.digests.push(digest(&self.words));
        gathered.dates.push(date);
        if self.shingles.is_empty() {
            gathered.keys.resize(gathered.keys.len() + self.config.bands.bands(), 0);
            gathered.traces.resize(gathered.traces.len() + self.config.bands.k(), 0);
        } else {
            self.hasher.fill(&self.shingles, &mut self.values);
            band_keys(&self.values, self.config.bands, &mut gathered.keys);
            traces(&self.values, &mut gathered.traces);
        }
        Ok(article)
    }
}

/// A 128-bit hash of a sequence of words.
pub(crate) fn digest(words: &[u64]) -> u128 {
    if cfg!(target_endian = "little") {
        return xxh3_128_with_seed(bytemuck::cast_slice(words), DIGEST_SEED);
    }
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    xxh3_128_with_seed(&bytes, DIGEST_SEED)
}
