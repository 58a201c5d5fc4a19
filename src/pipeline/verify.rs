//! Pairs to scores: texts of candidates are read again, prepared once a batch, and compared.

use super::batches::batches;
use super::detect::Texts;
use super::filter::Filter;
use super::gather::{Gathered, digest};
use super::progress::Progress;
use crate::article::ArticleId;
use crate::boilerplate::Boilerplate;
use crate::candidates::Pair;
use crate::candidates::crowd::Verdict;
use crate::config::Config;
use crate::error::Result;
use crate::report::Sink;
use crate::score::{self, Matched, Prepared, Reason, ScoredPair, Side, Weighed, by_runs};
use rayon::prelude::*;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Mutex;

/// Bytes of texts and shingles that are held at a time while pairs are scored.
const BATCH: usize = 192 << 20;
/// What an article costs there, per word: its text, its words, its shingles and their places.
const BYTES_A_WORD: usize = 64;
/// What it costs whatever its length.
const BYTES_AN_ARTICLE: usize = 1024;
/// Pairs of one article that a thread takes at a time.
const PIECE: usize = 64;

/// How a pair became a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    /// Signatures agree: only the Jaccard can be a reason to report it.
    Alike,
    /// They share shingles: everything can.
    Shared,
    /// It is known to be reported.
    Known,
}

/// A pair on its way to be scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Work {
    pub(crate) pair: Pair,
    pub(crate) origin: Origin,
}

/// What was learnt from a pair beside its score.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) pair: Option<Pair>,
    /// Stretches of words that a and b share, boilerplate apart.
    pub(crate) copied: [Vec<Range<u32>>; 2],
    /// Whether it is not reported though it shares a long run.
    pub(crate) long_run: bool,
}

/// A pair that is reported with what the sink made of it, and what was seen.
type Scored<S> = (Option<(ScoredPair, <S as Sink>::Rendered)>, Seen);

/// Reads, prepares and compares.
pub(crate) struct Verifier<'a, T> {
    pub(crate) gathered: &'a Gathered,
    pub(crate) texts: &'a T,
    pub(crate) config: &'a Config,
    pub(crate) boilerplate: &'a Boilerplate,
    pub(crate) filter: &'a Filter<'a>,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) lost: Mutex<Vec<(ArticleId, String)>>,
}

