//! Pairs to scores: texts of candidates are read again and compared.

use super::copies::Copies;
use super::desk::{Desk, Office};
use super::detect::Texts;
use super::filter::Filter;
use super::progress::Progress;
use super::stories::by_story;
use crate::article::ArticleId;
use crate::candidates::Pair;
use crate::candidates::crowd::Verdict;
use crate::candidates::lsh::Traces;
use crate::error::Result;
use crate::report::Sink;
use crate::score::{self, Matched, Reason, ScoredPair, Weighed, by_runs};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;

/// Bytes of a pair's result until it is written, generously: passages in full are long.
const RESULT: u64 = 8 << 10;
/// Pairs whose results are held at a time: at least (and where there is no bound), and at most.
const LEAST_AT_A_TIME: u64 = 1 << 15;
const MOST_AT_A_TIME: u64 = 1 << 18;
/// Pairs that a thread takes at a time.
const PIECE: usize = 32;

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
    /// Of a pair that is reported, its articles and how many of the words of each are not boilerplate.
    pub(crate) own_words: Option<[(u32, u32); 2]>,
}

/// A pair that is reported with what the sink made of it, and what was seen.
type Scored<S> = (Option<(ScoredPair, <S as Sink>::Rendered)>, Seen);

/// Reads, prepares and compares.
pub(crate) struct Verifier<'a, T> {
    pub(crate) office: Office<'a, T>,
    pub(crate) filter: &'a Filter<'a>,
    pub(crate) copies: &'a Copies,
    pub(crate) progress: &'a dyn Progress,
}

impl<'a, T: Texts> Verifier<'a, T> {
    /// What each pair is: pairs of a bucket of signatures, of which only the likely ones are compared. Pairs are sorted.
    pub(crate) fn judge_likely(&self, traces: &Traces, pairs: &[Pair], seen: &mut Vec<Seen>) -> Vec<Verdict> {
        let agreement = self.office.config.bands.agreement(self.office.config.threshold);
        let likely = |pair| traces.agree(pair, agreement);
        only(pairs, likely, Verdict::Unlikely, |some| self.judge(some, seen))
    }

    /// What each pair is. Pairs are sorted.
    pub(crate) fn judge(&self, pairs: &[Pair], seen: &mut Vec<Seen>) -> Vec<Verdict> {
        only(pairs, |pair| self.filter.admits(pair), Verdict::NotSought, |some| self.compare(some, seen))
    }

    fn compare(&self, pairs: &[Pair], seen: &mut Vec<Seen>) -> Vec<Verdict> {
        let mut verdicts = Vec::with_capacity(pairs.len());
        for some in pairs.chunks(self.at_a_time()) {
            let (judged, noticed) =
                self.at_desks(some, |_| {}, |&pair| pair, |&pair, desk| self.compare_one(pair, desk));
            verdicts.extend(judged.in_order());
            seen.extend(noticed.in_order().filter(|noticed| noticed.pair.is_some()));
        }
        verdicts
    }

    fn compare_one(&self, pair: Pair, desk: &mut Desk<'_, 'a, T>) -> (Verdict, Seen) {
        let Some((a, b)) = desk.pair(pair) else { return (Verdict::Apart, Seen::default()) };
        let weighed = Matched::new(&a.prepared, &b.prepared).weigh(self.office.config);
        match weighed.reason {
            None => (Verdict::Apart, self.unreported(pair, &weighed)),
            Some(Reason::Identical | Reason::Jaccard) => (Verdict::Alike, Seen::default()),
            Some(Reason::Containment | Reason::Passage) => (Verdict::Paired, Seen::default()),
        }
    }

    /// Scores all work and hands the pairs that are reported to the sink.
    pub(crate) fn score<S: Sink>(
        &self,
        work: &[Work],
        sink: &mut S,
        mut each: impl FnMut(Option<ScoredPair>, Seen) + Send,
    ) -> Result<()> {
        for some in work.chunks(self.at_a_time()) {
            let (reported, seen) = {
                let sink = &*sink;
                let done = |count| self.progress.advance(count);
                self.at_desks(
                    some,
                    done,
                    |work| work.pair,
                    |work, desk| {
                        let (reported, seen) = self.score_one(work, desk, sink).unwrap_or_default();
                        let pair = reported.as_ref().map(|(pair, _)| *pair);
                        (reported, (pair, seen))
                    },
                )
            };
            let write = || reported.in_order().flatten().try_for_each(|(pair, rendered)| sink.take(&pair, rendered));
            let hear = || seen.in_order().for_each(|(pair, seen)| each(pair, seen));
            rayon::join(write, hear).0?;
        }
        Ok(())
    }

