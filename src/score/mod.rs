//! Two articles to exact numbers: how much they overlap, in which direction, and which passages they share.
//!
//! **Takes** the words of two articles. **Gives** an [`Overlap`], [`Passage`]s and a [`Relation`]; nothing depends on
//! anything but the two texts.
//!
//! | number | formula | unit |
//! |---|---|---|
//! | `jaccard` | \|S(A)∩S(B)\| / \|S(A)∪S(B)\| | fraction, 0..=1 |
//! | `containment_a` | \|S(A)∩S(B)\| / \|S(A)\| | fraction, 0..=1; how much of A is in B |
//! | `coverage_a` | words of A in at least one shingle of S(A)∩S(B) / words of A | fraction, 0..=1 |
//!
//! S(A) is the set of A's w-shingles (resemblance and containment: Broder 1997). An article without words shares
//! nothing: its numbers are 0, with itself too.
//!
//! **Cost** O(n log n) for n words of both together; see [`passages`](Comparison::passages) for the bound on repetitive texts.

mod copied;
mod index;
mod pair;
mod passages;
mod reason;
mod runs;

use crate::article::Span;
use crate::boilerplate::Boilerplate;
use crate::config::{Config, EXCERPT, NEAR_DUPLICATE, PARTIAL_COPY};
use crate::text::words_into;
pub(crate) use copied::by_runs;
pub(crate) use index::by_word;
pub use index::shared_if_similar;
#[cfg(feature = "cli")]
pub(crate) use pair::direction;
pub use pair::{PassageSpans, ScoredPair, Side};
pub use passages::{Passage, Run};
pub use reason::Reason;
pub(crate) use reason::Weighed;
use serde::{Deserialize, Serialize};
use std::cell::OnceCell;
use std::ops::Range;

/// How much of two articles overlaps, as counts; the fractions are ratios of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overlap {
    /// |S(A)∩S(B)|.
    pub shared: u32,
    /// |S(A)|.
    pub shingles_a: u32,
    /// |S(B)|.
    pub shingles_b: u32,
    /// Words of A that lie in a shared shingle.
    pub covered_a: u32,
    /// Words of B that lie in a shared shingle.
    pub covered_b: u32,
    /// Words of A.
    pub words_a: u32,
    /// Words of B.
    pub words_b: u32,
}

fn fraction(part: u32, whole: u32) -> f64 {
    if whole == 0 { 0.0 } else { f64::from(part) / f64::from(whole) }
}

impl Overlap {
    /// |S(A)∩S(B)| / |S(A)∪S(B)|.
    #[must_use]
    pub fn jaccard(&self) -> f64 {
        self.sets().jaccard()
    }

    /// |S(A)∩S(B)| / |S(A)|.
    #[must_use]
    pub fn containment_a(&self) -> f64 {
        self.sets().containment_a()
    }

    /// |S(A)∩S(B)| / |S(B)|.
    #[must_use]
    pub fn containment_b(&self) -> f64 {
        self.sets().containment_b()
    }

    /// The counts of shingles alone, nothing left out.
    pub(crate) fn sets(&self) -> Core {
        Core { shared: self.shared, shingles_a: self.shingles_a, shingles_b: self.shingles_b }
    }

    /// The share of A's words that lie in a shared shingle.
    #[must_use]
    pub fn coverage_a(&self) -> f64 {
        fraction(self.covered_a, self.words_a)
    }

    /// The share of B's words that lie in a shared shingle.
    #[must_use]
    pub fn coverage_b(&self) -> f64 {
        fraction(self.covered_b, self.words_b)
    }

    /// The same with A and B changed round.
    #[must_use]
    pub fn swapped(self) -> Self {
        Self {
            shared: self.shared,
            shingles_a: self.shingles_b,
            shingles_b: self.shingles_a,
            covered_a: self.covered_b,
            covered_b: self.covered_a,
            words_a: self.words_b,
            words_b: self.words_a,
        }
    }
}

/// What the numbers of a pair are over S∖P, where boilerplate P was found in one of the two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Core {
    /// |S(A)∩S(B)∖P|.
    pub shared: u32,
    /// |S(A)∖P|.
    pub shingles_a: u32,
    /// |S(B)∖P|.
    pub shingles_b: u32,
}

impl Core {
    /// The Jaccard of what is left of S(A) and S(B).
    #[must_use]
    pub fn jaccard(&self) -> f64 {
        fraction(self.shared, self.shingles_a + self.shingles_b - self.shared)
    }

    /// How much of what is left of S(A) is in S(B).
    #[must_use]
    pub fn containment_a(&self) -> f64 {
        fraction(self.shared, self.shingles_a)
    }

