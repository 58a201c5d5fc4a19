//! The passages of a pair: which stretches of A stand in B, and where.
//!
//! **Takes** two word sequences and the places of the shingles they share. **Gives** stretches of words that are equal
//! but for small edits, each word in at most one of them.
//!
//! **How.** Shared shingles (anchors) that continue each other are grown, word by word, into maximal equal [`Run`]s.
//! Runs in the same order on both sides with at most [`PASSAGE_GAP`] words between them are chained (the bounded
//! look-back of Li 2018, minimap2), the words of a gap aligned, and the ends of a chain extended over single edits.
//! The longest chain takes its words first; what is left of the others competes again. So a paragraph that moved is a
//! passage of its own, and a copy with edits is one passage.
//!
//! **Cost** O(n log n) for n words together. A shingle that repeats on both sides more than [`REPEATS`] times over is
//! paired in order, first with first, so that no number of repeats costs more than its length.
//! **Does not promise** the best alignment of texts made of repeats, only a deterministic one of equal words.

use super::index::Common;
use crate::config::PASSAGE_GAP;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

/// Most pairs of places that one shingle may be tried at.
const REPEATS: usize = 64;
/// How many earlier runs are tried as what comes before a run.
const LOOK_BACK: usize = 50;
/// Most words that an extension at the end of a passage steps over at once.
const STEP: usize = 4;
/// How often what is left of a chain may compete again; only hostile texts come near.
const ROUNDS: u8 = 8;

/// Equal words: `len` words of A from word `a` and of B from word `b`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    /// The first word in A.
    pub a: u32,
    /// The first word in B.
    pub b: u32,
    /// How many words.
    pub len: u32,
}

impl Run {
    fn end_a(self) -> u32 {
        self.a + self.len
    }

    fn end_b(self) -> u32 {
        self.b + self.len
    }

    /// What the run loses to make room for `before`.
    fn overlap(self, before: Self) -> u32 {
        before.end_a().saturating_sub(self.a).max(before.end_b().saturating_sub(self.b))
    }

    fn without_first(self, words: u32) -> Self {
        Self { a: self.a + words, b: self.b + words, len: self.len - words }
    }
}

/// A stretch that both articles share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The equal words, in order; between two runs stand edits.
    pub runs: Vec<Run>,
}

impl Passage {
    /// How many words are equal.
    #[must_use]
    pub fn words(&self) -> u32 {
        self.runs.iter().map(|run| run.len).sum()
    }

    /// The words of A, from the first equal one to the last.
    #[must_use]
    pub fn a(&self) -> Range<u32> {
        self.runs.first().map_or(0, |run| run.a)..self.runs.last().map_or(0, |run| run.end_a())
    }

    /// The words of B, likewise.
    #[must_use]
    pub fn b(&self) -> Range<u32> {
        self.runs.first().map_or(0, |run| run.b)..self.runs.last().map_or(0, |run| run.end_b())
    }

    /// The passage as B sees it: the sides changed round.
    #[must_use]
    pub fn swapped(&self) -> Self {
        Self { runs: self.runs.iter().map(|run| Run { a: run.b, b: run.a, len: run.len }).collect() }
    }
}

/// The passages of `a` and `b`, in the order of `a`. `common` are their shared shingles, of `w` words.
pub(super) fn find(a: &[u64], b: &[u64], common: &Common<'_>, w: u32) -> Vec<Passage> {
    if a == b && !a.is_empty() {
        // No other chain has as many words.
        return vec![Passage { runs: vec![Run { a: 0, b: 0, len: a.len() as u32 }] }];
    }
    of_any(a, b, common, w)
}

/// The same of any two articles.
fn of_any(a: &[u64], b: &[u64], common: &Common<'_>, w: u32) -> Vec<Passage> {
    let runs = grow(a, b, anchors(common));
    let mut used = vec![false; a.len() + b.len()];
    let (used_a, used_b) = used.split_at_mut(a.len());
    let mut board = Board { a, b, used_a, used_b, any_used: false, w };
    let mut passages = board.settle(chain(&runs));
    passages.sort_by_key(|passage| (passage.a().start, passage.b().start));
    passages
}

/// Shared shingles in a row: `len` of them from word `a` of A on, on one diagonal, which is a place in B less that in A.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Anchor {
    diagonal: i64,
    a: u32,
    len: u32,
}

