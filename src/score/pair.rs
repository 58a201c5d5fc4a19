//! A reported pair, as all later rooms see it.

use super::{Comparison, Core, Overlap, Passage, Prepared, Relation};
use crate::article::{ArticleId, Span};
use serde::{Deserialize, Serialize};

/// One article of a pair that is being reported.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// Its text.
    pub text: &'a str,
    /// Its words.
    pub prepared: &'a Prepared,
}

/// A pair that is reported: who, how much, and how they are related.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoredPair {
    /// The one that comes first in the input.
    pub a: ArticleId,
    /// The other.
    pub b: ArticleId,
    /// The counts behind every number.
    pub overlap: Overlap,
    /// The counts without boilerplate, where there was some.
    pub core: Option<Core>,
    /// How the two are related.
    pub relation: Relation,
}

impl ScoredPair {
    pub(crate) fn new(a: ArticleId, b: ArticleId, comparison: &Comparison) -> Option<Self> {
        Some(Self { a, b, overlap: comparison.overlap, core: comparison.core, relation: comparison.relation? })
    }

    /// The Jaccard that decides whether the pair is reported: without boilerplate, where there was some.
    #[must_use]
    pub fn decisive_jaccard(&self) -> f64 {
        self.core.map_or_else(|| self.overlap.jaccard(), |core| core.jaccard())
    }

    /// Of an excerpt or partial copy, which of the two is in the other; else nothing.
    #[must_use]
    pub fn direction(&self) -> &'static str {
        direction(self.relation, self.core.unwrap_or_else(|| self.overlap.sets()))
    }

    /// The same with `article` as a.
    pub(crate) fn seen_from(self, article: ArticleId) -> Self {
        if self.a == article {
            return self;
        }
        let core = self.core.map(|core| Core { shingles_a: core.shingles_b, shingles_b: core.shingles_a, ..core });
        Self { a: self.b, b: self.a, overlap: self.overlap.swapped(), core, relation: self.relation }
    }

    /// The same numbers for two other articles, which have the same words.
    pub(crate) fn renamed(self, a: ArticleId, b: ArticleId) -> Self {
        Self { a, b, ..self }
    }
}

/// Of an excerpt or partial copy, which of the two is in the other; else nothing.
pub(crate) fn direction(relation: Relation, sets: Core) -> &'static str {
    match relation {
        Relation::Excerpt | Relation::PartialCopy if sets.containment_a() >= sets.containment_b() => " A⊂B",
        Relation::Excerpt | Relation::PartialCopy => " B⊂A",
        _ => "",
    }
}

/// A passage as bytes of the two texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassageSpans {
    /// How many words are equal.
    pub words: u32,
    /// Where it stands in a.
    pub a: Span,
    /// Where it stands in b.
    pub b: Span,
    /// How many of the equal words are boilerplate.
    pub boilerplate: u32,
}

impl PassageSpans {
    /// The passages of a comparison, in the order of a.
    pub(crate) fn all(comparison: &Comparison, a: Side<'_>, b: Side<'_>) -> Vec<Self> {
        let known = a.prepared.words_in_boilerplate();
        let in_boilerplate = |passage: &Passage| {
            let words = passage.runs.iter().filter_map(|run| known.get(run.a as usize..(run.a + run.len) as usize));
            words.flatten().filter(|&&inside| inside).count() as u32
        };
        let spans = |passage: &Passage| Self {
            words: passage.words(),
            a: a.prepared.span(&passage.a()),
            b: b.prepared.span(&passage.b()),
            boilerplate: in_boilerplate(passage),
        };
        comparison.passages.iter().map(spans).collect()
    }
}
