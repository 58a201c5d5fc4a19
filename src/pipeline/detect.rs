//! Sketches to results: copies collapse, bands propose, crowds are settled, pairs are scored, clusters formed.

use super::gather::{Gathered, digest};
use super::progress::{Progress, Stage};
use crate::article::ArticleId;
use crate::boilerplate::Boilerplate;
use crate::candidates::Pair;
use crate::candidates::crowd::{self, Crowds};
use crate::candidates::lsh::{self, PairSet};
use crate::cluster::{self, Link};
use crate::config::Config;
use crate::error::Result;
use crate::report::Sink;
use crate::score::{self, Prepared, Relation, ScoredPair, Side};
use rayon::prelude::*;
use std::borrow::Cow;
use std::sync::Mutex;

/// Gives back the texts that were gathered.
pub(crate) trait Texts: Sync {
    /// Announces which articles may be asked for, ascending, so that a source that has only one order can be read once.
    fn prepare(&mut self, articles: &[ArticleId]) -> Result<()>;

    /// The text of an article, or why there is none any more.
    fn text(&self, article: ArticleId) -> std::result::Result<Cow<'_, str>, String>;
}

/// All that a run found, pairs apart, which went to the sink.
#[derive(Debug, Default)]
#[cfg_attr(not(feature = "formats"), allow(dead_code, reason = "only the summary of a scan tells all of it"))]
pub(crate) struct Outcome {
    pub(crate) pairs: Vec<ScoredPair>,
    /// For each article the one that stands for it: itself, unless it is a copy.
    pub(crate) standing: Vec<ArticleId>,
    /// For each article with words its representative and how it relates to it; `None` for a representative itself.
    pub(crate) membership: Vec<Membership>,
    /// Pairs of a crowd's members that were not listed.
    pub(crate) unlisted: u64,
    /// Members of crowds that matched no leader there.
    pub(crate) overflow: usize,
    /// Articles in crowds.
    pub(crate) crowded: usize,
    /// Articles whose text was not there any more, or not the same, with the reason.
    pub(crate) lost: Vec<(ArticleId, String)>,
    pub(crate) candidates: u64,
}

/// Where an article belongs: its representative, and the pair that it and the representative (as b) are.
#[derive(Clone, Debug)]
pub(crate) struct Membership {
    pub(crate) representative: ArticleId,
    pub(crate) pair: Option<ScoredPair>,
}

/// Bytes of texts and shingles that are held at a time while pairs are scored.
const BATCH: usize = 192 << 20;
/// What an article costs there, per word: its text, its words, its shingles and their places.
const BYTES_A_WORD: usize = 64;
/// What it costs whatever its length.
const BYTES_AN_ARTICLE: usize = 1024;
/// Pairs of one article that a thread takes at a time.
const PIECE: usize = 64;

/// A pair on its way to be scored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Work {
    pair: Pair,
    /// Whether it is known to be reported.
    known: bool,
}

pub(crate) struct Run<'a, T, S> {
    pub(crate) gathered: &'a Gathered,
    pub(crate) texts: T,
    pub(crate) config: &'a Config,
    pub(crate) boilerplate: &'a Boilerplate,
    pub(crate) sink: &'a mut S,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) lost: Mutex<Vec<(ArticleId, String)>>,
}