/// Pairs of places of one shingle, those in a row together, sorted.
fn anchors(common: &Common<'_>) -> Vec<Anchor> {
    let mut anchors: Vec<Anchor> = Vec::with_capacity(common.stretches.len());
    let mut push = |a: u32, b: u32, len: u32| {
        let diagonal = i64::from(b) - i64::from(a);
        match anchors.last_mut() {
            Some(last) if last.diagonal == diagonal && last.a + last.len == a => last.len += len,
            _ => anchors.push(Anchor { diagonal, a, len }),
        }
    };
    for stretch in &common.stretches {
        if stretch.alone {
            push(stretch.a, stretch.b, stretch.len);
            continue;
        }
        for both in stretch.each() {
            let [in_a, in_b] = common.places(both);
            if in_a.clone().count() * in_b.clone().count() <= REPEATS {
                in_a.for_each(|a| in_b.clone().for_each(|b| push(a, b, 1)));
            } else {
                in_a.zip(in_b).for_each(|(a, b)| push(a, b, 1));
            }
        }
    }
    anchors.sort_unstable();
    anchors
}

/// Grows anchors to maximal runs of equal words, each once, sorted by place.
fn grow(a: &[u64], b: &[u64], anchors: Vec<Anchor>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::with_capacity(anchors.len());
    let mut grown: Option<(i64, u32)> = None;
    for Anchor { diagonal, a: place, len } in anchors {
        if grown.is_some_and(|(known, end)| known == diagonal && place < end) {
            continue;
        }
        let in_b = (i64::from(place) + diagonal) as usize;
        let (end_a, end_b) = ((place + len) as usize, in_b + len as usize);
        let back =
            a[..place as usize].iter().rev().zip(b[..in_b].iter().rev()).take_while(|(a, b)| a == b).count() as u32;
        let on = a[end_a..].iter().zip(&b[end_b..]).take_while(|(a, b)| a == b).count() as u32;
        let len = len + on;
        grown = Some((diagonal, place + len));
        runs.push(Run { a: place - back, b: in_b as u32 - back, len: back + len });
    }
    runs.sort_unstable();
    runs
}

/// Chains of runs, each run in one chain.
fn chain(runs: &[Run]) -> Vec<Vec<Run>> {
    let gap = PASSAGE_GAP as u32;
    let mut links: Vec<Link> = Vec::with_capacity(runs.len());
    for (this, &run) in runs.iter().enumerate() {
        let mut link = Link { words: run.len, before: None, taken: false };
        for other in (this.saturating_sub(LOOK_BACK)..this).rev() {
            let earlier = runs[other];
            let in_order = earlier.a < run.a && earlier.b < run.b && run.overlap(earlier) < run.len;
            let near = run.a <= earlier.end_a() + gap && run.b <= earlier.end_b() + gap;
            if in_order && near {
                let words = links[other].words + run.len - run.overlap(earlier);
                if words > link.words {
                    link = Link { words, before: Some(other), ..link };
                }
            }
        }
        links.push(link);
    }
    let mut ends: Vec<usize> = (0..runs.len()).collect();
    ends.sort_by_key(|&end| (Reverse(links[end].words), runs[end]));
    let mut chains = Vec::new();
    for end in ends {
        let from_end = std::iter::successors(Some(end), |&at| links[at].before);
        let count = from_end.take_while(|&at| !links[at].taken).count();
        if count == 0 {
            continue;
        }
        let mut chain = Vec::with_capacity(count);
        let mut next = Some(end);
        while let Some(at) = next.filter(|&at| !links[at].taken) {
            links[at].taken = true;
            chain.push(runs[at]);
            next = links[at].before;
        }
        chain.reverse();
        chains.push(chain);
    }
    chains
}

/// A run, as the end of the best chain that ends with it.
struct Link {
    /// The words of the chain.
    words: u32,
    before: Option<usize>,
    /// Whether a chain has it.
    taken: bool,
}

/// A chain that waits for its turn: the most equal words first, then the place in A, then in B.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Waiting {
    words: u32,
    place: Reverse<Run>,
    runs: Reverse<Vec<Run>>,
    rounds: u8,
}

impl Waiting {
    fn new(runs: Vec<Run>, rounds: u8) -> Self {
        let words = runs.iter().map(|run| run.len).sum();
        Self { words, place: Reverse(runs[0]), runs: Reverse(runs), rounds }
    }
}

/// The words of both sides, and which are taken.
struct Board<'a> {
    a: &'a [u64],
    b: &'a [u64],
    used_a: &'a mut [bool],
    used_b: &'a mut [bool],
    /// Whether any word is taken; until then none is looked up.
    any_used: bool,
    /// A passage has a run of at least this many words.
    w: u32,
}

