//! Pairs to scores: texts of candidates are read again and compared.

use super::allowance::Allowance;
use super::copied::Tally;
use super::copies::Copies;
use super::desk::{Desk, Loaded, Office};
use super::detect::{Texts, ascending, key};
use super::filter::Filter;
use super::progress::Progress;
use super::stories::{Turn, by_story};
use crate::article::ArticleId;
use crate::candidates::Pair;
use crate::candidates::crowd::Verdict;
use crate::candidates::lsh::Traces;
use crate::error::Result;
use crate::report::{Render, Rendered, Sink};
use crate::score::{self, Matched, Reason, ScoredPair, Weighed, by_runs};
use rayon::prelude::*;

/// Pairs that a thread takes at a time. (Few in tests, which so see many parts.)
const PIECE: usize = if cfg!(test) { 2 } else { 32 };
/// Pieces between the one that a thread is at and the one whose articles it asks for early.
const AHEAD: usize = 4;
/// Parts in which a batch is scored, of so many pairs at least: what is settled by one is handed over while the next is
/// scored, which is worth it where there is much of it.
const WAVES: usize = 8;
const WAVE: usize = if cfg!(test) { 2 } else { 1 << 16 };

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

/// A pair that is reported, with what the sink made of it.
type Scored<S> = (ScoredPair, Rendered<S>);

/// Reads, prepares and compares.
pub(crate) struct Verifier<'a, T> {
    pub(crate) office: Office<'a, T>,
    pub(crate) filter: &'a Filter<'a>,
    pub(crate) copies: &'a Copies,
    /// What is noticed beside the scores.
    pub(crate) tally: &'a Tally<'a>,
    pub(crate) progress: &'a dyn Progress,
}

impl<'a, T: Texts> Verifier<'a, T> {
    /// What each pair is: pairs of a bucket of signatures, of which only the likely ones are compared.
    pub(crate) fn judge_likely(&self, traces: &Traces, pairs: &[Pair]) -> Vec<Verdict> {
        let agreement = self.office.config.bands.agreement(self.office.config.threshold);
        only(pairs, |pair| traces.agree(pair, agreement), Verdict::Unlikely, |some| self.judge(Origin::Alike, some))
    }

    /// What each pair is, as far as how it became a candidate asks for it.
    pub(crate) fn judge(&self, origin: Origin, pairs: &[Pair]) -> Vec<Verdict> {
        only(pairs, |pair| self.filter.admits(pair), Verdict::NotSought, |some| self.compare(origin, some))
    }

    fn compare(&self, origin: Origin, pairs: &[Pair]) -> Vec<Verdict> {
        let some = pairs.chunks(self.allowance(size_of::<Verdict>()).plain_batch());
        let of_some = |some: &[Pair]| {
            let turns = by_story(some, |article| self.words(article));
            let mut verdicts = Pieces::new(&turns);
            let compare = |at, desk: &mut Desk<'_, 'a, T>| self.compare_one(Work { pair: some[at], origin }, desk);
            let articles = |at: usize| [some[at].a(), some[at].b()];
            verdicts.add(self.at_desks(&turns, articles, |_| {}, compare));
            verdicts.take(some.len()).collect::<Vec<Verdict>>()
        };
        some.flat_map(of_some).collect()
    }

    fn compare_one(&self, Work { pair, origin }: Work, desk: &mut Desk<'_, 'a, T>) -> Verdict {
        let Some((a, b)) = desk.pair(pair) else { return Verdict::Apart };
        let Some(matched) = self.matched(a, b, origin) else { return Verdict::Unlikely };
        let weighed = matched.weigh(self.office.config);
        match weighed.reason {
            None => {
                self.note_unreported(pair, &weighed);
                Verdict::Apart
            }
            Some(Reason::Identical | Reason::Jaccard) => Verdict::Alike,
            Some(Reason::Containment | Reason::Passage) => Verdict::Paired,
        }
    }