impl<T: Texts, S: Sink> Run<'_, T, S> {
    pub(crate) fn detect(mut self) -> Result<Outcome> {
        let order = self.gathered.order();
        let groups = self.copies(&order);
        let mut standing: Vec<ArticleId> = (0..self.gathered.len() as u32).map(ArticleId).collect();
        for group in &groups {
            group.iter().for_each(|&member| standing[member as usize] = ArticleId(group[0]));
        }
        let (members, faces) = Self::members(&order, &standing);

        let (pairs, mut crowds) = self.candidates(&members);
        crowds.retain(|crowd| crowd.iter().any(|&member| !self.gathered.is_reference(member)));
        self.announce(&pairs, &crowds, &groups)?;
        let crowded = crowds.iter().flatten().collect::<ahash::AHashSet<_>>().len();
        let crowds = crowd::settle(crowds, |pairs| self.judge(pairs));
        let work = self.work(pairs, &crowds, &groups);

        self.progress.begin(Stage::Score, Some(work.len() as u64));
        let mut found = Vec::new();
        self.score(&work, &mut found)?;
        let unlisted = crowds.unlisted(found.iter().map(key), |article| self.gathered.is_reference(article));
        self.progress.begin(Stage::Cluster, None);
        let membership = self.clusters(&members, &faces, &standing, &found, &crowds);
        let mut lost = self.lost.into_inner().unwrap_or_default();
        lost.sort();
        lost.dedup_by_key(|(article, _)| *article);
        Ok(Outcome {
            pairs: found,
            standing,
            membership,
            unlisted,
            overflow: crowds.overflow,
            crowded,
            lost,
            candidates: work.len() as u64,
        })
    }

    /// The articles that stand for themselves and their copies, in the order of who stays, and the one of the copies
    /// that decides the place of each: the first of all, which is a reference perhaps.
    fn members(order: &[u32], standing: &[ArticleId]) -> (Vec<u32>, Vec<ArticleId>) {
        let mut placed = vec![false; standing.len()];
        let first = |&article: &u32| !std::mem::replace(&mut placed[standing[article as usize].index()], true);
        order.iter().copied().filter(first).map(|face| (standing[face as usize].0, ArticleId(face))).unzip()
    }

    /// Groups of two or more articles with the same words, each headed by the one that stands for it in pairs: the first
    /// of those in the input proper, so that no pair of it is one of two references.
    fn copies(&self, order: &[u32]) -> Vec<Vec<u32>> {
        let gathered = self.gathered;
        let mut by_digest: Vec<(u128, bool, u32)> = order
            .iter()
            .zip(0u32..)
            .map(|(&article, rank)| (gathered.digests[article as usize], gathered.is_reference(article), rank))
            .collect();
        by_digest.par_sort_unstable();
        by_digest
            .chunk_by(|a, b| a.0 == b.0)
            .filter(|group| group.len() > 1)
            .map(|group| group.iter().map(|&(_, _, rank)| order[rank as usize]).collect())
            .collect()
    }

    /// What the bands bring together: pairs, sorted, and crowds.
    fn candidates(&self, members: &[u32]) -> (Vec<Pair>, Vec<Vec<u32>>) {
        let bands = self.config.bands.bands();
        self.progress.begin(Stage::Candidates, Some(bands as u64));
        let agreement = self.config.bands.agreement(self.config.threshold);
        let (mut pairs, mut crowds) = (PairSet::default(), Vec::new());
        let at_once: Vec<usize> = (0..bands).collect();
        for some in at_once.chunks(rayon::current_num_threads()) {
            let found: Vec<lsh::Buckets> = some
                .par_iter()
                .map(|&band| {
                    let mut found =
                        lsh::buckets(&self.gathered.keys, bands, band, members, lsh::limit(self.config.list_all));
                    found.pairs.retain(|&pair| self.is_sought(pair) && self.agrees(pair, agreement));
                    self.progress.advance(1);
                    found
                })
                .collect();
            for buckets in found {
                pairs.extend(&buckets.pairs);
                crowds.extend(buckets.crowds);
            }
        }
        (pairs.into_sorted(), crowds)
    }

    /// Whether a pair has a side in the input proper.
    fn is_sought(&self, pair: Pair) -> bool {
        !(self.gathered.is_reference(pair.a()) && self.gathered.is_reference(pair.b()))
    }

    /// Whether the signatures of a pair agree in at least so many values.
    fn agrees(&self, pair: Pair, agreement: usize) -> bool {
        let k = self.config.bands.k();
        let traces = |article: u32| &self.gathered.traces[article as usize * k..][..k];
        lsh::agreeing(traces(pair.a()), traces(pair.b())) >= agreement
    }

    fn announce(&mut self, pairs: &[Pair], crowds: &[Vec<u32>], groups: &[Vec<u32>]) -> Result<()> {
        let mut needed = vec![false; self.gathered.len()];
        pairs.iter().for_each(|pair| {
            needed[pair.a() as usize] = true;
            needed[pair.b() as usize] = true;
        });
        crowds.iter().chain(groups).flatten().for_each(|&article| needed[article as usize] = true);
        let needed: Vec<ArticleId> =
            (0..).map(ArticleId).zip(needed).filter_map(|(article, needed)| needed.then_some(article)).collect();
        self.texts.prepare(&needed)
    }

    /// All that is to be scored, sorted, each pair once.
    fn work(&self, pairs: Vec<Pair>, crowds: &Crowds, groups: &[Vec<u32>]) -> Vec<Work> {
        let open = pairs.into_iter().filter(|&pair| !crowds.share_a_leader(pair)).chain(crowds.open.iter().copied());
        let matched = crowds.matched.iter().copied();
        let mut work: Vec<Work> = matched
            .map(|pair| (pair, true))
            .chain(open.map(|pair| (pair, false)))
            .map(|(pair, known)| Work { pair, known })
            .collect();
        if self.config.list_all {
            work = self.among_copies(&work, groups);
        }
        for group in groups {
            let heads = if self.config.list_all { group.len() } else { 1 };
            for (index, &one) in group[..heads].iter().enumerate() {
                work.extend(group[index + 1..].iter().map(|&other| Work { pair: Pair::new(one, other), known: true }));
            }
        }
        work.retain(|work| self.is_sought(work.pair));
        // Of one pair the entry that is known sorts last, and is the one to keep.
        work.par_sort_unstable();
        work.reverse();
        work.dedup_by_key(|work| work.pair);
        work.reverse();
        work
    }

    /// Every pair for all copies of its two sides.
    fn among_copies(&self, work: &[Work], groups: &[Vec<u32>]) -> Vec<Work> {
        let mut group_of = vec![None; self.gathered.len()];
        for group in groups {
            group_of[group[0] as usize] = Some(group);
        }
        let copies = |article: u32| group_of[article as usize].cloned().unwrap_or_else(|| vec![article]);
        work.iter()
            .flat_map(|work| {
                let (a, b) = (copies(work.pair.a()), copies(work.pair.b()));
                a.into_iter().flat_map(move |a| {
                    b.clone().into_iter().map(move |b| Work { pair: Pair::new(a, b), known: work.known })
                })
            })
            .collect()
    }

    /// Whether each pair reaches the threshold. Pairs are sorted.
    fn judge(&self, pairs: &[Pair]) -> Vec<bool> {
        let agreement = self.config.bands.agreement(self.config.threshold);
        let likely: Vec<bool> = pairs.par_iter().map(|&pair| self.agrees(pair, agreement)).collect();
        let work: Vec<Work> = pairs
            .iter()
            .zip(&likely)
            .filter(|(_, likely)| **likely)
            .map(|(&pair, _)| Work { pair, known: false })
            .collect();
        let mut verdicts = Vec::with_capacity(work.len());
        for batch in self.batches(&work) {
            let shelf = self.load(batch);
            let threshold = self.config.threshold;
            verdicts.par_extend(batch.par_iter().map(|work| {
                let (Some(a), Some(b)) = (shelf.get(work.pair.a()), shelf.get(work.pair.b())) else { return false };
                score::shared_if_similar(a.prepared.shingles(), b.prepared.shingles(), threshold).is_some()
            }));
        }
        let mut verdicts = verdicts.into_iter();
        likely.into_iter().map(|likely| likely && verdicts.next() == Some(true)).collect()
    }

    /// Scores all work and hands the pairs that are reported to the sink.
    fn score(&mut self, work: &[Work], found: &mut Vec<ScoredPair>) -> Result<()> {
        for batch in self.batches(work) {
            let shelf = self.load(batch);
            let pieces: Vec<&[Work]> =
                batch.chunk_by(|x, y| x.pair.a() == y.pair.a()).flat_map(|same| same.chunks(PIECE)).collect();
            let scored: Vec<Vec<(ScoredPair, S::Rendered)>> = pieces
                .into_par_iter()
                .map(|piece| {
                    self.progress.advance(piece.len() as u64);
                    piece.iter().filter_map(|work| self.score_one(work, &shelf)).collect()
                })
                .collect();
            for (pair, rendered) in scored.into_iter().flatten() {
                self.sink.take(&pair, rendered)?;
                found.push(pair);
            }
        }
        Ok(())
    }

    fn score_one(&self, work: &Work, shelf: &Shelf<'_>) -> Option<(ScoredPair, S::Rendered)> {
        let (a, b) = (shelf.get(work.pair.a())?, shelf.get(work.pair.b())?);
        if !work.known {
            score::shared_if_similar(a.prepared.shingles(), b.prepared.shingles(), self.config.threshold)?;
        }
        let (a, b) = (a.side(), b.side());
        let comparison = score::compare(a.prepared, b.prepared, self.config, self.boilerplate);
        let pair = ScoredPair::new(ArticleId(work.pair.a()), ArticleId(work.pair.b()), &comparison)?;
        if pair.relation != Relation::Identical && pair.decisive_jaccard() < self.config.threshold {
            return None;
        }
        let rendered = self.sink.render(&pair, &comparison, a, b);
        Some((pair, rendered))
    }

    /// Cuts work into stretches whose articles fit in memory together.
    fn batches<'w>(&self, work: &'w [Work]) -> Vec<&'w [Work]> {
        let mut batches = Vec::new();
        let mut last_seen = vec![0u32; self.gathered.len()];
        let (mut start, mut bytes, mut number) = (0, 0, 1);
        for (at, work_item) in work.iter().enumerate() {
            for article in [work_item.pair.a(), work_item.pair.b()] {
                if std::mem::replace(&mut last_seen[article as usize], number) != number {
                    bytes += BYTES_AN_ARTICLE + self.gathered.words[article as usize] as usize * BYTES_A_WORD;
                }
            }
            if bytes > BATCH {
                batches.push(&work[start..=at]);
                (start, bytes, number) = (at + 1, 0, number + 1);
            }
        }
        if start < work.len() {
            batches.push(&work[start..]);
        }
        batches
    }

    fn load(&self, batch: &[Work]) -> Shelf<'_> {
        let mut articles: Vec<u32> = batch.iter().flat_map(|work| [work.pair.a(), work.pair.b()]).collect();
        articles.par_sort_unstable();
        articles.dedup();
        let loaded = articles.par_iter().with_min_len(16).map(|&article| self.load_one(article)).collect();
        Shelf { articles, loaded }
    }

    fn load_one(&self, article: u32) -> Option<Loaded<'_>> {
        let lose = |reason: String| {
            if let Ok(mut lost) = self.lost.lock() {
                lost.push((ArticleId(article), reason));
            }
            None
        };
        let text = match self.texts.text(ArticleId(article)) {
            Ok(text) => text,
            Err(reason) => return lose(reason),
        };
        let prepared = Prepared::new(&text, self.config);
        if digest(prepared.hashes()) != self.gathered.digests[article as usize] {
            return lose("changed while it was read".to_owned());
        }
        Some(Loaded { text, prepared })
    }

    /// Where each article belongs.
    fn clusters(
        &self,
        members: &[u32],
        faces: &[ArticleId],
        standing: &[ArticleId],
        found: &[ScoredPair],
        crowds: &Crowds,
    ) -> Vec<Membership> {
        let mut rank = vec![0u32; self.gathered.len()];
        members.iter().zip(0..).for_each(|(&article, place)| rank[article as usize] = place);
        let stands = |article: ArticleId| standing[article.index()] == article;
        let mut links: Vec<Link> = found
            .iter()
            .filter(|pair| stands(pair.a) && stands(pair.b) && pair.decisive_jaccard() >= self.config.threshold)
            .map(|pair| {
                let (a, b) = (rank[pair.a.index()], rank[pair.b.index()]);
                Link { earlier: a.min(b), later: a.max(b) }
            })
            .collect();
        links.par_sort_unstable_by_key(|link| (link.later, link.earlier));
        let mut verified: Vec<ScoredPair> = Vec::new();
        let representatives = cluster::representatives(
            members.len(),
            &links,
            |place| {
                let leaders = crowds.leaders.get(&members[place as usize]);
                leaders.into_iter().flatten().map(|&leader| rank[leader as usize]).collect()
            },
            |pair| {
                let work =
                    Work { pair: Pair::new(members[pair.a() as usize], members[pair.b() as usize]), known: false };
                if !self.is_sought(work.pair) {
                    return false;
                }
                let shelf = self.load(&[work]);
                let scored = self.score_one(&work, &shelf).map(|(scored, _)| scored);
                verified.extend(&scored);
                scored.is_some()
            },
        );
        verified.sort_unstable_by_key(key);
        let pair_of = |pair: Pair| {
            let search = |pairs: &[ScoredPair]| pairs.binary_search_by_key(&pair, key).ok().map(|at| pairs[at]);
            search(found).or_else(|| search(&verified))
        };
        let belongs = |article: ArticleId| {
            let stand_in = standing[article.index()];
            if self.gathered.words[article.index()] == 0 {
                return Membership { representative: article, pair: None };
            }
            let place = representatives[rank[stand_in.index()] as usize] as usize;
            let (head, representative) = (ArticleId(members[place]), faces[place]);
            if article == representative {
                return Membership { representative, pair: None };
            }
            // A copy has the words of the one that stands for it, so it relates to others as that does.
            let (from, to) = match (stand_in == head, article == head) {
                (false, _) => (stand_in, head),
                (true, false) => (article, head),
                (true, true) => (head, representative),
            };
            match pair_of(Pair::new(from.0, to.0)) {
                Some(pair) => {
                    let pair = pair.seen_from(from).renamed(article, representative);
                    Membership { representative, pair: Some(pair) }
                }
                // The pair was not sought (two references) or lost (a text that changed).
                None => Membership { representative: article, pair: None },
            }
        };
        (0..self.gathered.len() as u32).map(|article| belongs(ArticleId(article))).collect()
    }
}

fn key(pair: &ScoredPair) -> Pair {
    Pair::new(pair.a.0, pair.b.0)
}

/// The articles of a batch, in memory.
struct Shelf<'t> {
    articles: Vec<u32>,
    loaded: Vec<Option<Loaded<'t>>>,
}

impl<'t> Shelf<'t> {
    fn get(&self, article: u32) -> Option<&Loaded<'t>> {
        let at = self.articles.binary_search(&article).ok()?;
        self.loaded[at].as_ref()
    }
}

struct Loaded<'t> {
    text: Cow<'t, str>,
    prepared: Prepared,
}

impl Loaded<'_> {
    fn side(&self) -> Side<'_> {
        Side { text: &self.text, prepared: &self.prepared }
    }
}