impl Board<'_> {
    fn settle(&mut self, chains: Vec<Vec<Run>>) -> Vec<Passage> {
        let mut parts = Vec::with_capacity(chains.len());
        chains.into_iter().for_each(|chain| self.free_parts(chain, &mut parts));
        let mut waiting: BinaryHeap<Waiting> = parts.drain(..).map(|part| Waiting::new(part, 0)).collect();
        let mut passages = Vec::new();
        while let Some(Waiting { words, runs: Reverse(runs), rounds, .. }) = waiting.pop() {
            self.free_parts(runs, &mut parts);
            let whole = parts.len() == 1 && parts[0].iter().map(|run| run.len).sum::<u32>() == words;
            if whole || rounds == ROUNDS {
                // Taking one part may take words of the next, so only the first is sure to be free still.
                passages.extend(parts.drain(..).next().map(|part| self.take(part)));
            } else {
                waiting.extend(parts.drain(..).map(|part| Waiting::new(part, rounds + 1)));
            }
        }
        passages
    }

    fn is_free(&self, a: u32, b: u32) -> bool {
        !self.used_a[a as usize] && !self.used_b[b as usize]
    }

    /// Whether these words of both sides are free.
    fn are_free(&self, in_a: Range<u32>, in_b: Range<u32>) -> bool {
        !self.any_used || !self.used_a[range(&in_a)].contains(&true) && !self.used_b[range(&in_b)].contains(&true)
    }

    fn is_all_free(&self, run: Run) -> bool {
        self.are_free(run.a..run.end_a(), run.b..run.end_b())
    }

    /// Whether a chain is free from end to end, and none of its runs overlap. The gaps of a chain are small.
    fn is_whole(&self, chain: &[Run]) -> bool {
        let ([first, ..], [.., last]) = (chain, chain) else { return false };
        self.are_free(first.a..last.end_a(), first.b..last.end_b())
            && chain.windows(2).all(|pair| pair[1].overlap(pair[0]) == 0)
    }

    /// Adds what is free of a chain, in parts that hang together and have a run of w words. Runs of a part do not overlap.
    fn free_parts(&self, chain: Vec<Run>, parts: &mut Vec<Vec<Run>>) {
        let has_run = |part: &Vec<Run>| part.iter().any(|run| run.len >= self.w);
        if self.is_whole(&chain) {
            parts.extend(Some(chain).filter(has_run));
        } else {
            parts.extend(self.cut(&chain).into_iter().filter(has_run));
        }
    }

    /// The free parts of a chain.
    fn cut(&self, chain: &[Run]) -> Vec<Vec<Run>> {
        let mut parts = Vec::new();
        for &run in chain {
            let mut at = 0;
            while at < run.len {
                if at == 0 && self.is_all_free(run) {
                    self.append(&mut parts, run);
                    break;
                }
                let free = (at..run.len).take_while(|&word| self.is_free(run.a + word, run.b + word)).count() as u32;
                if free > 0 {
                    let piece = Run { a: run.a + at, b: run.b + at, len: free };
                    self.append(&mut parts, piece);
                }
                at += free + 1;
            }
        }
        parts
    }

    fn append(&self, parts: &mut Vec<Vec<Run>>, mut piece: Run) {
        if let Some(part) = parts.last_mut() {
            let last = part[part.len() - 1];
            let overlap = piece.overlap(last);
            if overlap >= piece.len {
                return;
            }
            piece = piece.without_first(overlap);
            let (gap_a, gap_b) = (last.end_a()..piece.a, last.end_b()..piece.b);
            if gap_a.len().max(gap_b.len()) <= PASSAGE_GAP && self.are_free(gap_a, gap_b) {
                part.push(piece);
                return;
            }
        }
        parts.push(vec![piece]);
    }

    /// Makes a passage of free runs: aligns the gaps, extends both ends, and takes the words.
    fn take(&mut self, runs: Vec<Run>) -> Passage {
        let mut aligned: Vec<Run> = Vec::with_capacity(runs.len());
        for run in runs {
            if let Some(&last) = aligned.last() {
                self.align_gap(last, run, &mut aligned);
            }
            aligned.push(run);
        }
        self.extend_back(&mut aligned);
        self.extend_on(&mut aligned);
        merge(&mut aligned);
        let passage = Passage { runs: aligned };
        self.used_a[range(&passage.a())].fill(true);
        self.used_b[range(&passage.b())].fill(true);
        self.any_used = true;
        passage
    }

    /// Adds the longest common subsequence of the words between two runs, at most `PASSAGE_GAP` on either side.
    fn align_gap(&self, last: Run, next: Run, aligned: &mut Vec<Run>) {
        let a = &self.a[last.end_a() as usize..next.a as usize];
        let b = &self.b[last.end_b() as usize..next.b as usize];
        let mut longest = [[0u8; PASSAGE_GAP + 1]; PASSAGE_GAP + 1];
        for i in (0..a.len()).rev() {
            for j in (0..b.len()).rev() {
                longest[i][j] =
                    if a[i] == b[j] { longest[i + 1][j + 1] + 1 } else { longest[i + 1][j].max(longest[i][j + 1]) };
            }
        }
        let (mut i, mut j) = (0, 0);
        while i < a.len() && j < b.len() {
            if a[i] == b[j] {
                aligned.push(Run { a: last.end_a() + i as u32, b: last.end_b() + j as u32, len: 1 });
                (i, j) = (i + 1, j + 1);
            } else if longest[i + 1][j] >= longest[i][j + 1] {
                i += 1;
            } else {
                j += 1;
            }
        }
    }

    /// Steps over edits at the end of a passage, as long as more words are equal behind an edit than it has.
    fn extend_on(&self, runs: &mut Vec<Run>) {
        while let Some(&last) = runs.last() {
            let equal = |over_a: usize, over_b: usize| {
                let (a, b) = (last.end_a() as usize + over_a, last.end_b() as usize + over_b);
                let free = !self.used_a.get(last.end_a() as usize..a).is_none_or(|gap| gap.contains(&true))
                    && !self.used_b.get(last.end_b() as usize..b).is_none_or(|gap| gap.contains(&true));
                let count = |limit: usize| {
                    (0..limit)
                        .take_while(|at| self.a.get(a + at).is_some_and(|word| self.b.get(b + at) == Some(word)))
                        .take_while(|at| self.is_free((a + at) as u32, (b + at) as u32))
                        .count()
                };
                if free { count(usize::MAX) as u32 } else { 0 }
            };
            let Some((over_a, over_b, len)) = step(equal) else { return };
            runs.push(Run { a: last.end_a() + over_a, b: last.end_b() + over_b, len });
        }
    }

    /// The same at the beginning.
    fn extend_back(&self, runs: &mut Vec<Run>) {
        let mut front: Vec<Run> = Vec::new();
        while let Some(&first) = front.last().or(runs.first()) {
            let equal = |over_a: usize, over_b: usize| {
                let (Some(a), Some(b)) =
                    ((first.a as usize).checked_sub(over_a), (first.b as usize).checked_sub(over_b))
                else {
                    return 0;
                };
                if self.used_a[a..first.a as usize].contains(&true) || self.used_b[b..first.b as usize].contains(&true)
                {
                    return 0;
                }
                (1..=a.min(b))
                    .take_while(|at| self.a[a - at] == self.b[b - at] && self.is_free((a - at) as u32, (b - at) as u32))
                    .count() as u32
            };
            let Some((over_a, over_b, len)) = step(equal) else { break };
            front.push(Run { a: first.a - over_a - len, b: first.b - over_b - len, len });
        }
        runs.splice(..0, front.into_iter().rev());
    }
}