    /// How many pairs' results are held at a time. The more they are, the more of a story lies on one desk at once.
    fn at_a_time(&self) -> usize {
        let room = self.office.gathered.store.bound().map_or(LEAST_AT_A_TIME, |bound| bound / 2 / RESULT);
        room.clamp(LEAST_AT_A_TIME, MOST_AT_A_TIME) as usize
    }

    /// What `make` makes of each item, two things, which two threads can take in order; `done` hears how many are. Items of
    /// one story are worked on one after the other, at the same desk.
    fn at_desks<W: Sync, A: Send, B: Send>(
        &self,
        items: &[W],
        done: impl Fn(u64) + Sync,
        pair: impl Fn(&W) -> Pair,
        make: impl Fn(&W, &mut Desk<'_, 'a, T>) -> (A, B) + Sync,
    ) -> (Pieces<A>, Pieces<B>) {
        let pairs: Vec<Pair> = items.iter().map(pair).collect();
        let stories = by_story(&pairs);
        let at_a_desk = |piece: &[(u32, usize)]| {
            let mut desk = self.office.desk();
            let (mut ones, mut others) = (Vec::with_capacity(piece.len()), Vec::with_capacity(piece.len()));
            for some in piece.chunk_by(|one, other| one.0 == other.0) {
                if !ones.is_empty() {
                    desk.clear();
                }
                for &(_, at) in some {
                    let (one, other) = make(&items[at], &mut desk);
                    ones.push(Some(one));
                    others.push(Some(other));
                }
            }
            done(piece.len() as u64);
            (ones, others)
        };
        let (ones, others) = stories.par_chunks(PIECE).map(at_a_desk).unzip();
        let mut places = vec![0; stories.len()];
        stories.iter().zip(0..).for_each(|(&(_, at), place)| places[at] = place);
        let places: Arc<[usize]> = places.into();
        (Pieces { made: ones, places: Arc::clone(&places) }, Pieces { made: others, places })
    }

    fn score_one<S: Sink>(&self, work: &Work, desk: &mut Desk<'_, 'a, T>, sink: &S) -> Option<Scored<S>> {
        let config = self.office.config;
        let stand = [work.pair.a(), work.pair.b()].map(|article| self.copies.standing[article as usize].0);
        let (a, b) = if stand[0] == stand[1] && !sink.reads_copies() {
            // One text has the words of both.
            let one = desk.article(stand[0])?;
            (one, one)
        } else {
            desk.pair(work.pair)?
        };
        let (of_a, of_b) = (&a.prepared, &b.prepared);
        let matched = if work.origin == Origin::Alike && !of_a.has_boilerplate() && !of_b.has_boilerplate() {
            Matched::if_similar(of_a, of_b, config.threshold)?
        } else {
            Matched::new(of_a, of_b)
        };
        if work.origin != Origin::Known {
            let weighed = matched.weigh(config);
            if weighed.reason.is_none() {
                return Some((None, self.unreported(work.pair, &weighed)));
            }
        }
        let comparison = matched.compare(config);
        let pair = ScoredPair::new(ArticleId(work.pair.a()), ArticleId(work.pair.b()), &comparison)?;
        let copied = matched.copied();
        let rendered = sink.render(&pair, &comparison, a.side(), b.side());
        let own_words = Some([(pair.a.0, a.prepared.own_words()), (pair.b.0, b.prepared.own_words())]);
        Some((Some((pair, rendered)), Seen { pair: Some(work.pair), copied, own_words, ..Seen::default() }))
    }

    fn unreported(&self, pair: Pair, weighed: &Weighed) -> Seen {
        if weighed.runs[0].is_empty() {
            return Seen::default();
        }
        let copied = by_runs(&weighed.runs, self.office.config.run());
        Seen { pair: Some(pair), copied, long_run: weighed.long_run, own_words: None }
    }

    /// The score of one pair, if it is reported for its Jaccard.
    pub(crate) fn alike(&self, pair: Pair) -> Option<ScoredPair> {
        if !self.filter.admits(pair) {
            return None;
        }
        let config = self.office.config;
        let mut desk = self.office.desk();
        let (a, b) = desk.pair(pair)?;
        let comparison = score::compare(&a.prepared, &b.prepared, config);
        ScoredPair::new(ArticleId(pair.a()), ArticleId(pair.b()), &comparison)
            .filter(|scored| scored.decisive_jaccard() >= config.threshold)
    }
}

/// What was made of some items, story by story.
struct Pieces<M> {
    /// By pieces of [`PIECE`].
    made: Vec<Vec<Option<M>>>,
    /// Where that of each item is.
    places: Arc<[usize]>,
}

impl<M> Pieces<M> {
    /// What was made of each item, in the order of the items.
    fn in_order(mut self) -> impl Iterator<Item = M> {
        let places = Arc::clone(&self.places);
        (0..places.len()).filter_map(move |item| self.made[places[item] / PIECE][places[item] % PIECE].take())
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