    /// Scores all work and hands the pairs that are reported to the sink, some of them while others are scored. Gives them,
    /// sorted like the work, and what `then` makes of them while the last of them are handed over.
    pub(crate) fn score<S: Sink, R: Send>(
        &self,
        work: &[Work],
        sink: &mut S,
        then: impl FnOnce(&[ScoredPair]) -> R + Send,
    ) -> Result<(Vec<ScoredPair>, R)> {
        let render = &sink.renderer();
        let shorter = |pair: Pair| self.words(pair.a()).min(self.words(pair.b()));
        let mut allowance = self.allowance(size_of::<Option<Scored<S>>>());
        let done = |count| self.progress.advance(count);
        let (mut found, mut rest) = (Vec::new(), work);
        loop {
            let (some, others) = rest.split_at(allowance.batch(rest.iter().map(|work| shorter(work.pair))));
            let turns =
                by_story(&some.iter().map(|work| work.pair).collect::<Vec<Pair>>(), |article| self.words(article));
            let articles = |at: usize| self.read_for::<S>(some[at].pair, render);
            let mut pieces = Pieces::new(&turns);
            let mut note = |(pair, rendered): &Scored<S>| {
                found.push(*pair);
                allowance.learn(shorter(key(pair)), S::Render::bytes(rendered));
            };
            for wave in turns.chunks(wave_of(some.len())) {
                // Stories follow each other by their first articles: those before have all pairs of the articles before.
                let settled = some.partition_point(|work| work.pair.a() < wave[0].story);
                let ready = pieces.take(settled).flatten().inspect(&mut note);
                let (handed_over, made) = rayon::join(
                    || hand_over(ready, sink),
                    || self.at_desks(wave, articles, done, |at, desk| self.score_one::<S>(&some[at], desk, render)),
                );
                handed_over?;
                pieces.add(made);
            }
            pieces.iter().flatten().for_each(note);
            let left = pieces.take(some.len()).flatten();
            if others.is_empty() {
                let (handed_over, made) = rayon::join(|| hand_over(left, sink), || then(&found));
                return handed_over.map(|()| (found, made));
            }
            // The next batch has all the room that there is.
            hand_over(left, sink)?;
            rest = others;
        }
    }

    fn allowance(&self, fixed: usize) -> Allowance {
        Allowance::new(self.office.gathered.store.bound(), fixed)
    }

    fn words(&self, article: u32) -> u32 {
        self.office.gathered.words[article as usize]
    }

    /// What `make` makes of each item in its turn, piece by piece, for which it needs its `articles`; `done` hears of how many.
    fn at_desks<M: Send>(
        &self,
        turns: &[Turn],
        articles: impl Fn(usize) -> [u32; 2] + Sync,
        done: impl Fn(u64) + Sync,
        make: impl Fn(usize, &mut Desk<'_, 'a, T>) -> M + Sync,
    ) -> Vec<Vec<Option<M>>> {
        let at_a_desk = |(number, piece): (usize, &[Turn])| {
            let later = turns.chunks(PIECE).nth(number + AHEAD).unwrap_or_default();
            let needed = || ascending(later.iter().flat_map(|turn| articles(turn.at)).map(ArticleId));
            self.office.texts.fetch_ahead(needed);
            let mut desk = self.office.desk();
            let in_turn = |turn: &Turn| {
                desk.make_room(turn.stay);
                Some(make(turn.at, &mut desk))
            };
            let made = piece.iter().map(in_turn).collect();
            done(piece.len() as u64);
            made
        };
        turns.par_chunks(PIECE).enumerate().with_max_len(1).map(at_a_desk).collect()
    }

    /// The articles that are read for the score of a pair; of copies of each other twice the one that has the words of both.
    fn read_for<S: Sink>(&self, pair: Pair, render: &S::Render) -> [u32; 2] {
        let both = [pair.a(), pair.b()];
        let standing = both.map(|article| self.copies.standing[article as usize].0);
        if standing[0] == standing[1] && !render.reads_copies() { standing } else { both }
    }

    /// The score of a pair with what the sink makes of it, if it is reported.
    fn score_one<S: Sink>(&self, work: &Work, desk: &mut Desk<'_, 'a, T>, render: &S::Render) -> Option<Scored<S>> {
        let config = self.office.config;
        let (a, b) = match self.read_for::<S>(work.pair, render) {
            [a, b] if a == b => {
                let one = desk.article(a)?;
                (one, one)
            }
            _ => desk.pair(work.pair)?,
        };
        let (of_a, of_b) = (&a.prepared, &b.prepared);
        let matched = self.matched(a, b, work.origin)?;
        if work.origin != Origin::Known {
            let weighed = matched.weigh(config);
            if weighed.reason.is_none() {
                self.note_unreported(work.pair, &weighed);
                return None;
            }
        }
        let comparison = matched.compare(config);
        let pair = ScoredPair::new(ArticleId(work.pair.a()), ArticleId(work.pair.b()), &comparison)?;
        self.tally.add(work.pair, &matched.copied());
        self.tally.add_own_words(pair.a, || of_a.own_words());
        self.tally.add_own_words(pair.b, || of_b.own_words());
        let rendered = render.render(&pair, &comparison, a.side(), b.side());
        Some((pair, rendered))
    }

    /// What the two of a pair share; nothing if how it became a candidate asks for a Jaccard that they have not.
    fn matched<'p>(&self, a: &'p Loaded<'_>, b: &'p Loaded<'_>, origin: Origin) -> Option<Matched<'p>> {
        let (a, b) = (&a.prepared, &b.prepared);
        if origin == Origin::Alike && !a.has_boilerplate() && !b.has_boilerplate() {
            return Matched::if_similar(a, b, self.office.config.threshold);
        }
        Some(Matched::new(a, b))
    }

