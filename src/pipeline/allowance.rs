//! The memory that results may take, and so how many pairs are scored before theirs are written; told before they are there.
//!
//! The more they are, the more of a story is on one desk at once, and the fewer articles are read again. A result grows with
//! what the two articles share, and they share no more words than the shorter has: the room for a pair is told by these. How
//! much of it results take is learnt from those that were written.

/// Bytes for all results, where memory has no bound.
const UNBOUNDED: u64 = if cfg!(test) { 20 << 10 } else { 512 << 20 };
/// Pairs of a batch: at least, and at most. (Few in tests, which so see many batches.)
const LEAST: usize = if cfg!(test) { 4 } else { 1 << 12 };
pub(super) const MOST: usize = if cfg!(test) { 16 } else { 1 << 20 };
/// Bytes of a pair on its way, whether it is reported or not.
const ON_ITS_WAY: u64 = 64;
/// Bytes of a result, generously: its numbers and names, and its passages from both texts, a word.
const RESULT: u64 = 1 << 10;
const WORD: u64 = 16;
/// The part of its room that a result is taken to need at least, whatever those before it took: what comes may be dearer.
const LEAST_PART: f64 = 0.0625;

/// What the results of a batch may take, and what one is expected to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    /// Bytes for all of a batch.
    bytes: u64,
    /// Bytes of each beside what is made of the pair.
    fixed: u64,
    /// The part of its room that a result takes.
    part: f64,
    /// The rooms of results of the batch that is there, and the bytes that they take.
    learnt: (u64, u64),
}

impl Allowance {
    /// For results of so many bytes beside what is made of a pair, where memory is bounded so.
    pub(super) fn new(bound: Option<u64>, fixed: usize) -> Self {
        let bytes = bound.map_or(UNBOUNDED, |bound| bound / 2);
        Self { bytes, fixed: fixed as u64 + ON_ITS_WAY, part: 1.0, learnt: (0, 0) }
    }

    /// How many of these pairs, whose shorter articles have so many words, make the next batch, by what was learnt of the one
    /// before.
    pub(super) fn batch(&mut self, shorter: impl ExactSizeIterator<Item = u32>) -> usize {
        let (rooms, taken) = std::mem::take(&mut self.learnt);
        if rooms > 0 {
            self.part = (taken as f64 / rooms as f64).max(LEAST_PART);
        }
        let (mut taken, least) = (0, LEAST.min(shorter.len()));
        let fits = |words: &u32| {
            taken += self.fixed + (room(*words) as f64 * self.part) as u64;
            taken <= self.bytes
        };
        shorter.take(MOST).take_while(fits).count().max(least)
    }

    /// How many pairs make a batch if nothing is made of them beside.
    pub(super) fn plain_batch(&self) -> usize {
        usize::try_from(self.bytes / self.fixed).unwrap_or(MOST).clamp(LEAST, MOST)
    }

    /// Learns from a result: the words of the shorter article, and the bytes.
    pub(super) fn learn(&mut self, words: u32, bytes: usize) {
        self.learnt.0 += room(words);
        self.learnt.1 += bytes as u64;
    }
}

/// Bytes for the result of a pair whose shorter article has so many words.
fn room(words: u32) -> u64 {
    RESULT + WORD * u64::from(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::iter::repeat_n;

    const BOUND: u64 = 40_000;

    fn allowance() -> Allowance {
        Allowance::new(Some(BOUND), 36)
    }

    #[test]
    fn a_batch_has_room_for_its_results() {
        assert_eq!(allowance().batch(repeat_n(10, 100)), 15, "20,000 bytes, and 100 + 1,024 + 160 for each");
        assert_eq!(allowance().batch(repeat_n(10, 9)), 9);
        assert_eq!(allowance().batch(repeat_n(1_000_000, 100)), LEAST);
        assert_eq!(allowance().batch(repeat_n(1_000_000, 3)), 3);
        assert_eq!(allowance().plain_batch(), MOST);
    }

    #[test]
    fn dear_results_make_batches_smaller_and_cheap_ones_larger() {
        let mut allowance = allowance();
        (0..5).for_each(|_| allowance.learn(10, room(10) as usize * 2));
        assert_eq!(allowance.batch(repeat_n(10, 100)), 8);
        assert_eq!(allowance.batch(repeat_n(10, 100)), 8, "nothing was reported, nothing learnt");
        (0..5).for_each(|_| allowance.learn(100, 1));
        assert_eq!(allowance.batch(repeat_n(100, 100)), MOST);
        // As cheap as they were: longer articles may share much more.
        assert_eq!(allowance.batch(repeat_n(10_000, 100)), LEAST);
        assert_eq!(allowance.part, LEAST_PART);
    }
}
