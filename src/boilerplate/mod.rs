//! The set P of shingles that are nobody's own words: footers, newsletter and cookie text, stock phrases.
//!
//! **Takes** who carries which fingerprint, or an earlier run's list. **Gives** P as [`Boilerplate`], with the passages
//! that it was made of. Nothing is re-shingled across the gap that P leaves.
//!
//! How it is learnt, and how that fails, is written in `learn.rs`, which has the rules.

pub(crate) mod learn;

#[cfg(feature = "formats")]
use crate::saved::Saved;
use crate::shingle::{Known, ShingleSet};
use ahash::AHashSet;
use serde::{Deserialize, Serialize};

/// A passage that is nobody's own, as `boilerplate.jsonl` has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownPassage {
    /// Its text, as one of the articles has it.
    pub text: String,
    /// How many articles carry it.
    pub articles: u64,
    /// The publisher whose articles they are, where all are one's.
    pub publisher: Option<String>,
}

/// A set of shingle hashes that count for nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Boilerplate {
    shingles: Known,
    passages: Vec<KnownPassage>,
}

impl Boilerplate {
    /// Makes P of these shingles.
    #[must_use]
    pub fn new(shingles: &ShingleSet) -> Self {
        Self::of(shingles.hashes().iter().copied().collect(), Vec::new())
    }

    /// Makes P of the shingles of these passages, of `w` words each. Of a passage shorter than that nothing is taken.
    ///
    /// # Panics
    /// If `w` is 0 or a text is longer than 4 GiB.
    ///
    /// ```
    /// use wirecopy::{boilerplate::{Boilerplate, KnownPassage}, text::words, shingle::ShingleSet};
    ///
    /// let text = "Write to the editors at the old mill.".to_owned();
    /// let hashes: Vec<u64> = words(&text).iter().map(|word| word.hash).collect();
    /// let boilerplate = Boilerplate::of_passages(vec![KnownPassage { text, articles: 40, publisher: None }], 5);
    /// assert!(ShingleSet::of_words(&hashes, 5).hashes().iter().all(|&shingle| boilerplate.contains(shingle)));
    /// ```
    #[must_use]
    pub fn of_passages(passages: Vec<KnownPassage>, w: usize) -> Self {
        let mut words = Vec::new();
        let mut shingles = AHashSet::new();
        for passage in &passages {
            words.clear();
            crate::text::word_hashes(&passage.text, &mut words);
            if words.len() >= w {
                shingles.extend(ShingleSet::of_words(&words, w).hashes());
            }
        }
        Self::of(shingles, passages)
    }

    #[cfg(feature = "formats")]
    pub(crate) fn save(&self, out: &mut dyn std::io::Write) -> std::io::Result<()> {
        self.shingles.save(out)?;
        serde_json::to_string(&self.passages)?.save(out)
    }

    #[cfg(feature = "formats")]
    pub(crate) fn load(from: &mut dyn std::io::Read) -> std::io::Result<Self> {
        let shingles = Known::load(from)?;
        Ok(Self { shingles, passages: serde_json::from_str(&String::load(from)?)? })
    }

    fn of(shingles: AHashSet<u64>, passages: Vec<KnownPassage>) -> Self {
        Self { shingles: Known::new(shingles), passages }
    }

    /// Whether a shingle belongs to P.
    #[must_use]
    pub fn contains(&self, shingle: u64) -> bool {
        self.shingles.contains(shingle)
    }

    /// Calls `found` with each place of `shingles` whose shingle belongs to P, in order.
    pub(crate) fn each_in(&self, shingles: &[u64], found: impl FnMut(usize)) {
        self.shingles.each_in(shingles, found);
    }

    /// The shingles, for whoever looks for them with others.
    pub(crate) fn known(&self) -> &Known {
        &self.shingles
    }

    /// Whether P has no shingles.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shingles.shingles().is_empty()
    }

    /// How many shingles P has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shingles.shingles().len()
    }

    /// The shingles, in no order that may decide anything.
    pub(crate) fn shingles(&self) -> impl Iterator<Item = u64> + '_ {
        self.shingles.shingles().iter().copied()
    }

    /// The passages that P was made of, those in the most articles first.
    #[must_use]
    pub fn passages(&self) -> &[KnownPassage] {
        &self.passages
    }
}
