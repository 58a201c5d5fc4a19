//! `clusters.jsonl`: a line a cluster of two or more articles, in the order of their representatives in the input.
//!
//! | field | is |
//! |---|---|
//! | `cluster` | its number, from 1 |
//! | `representative` | the id of the article that the others were compared with |
//! | `min_jaccard` | the least Jaccard of a member with the representative |
//! | `members` | the other articles, in input order: `id`, and to the representative `relation`, `jaccard`, `containment` (how much of the member's shingles the representative has), `coverage` (the share of the member's words in shared shingles) |

use super::catalogue::Catalogue;
use super::write_line;
use crate::article::ArticleId;
use crate::error::{Error, Result};
use crate::score::{Relation, ScoredPair};
use serde::Serialize;
use std::borrow::Cow;
use std::io::Write;

/// The clusters of a run.
#[derive(Debug, Default)]
pub struct Clusters {
    /// For each article the number of its cluster; 0 for one that is in none.
    numbers: Vec<u32>,
    /// Members of each cluster, the representative first.
    members: Vec<Vec<ArticleId>>,
    /// Of each other member: the article (as a) and the representative (as b), ascending.
    pairs: Vec<ScoredPair>,
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
    /// Numbers the clusters of so many articles. `pairs` holds, ascending, each article that is not its own representative
    /// (as a) with that (as b).
    #[must_use]
    pub fn new(articles: usize, pairs: Vec<ScoredPair>) -> Self {
        let mut by_representative: Vec<(ArticleId, ArticleId)> = pairs.iter().map(|pair| (pair.b, pair.a)).collect();
        by_representative.sort_unstable();
        let mut clusters = Self { numbers: vec![0; articles], members: Vec::new(), pairs };
        for of_cluster in by_representative.chunk_by(|one, other| one.0 == other.0) {
            let members: Vec<ArticleId> =
                std::iter::once(of_cluster[0].0).chain(of_cluster.iter().map(|&(_, member)| member)).collect();
            let number = clusters.members.len() as u32 + 1;
            members.iter().for_each(|member| clusters.numbers[member.index()] = number);
            clusters.members.push(members);
        }
        clusters
    }

    /// Where an article is; `None` for one that is in no cluster.
    #[must_use]
    pub fn place(&self, article: ArticleId) -> Option<Place> {
        let number = self.numbers[article.index()];
        let representative = self.members.get((number as usize).checked_sub(1)?)?[0];
        Some(Place { cluster: u64::from(number), representative, pair: self.pair(article) })
    }

    /// A member (as a) and its representative (as b).
    fn pair(&self, member: ArticleId) -> Option<ScoredPair> {
        self.pairs.binary_search_by_key(&member, |pair| pair.a).ok().map(|at| self.pairs[at])
    }

    /// How many clusters.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// How many articles are in clusters.
    #[must_use]
    pub fn articles(&self) -> usize {
        self.members.iter().map(Vec::len).sum()
    }

    /// How many articles the largest has.
    #[must_use]
    pub fn largest(&self) -> usize {
        self.members.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// Each representative with the pairs of its members (as a) and it (as b), in their order.
    pub fn each(&self) -> impl Iterator<Item = (ArticleId, Vec<ScoredPair>)> + '_ {
        self.members
            .iter()
            .map(|members| (members[0], members[1..].iter().filter_map(|&member| self.pair(member)).collect()))
    }

    /// Writes `clusters.jsonl`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, mut out: impl Write, catalogue: &Catalogue) -> Result<()> {
        for ((representative, pairs), cluster) in self.each().zip(1..) {
            let others: Vec<(Cow<'_, str>, ScoredPair)> =
                pairs.into_iter().map(|pair| (catalogue.id(pair.a), pair)).collect();
            let line = Line {
                cluster,
                representative: &catalogue.id(representative),
                min_jaccard: others.iter().map(|(_, pair)| pair.overlap.jaccard()).fold(1.0, f64::min),
                members: others.iter().map(|(id, pair)| Member::new(id, pair)).collect(),
            };
            write_line(&mut out, &line)?;
        }
        out.flush().map_err(|error| Error::output(&error))
    }
}

#[derive(Serialize)]
struct Line<'a> {
    cluster: u64,
    representative: &'a str,
    min_jaccard: f64,
    members: Vec<Member<'a>>,
}

#[derive(Serialize)]
struct Member<'a> {
    id: &'a str,
    relation: Relation,
    jaccard: f64,
    containment: f64,
    coverage: f64,
}

impl<'a> Member<'a> {
    fn new(id: &'a str, pair: &ScoredPair) -> Self {
        Self {
            id,
            relation: pair.relation,
            jaccard: pair.overlap.jaccard(),
            containment: pair.overlap.containment_a(),
            coverage: pair.overlap.coverage_a(),
        }
    }
}