impl<T: Texts> Verifier<'_, T> {
    /// What each pair is: pairs of a bucket of signatures, of which only the likely ones are compared. Pairs are sorted.
    pub(crate) fn judge_likely(&self, pairs: &[Pair], seen: &mut Vec<Seen>) -> Vec<Verdict> {
        let agreement = self.config.bands.agreement(self.config.threshold);
        let likely = |pair| self.gathered.agree(pair, agreement);
        only(pairs, likely, Verdict::Unlikely, |some| self.judge(some, seen))
    }

    /// What each pair is. Pairs are sorted.
    pub(crate) fn judge(&self, pairs: &[Pair], seen: &mut Vec<Seen>) -> Vec<Verdict> {
        only(pairs, |pair| self.filter.admits(pair), Verdict::NotSought, |some| self.compare(some, seen))
    }

    fn compare(&self, pairs: &[Pair], seen: &mut Vec<Seen>) -> Vec<Verdict> {
        let work: Vec<Work> = pairs.iter().map(|&pair| Work { pair, origin: Origin::Shared }).collect();
        let mut verdicts = Vec::with_capacity(work.len());
        for batch in self.batches(&work) {
            let shelf = self.load(batch);
            let judged: Vec<(Verdict, Seen)> = batch
                .par_iter()
                .map(|work| {
                    let Some((a, b)) = shelf.get(work.pair.a()).zip(shelf.get(work.pair.b())) else {
                        return (Verdict::Apart, Seen::default());
                    };
                    let weighed = Matched::new(&a.prepared, &b.prepared).weigh(self.config);
                    match weighed.reason {
                        None => (Verdict::Apart, self.unreported(work.pair, &weighed)),
                        Some(Reason::Identical | Reason::Jaccard) => (Verdict::Alike, Seen::default()),
                        Some(Reason::Containment | Reason::Passage) => (Verdict::Paired, Seen::default()),
                    }
                })
                .collect();
            for (verdict, noticed) in judged {
                verdicts.push(verdict);
                seen.extend(Some(noticed).filter(|noticed| noticed.pair.is_some()));
            }
        }
        verdicts
    }

    /// Scores all work and hands the pairs that are reported to the sink.
    pub(crate) fn score<S: Sink>(
        &self,
        work: &[Work],
        sink: &mut S,
        mut each: impl FnMut(Option<ScoredPair>, Seen),
    ) -> Result<()> {
        for batch in self.batches(work) {
            let shelf = self.load(batch);
            let pieces: Vec<&[Work]> =
                batch.chunk_by(|x, y| x.pair.a() == y.pair.a()).flat_map(|same| same.chunks(PIECE)).collect();
            let scored: Vec<Vec<Scored<S>>> = {
                let sink = &*sink;
                pieces
                    .into_par_iter()
                    .map(|piece| {
                        self.progress.advance(piece.len() as u64);
                        piece.iter().filter_map(|work| self.score_one(work, &shelf, sink)).collect()
                    })
                    .collect()
            };
            for (reported, seen) in scored.into_iter().flatten() {
                let pair = reported.as_ref().map(|(pair, _)| *pair);
                if let Some((pair, rendered)) = reported {
                    sink.take(&pair, rendered)?;
                }
                each(pair, seen);
            }
        }
        Ok(())
    }

    fn score_one<S: Sink>(&self, work: &Work, shelf: &Shelf<'_>, sink: &S) -> Option<Scored<S>> {
        let (a, b) = (shelf.get(work.pair.a())?, shelf.get(work.pair.b())?);
        if work.origin == Origin::Alike && !a.prepared.has_boilerplate() && !b.prepared.has_boilerplate() {
            score::shared_if_similar(a.prepared.shingles(), b.prepared.shingles(), self.config.threshold)?;
        }
        let matched = Matched::new(&a.prepared, &b.prepared);
        if work.origin != Origin::Known {
            let weighed = matched.weigh(self.config);
            if weighed.reason.is_none() {
                return Some((None, self.unreported(work.pair, &weighed)));
            }
        }
        let comparison = matched.compare(self.config);
        let pair = ScoredPair::new(ArticleId(work.pair.a()), ArticleId(work.pair.b()), &comparison)?;
        let copied = matched.copied();
        let rendered = sink.render(&pair, &comparison, a.side(), b.side());
        Some((Some((pair, rendered)), Seen { pair: Some(work.pair), copied, long_run: false }))
    }

    fn unreported(&self, pair: Pair, weighed: &Weighed) -> Seen {
        if weighed.runs[0].is_empty() {
            return Seen::default();
        }
        let copied = by_runs(&weighed.runs, self.config.run());
        Seen { pair: Some(pair), copied, long_run: weighed.long_run }
    }

    /// The score of one pair, if it is reported for its Jaccard.
    pub(crate) fn alike(&self, pair: Pair) -> Option<ScoredPair> {
        if !self.filter.admits(pair) {
            return None;
        }
        let shelf = self.load(&[Work { pair, origin: Origin::Shared }]);
        let (a, b) = (shelf.get(pair.a())?, shelf.get(pair.b())?);
        let comparison = score::compare(&a.prepared, &b.prepared, self.config);
        ScoredPair::new(ArticleId(pair.a()), ArticleId(pair.b()), &comparison)
            .filter(|scored| scored.decisive_jaccard() >= self.config.threshold)
    }

    /// Stretches of work whose articles fit in memory together.
    fn batches<'w>(&self, work: &'w [Work]) -> Vec<&'w [Work]> {
        let words = &self.gathered.words;
        let cost = |article: u32| BYTES_AN_ARTICLE + words[article as usize] as usize * BYTES_A_WORD;
        batches(work, words.len(), BATCH, |work| [work.pair.a(), work.pair.b()], cost)
    }

    fn load(&self, batch: &[Work]) -> Shelf<'_> {
        let mut articles: Vec<u32> = batch.iter().flat_map(|work| [work.pair.a(), work.pair.b()]).collect();
        articles.par_sort_unstable();
        articles.dedup();
        let loaded = articles.par_iter().with_min_len(16).map(|&article| self.load_one(article)).collect();
        Shelf { articles, loaded }
    }

    fn load_one(&self, article: u32) -> Option<Loaded<'_>> {
        let text = match self.texts.text(ArticleId(article)) {
            Ok(text) => text,
            Err(reason) => return self.lose(article, reason),
        };
        let prepared = Prepared::new(&text, self.config).marked(self.boilerplate);
        if digest(prepared.hashes()) != self.gathered.digests[article as usize] {
            return self.lose(article, CHANGED.to_owned());
        }
        Some(Loaded { text, prepared })
    }

    fn lose<L>(&self, article: u32, reason: String) -> Option<L> {
        if let Ok(mut lost) = self.lost.lock() {
            lost.push((ArticleId(article), reason));
        }
        None
    }
}

/// What `judge` says of the pairs that pass, and `otherwise` of the others.
fn only(
    pairs: &[Pair],
    passes: impl Fn(Pair) -> bool + Sync,
    otherwise: Verdict,
    judge: impl FnOnce(&[Pair]) -> Vec<Verdict>,
) -> Vec<Verdict> {
    let passed: Vec<bool> = pairs.par_iter().map(|&pair| passes(pair)).collect();
    let some: Vec<Pair> = pairs.iter().zip(&passed).filter(|(_, passed)| **passed).map(|(&pair, _)| pair).collect();
    let mut verdicts = judge(&some).into_iter();
    passed.into_iter().map(|passed| if passed { verdicts.next() } else { None }.unwrap_or(otherwise)).collect()
}

/// Why an article was lost that is not as it was.
pub(crate) const CHANGED: &str = "changed while it was read";

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