    fn note_unreported(&self, pair: Pair, weighed: &Weighed) {
        if weighed.runs[0].is_empty() {
            return;
        }
        self.tally.add(pair, &by_runs(&weighed.runs, self.office.config.run()));
        if weighed.long_run {
            self.tally.add_long_run();
        }
    }

    /// The score of one pair, if it is reported for its Jaccard.
    pub(crate) fn alike(&self, pair: Pair) -> Option<ScoredPair> {
        if !self.filter.admits(pair) {
            return None;
        }
        let config = self.office.config;
        let mut desk = self.office.desk();
        desk.make_room(pair.b());
        let (a, b) = desk.pair(pair)?;
        let comparison = score::compare(&a.prepared, &b.prepared, config);
        ScoredPair::new(ArticleId(pair.a()), ArticleId(pair.b()), &comparison)
            .filter(|scored| scored.decisive_jaccard() >= config.threshold)
    }
}

/// Hands pairs that are reported to the sink.
fn hand_over<S: Sink>(mut scored: impl Iterator<Item = Scored<S>>, sink: &mut S) -> Result<()> {
    scored.try_for_each(|(pair, rendered)| sink.take(&pair, rendered))
}

/// Of a batch of so many pairs, how many are scored before others are handed over.
fn wave_of(pairs: usize) -> usize {
    pairs.div_ceil(WAVES).max(WAVE).next_multiple_of(PIECE)
}

/// What was made of some items, in their turns, and not taken yet.
struct Pieces<M> {
    /// By pieces of [`PIECE`].
    made: Vec<Vec<Option<M>>>,
    /// Where that of each item is.
    places: Vec<usize>,
    /// How many items have no more.
    taken: usize,
}

impl<M> Pieces<M> {
    /// Nothing yet of so many items.
    fn new(turns: &[Turn]) -> Self {
        let mut places = vec![0; turns.len()];
        turns.iter().zip(0..).for_each(|(turn, place)| places[turn.at] = place);
        Self { made: Vec::new(), places, taken: 0 }
    }

    /// Adds what was made in the next turns.
    fn add(&mut self, mut made: Vec<Vec<Option<M>>>) {
        self.made.append(&mut made);
    }

    /// What was made of each item, in the order of the items.
    fn iter(&self) -> impl Iterator<Item = &M> {
        self.places[self.taken..].iter().filter_map(|place| self.made[place / PIECE][place % PIECE].as_ref())
    }

    /// The same of the items before `until`, which is gone afterwards.
    fn take(&mut self, until: usize) -> impl Iterator<Item = M> {
        let Self { made, places, taken } = self;
        let until = until.clamp(*taken, places.len());
        let some = &places[std::mem::replace(taken, until)..until];
        some.iter().filter_map(|place| made[place / PIECE][place % PIECE].take())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::{Passage, Prepared};
    use crate::{Article, Config, Detector};

    #[test]
    fn pairs_come_in_order_however_many_are_held_at_a_time() {
        const STORIES: u32 = 3;
        let text = |article: u32| {
            let word = |n| if n == article { "changed ".to_owned() } else { format!("s{}w{n} ", article % STORIES) };
            (0..40).map(word).collect::<String>()
        };
        let articles: Vec<Article> = (0..27).map(|article| Article::new(article.to_string(), text(article))).collect();
        let detection = Detector::builder().build().and_then(|detector| detector.detect(&articles)).expect("in memory");
        let expected: Vec<Pair> = (0..27)
            .flat_map(|a| (a + 1..27).map(move |b| (a, b)))
            .filter(|(a, b)| a % STORIES == b % STORIES)
            .map(|(a, b)| Pair::new(a, b))
            .collect();
        assert!(expected.len() > 2 * super::super::allowance::MOST);
        let pairs = detection.pairs();
        assert_eq!(pairs.iter().map(key).collect::<Vec<_>>(), expected);
        let prepared: Vec<Prepared> =
            (0..27).map(|article| Prepared::new(&text(article), &Config::default())).collect();
        for (at, pair) in pairs.iter().enumerate() {
            let (a, b) = (&prepared[pair.a.index()], &prepared[pair.b.index()]);
            let spans = |passage: &Passage| (passage.words(), a.span(&passage.a()), b.span(&passage.b()));
            let expected: Vec<_> = score::compare(a, b, &Config::default()).passages.iter().map(spans).collect();
            let found: Vec<_> =
                detection.passages(at).iter().map(|passage| (passage.words, passage.a, passage.b)).collect();
            assert_eq!(found, expected, "what a pair comes with is its own");
        }
    }
}
