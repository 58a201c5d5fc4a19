//! `clusters.jsonl`: a line a cluster of two or more articles, in the order of their representatives in the input.
//!
//! | field | is |
//! |---|---|
//! | `cluster` | its number, from 1 |
//! | `representative` | the id of the article that the others were compared with |
//! | `min_jaccard` | the least Jaccard of a member with the representative |
//! | `members` | the other articles, in input order: `id`, and to the representative `relation`, `jaccard`, `containment` (how much of the member's shingles the representative has), `coverage` (the share of the member's words in shared shingles) |

use super::catalogue::Catalogue;
use super::{rows, write_line};
use crate::article::ArticleId;
use crate::error::{Error, Result};
use crate::score::{Relation, ScoredPair};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::io::Write;

/// The clusters of a run.
#[derive(Debug, Default)]
pub struct Clusters {
    /// For each article the number of its cluster; 0 for one that is in none.
    numbers: Vec<u32>,
    /// Each member (as a) but the representative with that (as b), cluster after cluster, ascending.
    pairs: Vec<ScoredPair>,
    /// Where the pairs of each cluster end.
    ends: Vec<usize>,
}

/// Where an article is clustered.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The number of the cluster, from 1.
    pub cluster: u64,
    /// Its representative.
    pub representative: ArticleId,
    /// The article (as a) and the representative (as b); `None` for the representative itself.
    pub pair: Option<ScoredPair>,
}

impl Clusters {
    /// Numbers the clusters of so many articles. `pairs` holds each article that is not its own representative (as a) with
    /// that (as b).
    #[must_use]
    pub fn new(articles: usize, mut pairs: Vec<ScoredPair>) -> Self {
        pairs.sort_unstable_by_key(|pair| (pair.b, pair.a));
        let (mut numbers, mut ends) = (vec![0; articles], Vec::new());
        let mut end = 0;
        for (of_cluster, number) in pairs.chunk_by(|one, other| one.b == other.b).zip(1..) {
            numbers[of_cluster[0].b.index()] = number;
            of_cluster.iter().for_each(|pair| numbers[pair.a.index()] = number);
            end += of_cluster.len();
            ends.push(end);
        }
        Self { numbers, pairs, ends }
    }

    /// Where an article is; `None` for one that is in no cluster.
    #[must_use]
    pub fn place(&self, article: ArticleId) -> Option<Place> {
        let number = self.numbers[article.index()];
        let pairs = self.pairs((number as usize).checked_sub(1)?);
        let pair = pairs.binary_search_by_key(&article, |pair| pair.a).ok().map(|at| pairs[at]);
        Some(Place { cluster: u64::from(number), representative: pairs[0].b, pair })
    }

    /// The pairs of the cluster that has so many before it.
    fn pairs(&self, before: usize) -> &[ScoredPair] {
        let start = if before == 0 { 0 } else { self.ends[before - 1] };
        &self.pairs[start..self.ends[before]]
    }

    /// How many clusters.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// How many articles are in clusters.
    #[must_use]
    pub fn articles(&self) -> usize {
        self.pairs.len() + self.len()
    }

    /// How many articles the largest has.
    #[must_use]
    pub fn largest(&self) -> usize {
        self.each().map(|(_, pairs)| pairs.len() + 1).max().unwrap_or(0)
    }

    /// Each representative with the pairs of the other members (as a) and it (as b), in their order.
    pub fn each(&self) -> impl Iterator<Item = (ArticleId, &[ScoredPair])> {
        (0..self.len()).map(|before| self.pairs(before)).map(|pairs| (pairs[0].b, pairs))
    }

    /// Writes `clusters.jsonl`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, mut out: impl Write + Send, catalogue: &Catalogue) -> Result<()> {
        rows::write(&mut out, self.len(), |some| {
            let mut lines = Vec::new();
            for before in some {
                let pairs = self.pairs(before);
                let line = Line {
                    cluster: before + 1,
                    representative: &catalogue.id(pairs[0].b),
                    min_jaccard: pairs.iter().map(|pair| pair.overlap.jaccard()).fold(1.0, f64::min),
                    members: Members { pairs, catalogue },
                };
                write_line(&mut lines, &line)?;
            }
            Ok(lines)
        })?;
        out.flush().map_err(|error| Error::output(&error))
    }
}

#[derive(Serialize)]
struct Line<'a> {
    cluster: usize,
    representative: &'a str,
    min_jaccard: f64,
    members: Members<'a>,
}

/// The members of a cluster but the representative.
struct Members<'a> {
    pairs: &'a [ScoredPair],
    catalogue: &'a Catalogue,
}

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let member = |pair: &ScoredPair| Member::new(self.catalogue.id(pair.a), pair);
        serializer.collect_seq(self.pairs.iter().map(member))
    }
}

#[derive(Serialize)]
struct Member<'a> {
    id: Cow<'a, str>,
    relation: Relation,
    jaccard: f64,
    containment: f64,
    coverage: f64,
}

impl<'a> Member<'a> {
    fn new(id: Cow<'a, str>, pair: &ScoredPair) -> Self {
        Self {
            id,
            relation: pair.relation,
            jaccard: pair.overlap.jaccard(),
            containment: pair.overlap.containment_a(),
            coverage: pair.overlap.coverage_a(),
        }
    }
}
