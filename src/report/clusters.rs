//! `clusters.jsonl`: a line a cluster of two or more articles, in the order of their representatives in the input.
//!
//! | field | is |
//! |---|---|
//! | `cluster` | its number, from 1 |
//! | `representative` | the id of the article that the others were compared with |
//! | `min_jaccard` | the least Jaccard of a member with the representative |
//! | `members` | the other articles, in input order: `id`, and to the representative `relation`, `jaccard`, `containment` (how much of the member's shingles the representative has), `coverage` (the share of the member's words in shared shingles) |

use super::catalogue::Catalogue;
use crate::article::ArticleId;
use crate::error::{Error, Result};
use crate::score::{Relation, ScoredPair};
use serde::Serialize;
use std::io::Write;

/// The clusters of a run.
#[derive(Debug, Default)]
pub struct Clusters {
    places: Vec<Option<Place>>,
    /// Members of each cluster, the representative first.
    members: Vec<Vec<ArticleId>>,
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
    /// Numbers the clusters. `belongs` holds, for each article, its representative and their pair.
    #[must_use]
    pub fn new(belongs: &[(ArticleId, Option<ScoredPair>)]) -> Self {
        let mut members: Vec<Vec<ArticleId>> = belongs.iter().map(|_| Vec::new()).collect();
        for (index, (representative, pair)) in belongs.iter().enumerate() {
            if pair.is_some() {
                members[representative.index()].push(ArticleId(index as u32));
            }
        }
        let mut places = vec![None; belongs.len()];
        let mut clusters = Vec::new();
        for (index, others) in members.into_iter().enumerate().filter(|(_, others)| !others.is_empty()) {
            let representative = ArticleId(index as u32);
            let cluster = clusters.len() as u64 + 1;
            let all: Vec<ArticleId> = std::iter::once(representative).chain(others).collect();
            for &member in &all {
                places[member.index()] = Some(Place { cluster, representative, pair: belongs[member.index()].1 });
            }
            clusters.push(all);
        }
        Self { places, members: clusters }
    }

    /// Where an article is; `None` for one that is in no cluster.
    #[must_use]
    pub fn place(&self, article: ArticleId) -> Option<Place> {
        self.places[article.index()]
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

    /// Writes `clusters.jsonl`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, mut out: impl Write, catalogue: &Catalogue) -> Result<()> {
        for (members, cluster) in self.members.iter().zip(1..) {
            let pair = |article: &ArticleId| self.place(*article).and_then(|place| place.pair);
            let others: Vec<(String, ScoredPair)> = members
                .iter()
                .filter_map(|article| Some((catalogue.id(*article).into_owned(), pair(article)?)))
                .collect();
            let line = Line {
                cluster,
                representative: &catalogue.id(members[0]),
                min_jaccard: others.iter().map(|(_, pair)| pair.overlap.jaccard()).fold(1.0, f64::min),
                members: others.iter().map(|(id, pair)| Member::new(id, pair)).collect(),
            };
            serde_json::to_writer(&mut out, &line).map_err(|error| Error::output(&error.into()))?;
            out.write_all(b"\n").map_err(|error| Error::output(&error))?;
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