    /// How much of what is left of S(B) is in S(A).
    #[must_use]
    pub fn containment_b(&self) -> f64 {
        fraction(self.shared, self.shingles_b)
    }
}

/// How two articles are related: the first that holds, in this order. Where one of them has boilerplate, numbers are those
/// of what is left without it.
///
/// ```text
/// Identical      A ==========     B ==========         equal words as =, others as ·
/// NearDuplicate  A =====·====     B =====··====
/// Excerpt        A ==========     B ···==========·····   A is in B
/// Variant        A ===·====·==    B ===··====··==
/// PartialCopy    A ======····     B ··======·········    most of A is in B
/// SharedPassage  A ······====     B ==··········
/// ```
///
/// Which of the two is in the other, the larger of the two containments says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// The same words in the same order.
    Identical,
    /// Jaccard at least 0.7, and at least the threshold.
    NearDuplicate,
    /// One is contained in the other to at least 0.8.
    Excerpt,
    /// Jaccard at least the threshold.
    Variant,
    /// One is contained in the other to at least the bound, 0.5 unless set.
    PartialCopy,
    /// They share a passage.
    SharedPassage,
}

impl Relation {
    /// All relations, strongest first.
    pub const ALL: [Self; 6] =
        [Self::Identical, Self::NearDuplicate, Self::Excerpt, Self::Variant, Self::PartialCopy, Self::SharedPassage];

    /// The name that outputs use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Identical => "identical",
            Self::NearDuplicate => "near-duplicate",
            Self::Excerpt => "excerpt",
            Self::Variant => "variant",
            Self::PartialCopy => "partial-copy",
            Self::SharedPassage => "shared-passage",
        }
    }

    /// The relation of a pair that is not identical; `None` if it shares nothing.
    fn of(sets: &Core, config: &Config) -> Option<Self> {
        let (jaccard, containment) = (sets.jaccard(), sets.containment());
        if jaccard >= NEAR_DUPLICATE.max(config.threshold) {
            Some(Self::NearDuplicate)
        } else if containment >= EXCERPT {
            Some(Self::Excerpt)
        } else if jaccard >= config.threshold {
            Some(Self::Variant)
        } else if containment >= config.containment.unwrap_or(PARTIAL_COPY) {
            Some(Self::PartialCopy)
        } else {
            (containment > 0.0).then_some(Self::SharedPassage)
        }
    }
}

/// All that is known of a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The counts behind every number.
    pub overlap: Overlap,
    /// The counts without boilerplate, where there was some.
    pub core: Option<Core>,
    /// `None` if the two share no shingle.
    pub relation: Option<Relation>,
    /// What they share, in the order of A. No word lies in two passages. Longer ones were chosen first.
    pub passages: Vec<Passage>,
}

/// Words of an article, their hashes apart, ready to be compared with many others.
#[derive(Clone, Debug, Default)]
pub struct Prepared {
    spans: Vec<Span>,
    hashes: Vec<u64>,
    shingles: index::ShingleIndex,
}

impl Prepared {
    /// Prepares a text, in which nothing is known to be boilerplate. O(n).
    ///
    /// # Panics
    /// If `config.shingle` is 0 or the text is longer than 4 GiB.
    #[must_use]
    pub fn new(text: &str, config: &Config) -> Self {
        let mut prepared = Self::default();
        prepared.refill(text, config);
        prepared
    }

    /// Makes of this what [`new`](Self::new) makes, with the buffers that it has.
    pub(crate) fn refill(&mut self, text: &str, config: &Config) {
        let Self { spans, hashes, shingles } = self;
        spans.clear();
        hashes.clear();
        let expected = text.len() / 5;
        spans.reserve(expected);
        hashes.reserve(expected);
        words_into(text, hashes, spans);
        shingles.refill(hashes, config.shingle);
    }

    /// The same with what is boilerplate marked as such.
    #[must_use]
    pub fn marked(mut self, boilerplate: &Boilerplate) -> Self {
        self.mark(boilerplate);
        self
    }

    /// Marks what is boilerplate.
    pub(crate) fn mark(&mut self, boilerplate: &Boilerplate) {
        if !boilerplate.is_empty() {
            self.shingles.mark(boilerplate, self.hashes.len());
        }
    }

    /// Whether any of its shingles is boilerplate.
    #[must_use]
    pub fn has_boilerplate(&self) -> bool {
        self.shingles.has_boilerplate()
    }

    /// Whether each word lies in boilerplate; empty if none does.
    #[must_use]
    pub fn words_in_boilerplate(&self) -> &[bool] {
        self.shingles.words_in_boilerplate()
    }