/// The smallest edit, at most [`STEP`] words on either side, behind which more words are equal than it has.
fn step(equal: impl Fn(usize, usize) -> u32) -> Option<(u32, u32, u32)> {
    (0..=STEP).find_map(|longer| {
        let sides = (0..longer).flat_map(|shorter| [(shorter, longer), (longer, shorter)]).chain([(longer, longer)]);
        sides.into_iter().find_map(|(over_a, over_b)| {
            let len = equal(over_a, over_b);
            (len > longer as u32).then_some((over_a as u32, over_b as u32, len))
        })
    })
}

/// Joins the runs that touch on both sides.
fn merge(runs: &mut Vec<Run>) {
    runs.dedup_by(|run, last| {
        let touches = last.end_a() == run.a && last.end_b() == run.b;
        if touches {
            last.len += run.len;
        }
        touches
    });
}

fn range(words: &Range<u32>) -> Range<usize> {
    words.start as usize..words.end as usize
}

#[cfg(test)]
mod tests {
    use super::super::index::ShingleIndex;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Law: an article and its copy share one passage, all of it, however often it repeats itself.
        #[test]
        fn a_copy_is_one_passage(words in prop_oneof![proptest::collection::vec(0u64..2, 1..200), proptest::collection::vec(0u64..50, 1..200)], w in 1usize..8) {
            let mut index = ShingleIndex::default();
            index.refill(&words, w);
            let common = Common::new(&index, &index);
            prop_assert_eq!(find(&words, &words, &common, index.width()), of_any(&words, &words, &common, index.width()));
        }
    }
}
