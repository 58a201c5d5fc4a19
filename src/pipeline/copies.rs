//! Exact copies: who stands for whom.

use super::gather::Gathered;
use crate::article::ArticleId;
use crate::candidates::run::SortedRun;
use rayon::prelude::*;

/// Articles with the same words, collapsed.
pub(crate) struct Copies {
    /// For each article the one that stands for it: itself, unless it is a copy.
    pub(crate) standing: Vec<ArticleId>,
    /// Groups of two or more articles with the same words, each headed by the one that stands for it in pairs: the first
    /// of those in the input proper, so that no pair of it is one of two references.
    pub(crate) groups: Vec<Vec<u32>>,
    /// The articles that stand for themselves and their copies, in the order of who stays.
    pub(crate) members: Vec<u32>,
    /// Of each member, the one of its copies that decides its place: the first of all, which is a reference perhaps.
    pub(crate) faces: Vec<ArticleId>,
    /// The place of each member among the members.
    pub(crate) rank: Vec<u32>,
}

impl Copies {
    pub(crate) fn new(gathered: &Gathered) -> Self {
        let order = gathered.order();
        let groups = groups(gathered, &order);
        let mut standing: Vec<ArticleId> = (0..gathered.len() as u32).map(ArticleId).collect();
        for group in &groups {
            group.iter().for_each(|&member| standing[member as usize] = ArticleId(group[0]));
        }
        let mut placed = vec![false; standing.len()];
        let first = |&article: &u32| !std::mem::replace(&mut placed[standing[article as usize].index()], true);
        let (members, faces): (Vec<u32>, Vec<ArticleId>) =
            order.iter().copied().filter(first).map(|face| (standing[face as usize].0, ArticleId(face))).unzip();
        let mut rank = vec![0u32; gathered.len()];
        members.iter().zip(0..).for_each(|(&article, place)| rank[article as usize] = place);
        Self { standing, groups, members, faces, rank }
    }

    pub(crate) fn stands(&self, article: u32) -> bool {
        self.standing[article as usize].0 == article
    }

    /// How many articles have the words of each, itself included.
    pub(crate) fn weights(&self) -> Vec<u32> {
        let mut weights = vec![1; self.standing.len()];
        self.groups.iter().for_each(|group| weights[group[0] as usize] = group.len() as u32);
        weights
    }

    /// Puts articles in the order of who stays.
    pub(crate) fn sort(&self, articles: &mut [u32]) {
        articles.sort_unstable_by_key(|&article| self.rank[article as usize]);
    }
}

fn groups(gathered: &Gathered, order: &[u32]) -> Vec<Vec<u32>> {
    let digest = |rank: u32| gathered.digests[order[rank as usize] as usize];
    // By some bits of their digests, which tell most of them apart.
    let alike = SortedRun::new((0..order.len() as u32).map(|rank| (digest(rank) as u32, rank)));
    let ranks = alike.buckets().flatten().map(|&entry| entry as u32);
    let mut by_digest: Vec<(u128, bool, u32)> =
        ranks.map(|rank| (digest(rank), gathered.is_reference(order[rank as usize]), rank)).collect();
    by_digest.par_sort_unstable();
    by_digest
        .chunk_by(|a, b| a.0 == b.0)
        .filter(|group| group.len() > 1)
        .map(|group| group.iter().map(|&(_, _, rank)| order[rank as usize]).collect())
        .collect()
}