    /// How many words do not lie in boilerplate.
    pub(crate) fn own_words(&self) -> u32 {
        (self.hashes.len() - self.words_in_boilerplate().iter().filter(|&&inside| inside).count()) as u32
    }

    /// Where each word stands in the original.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// The hashes of the words.
    pub(crate) fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// The hashes of the shingles, in order, repeats included.
    pub(crate) fn shingles(&self) -> &[u64] {
        self.shingles.hashes()
    }

    /// The distinct shingles, S(A).
    #[cfg(feature = "cli")]
    pub(crate) fn distinct_shingles(&self) -> impl Iterator<Item = u64> + '_ {
        self.shingles.distinct().map(|(_, shingle)| shingle)
    }

    /// Whether a shingle is in S(A).
    #[cfg(feature = "cli")]
    pub(crate) fn has_shingle(&self, shingle: u64) -> bool {
        self.shingles.contains(shingle)
    }

    /// The bytes of the original that a stretch of words covers.
    pub(crate) fn span(&self, words: &Range<u32>) -> Span {
        Span { start: self.spans[words.start as usize].start, end: self.spans[words.end as usize - 1].end }
    }
}

/// Compares two articles: numbers, relation and passages.
///
/// ```
/// use wirecopy::{Config, score::{Prepared, Relation, compare}};
///
/// let config = Config::default();
/// let wire = "The council voted on Monday to close the old harbour bridge for repairs until the end of March.";
/// let reprint = "The council voted on Monday to close the old harbour bridge for repairs until the end of April.";
/// let (a, b) = (Prepared::new(wire, &config), Prepared::new(reprint, &config));
/// let comparison = compare(&a, &b, &config);
/// assert_eq!(comparison.overlap.jaccard(), 13.0 / 15.0);
/// assert_eq!(comparison.relation, Some(Relation::NearDuplicate));
/// assert_eq!(comparison.passages[0].words(), 17);
/// ```
#[must_use]
pub fn compare(a: &Prepared, b: &Prepared, config: &Config) -> Comparison {
    Matched::new(a, b).compare(config)
}

/// Two articles and what they share, from which everything else is told.
pub(crate) struct Matched<'p> {
    a: &'p Prepared,
    b: &'p Prepared,
    common: index::Common<'p>,
    sets: Core,
    core: Option<Core>,
    covered: OnceCell<[Vec<Range<u32>>; 2]>,
}

impl<'p> Matched<'p> {
    pub(crate) fn new(a: &'p Prepared, b: &'p Prepared) -> Self {
        Self::by(a, b, index::Common::new(&a.shingles, &b.shingles))
    }

    /// The same if their Jaccard, boilerplate and all, is at least `threshold`; gives up as soon as it cannot be.
    pub(crate) fn if_similar(a: &'p Prepared, b: &'p Prepared, threshold: f64) -> Option<Self> {
        Some(Self::by(a, b, index::Common::if_similar(&a.shingles, &b.shingles, threshold)?))
    }

    fn by(a: &'p Prepared, b: &'p Prepared, common: index::Common<'p>) -> Self {
        let sets = Core { shared: common.len(), shingles_a: a.shingles.len(), shingles_b: b.shingles.len() };
        let core = (a.has_boilerplate() || b.has_boilerplate()).then(|| Core {
            shared: common.own(),
            shingles_a: a.shingles.own(),
            shingles_b: b.shingles.own(),
        });
        Self { a, b, common, sets, core, covered: OnceCell::new() }
    }

    /// The counts that decide: without boilerplate, where one of the two has some.
    fn decisive(&self) -> Core {
        self.core.unwrap_or(self.sets)
    }

    fn is_identical(&self) -> bool {
        self.a.hashes == self.b.hashes && !self.a.hashes.is_empty()
    }

    /// Numbers, relation and passages.
    pub(crate) fn compare(&self, config: &Config) -> Comparison {
        let Self { a, b, common, sets, core, .. } = self;
        let [covered_a, covered_b] =
            self.covered().each_ref().map(|stretches| stretches.iter().map(|words| words.end - words.start).sum());
        let overlap = Overlap {
            shared: sets.shared,
            shingles_a: sets.shingles_a,
            shingles_b: sets.shingles_b,
            covered_a,
            covered_b,
            words_a: a.hashes.len() as u32,
            words_b: b.hashes.len() as u32,
        };
        let relation = if self.is_identical() {
            Some(Relation::Identical)
        } else {
            let shares = (sets.shared > 0).then_some(Relation::SharedPassage);
            Relation::of(&self.decisive(), config).or(shares)
        };
        let passages = passages::find(&a.hashes, &b.hashes, common, a.shingles.width());
        Comparison { overlap, core: *core, relation, passages }
    }
}

#[cfg(test)]
mod tests;
