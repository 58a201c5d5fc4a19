//! Verbatim runs of a given length: whether two articles share one, and which words lie in them.
//!
//! **Takes** two articles and their shared shingles. **Gives** where runs of n words start that stand in the other article
//! word for word, and have no shingle that is boilerplate. A run of n words is n − w + 1 shared shingles in a row, on both
//! sides; where both have such stretches, the runs in them are hashed and compared. **Cost** O(n log n) for articles of n
//! words, whatever repeats.

use super::Prepared;
use super::index::Common;
use crate::shingle::shingles;
use std::ops::Range;

/// The shared shingles of two articles: the stretches of words that they start at.
pub(super) struct Runs<'p> {
    sides: [(&'p Prepared, Vec<Range<u32>>); 2],
    width: usize,
}

impl<'p> Runs<'p> {
    pub(super) fn new(a: &'p Prepared, b: &'p Prepared, common: &Common<'_>) -> Self {
        let [in_a, in_b] = common.starts(true);
        Self { sides: [(a, in_a), (b, in_b)], width: a.shingles.width() as usize }
    }

    /// The first words, in a and in b, of all runs of `words` words that are in both.
    pub(super) fn starts(&self, words: usize) -> [Vec<u32>; 2] {
        let Some(more) = words.checked_sub(self.width) else { return Default::default() };
        let found = self.sides.each_ref().map(|(article, starts)| stretches(article, starts, more + 1, words));
        if found.iter().any(Vec::is_empty) {
            return Default::default();
        }
        let known = found.each_ref().map(|runs| {
            let mut hashes: Vec<u64> = runs.iter().map(|&(_, hash)| hash).collect();
            hashes.sort_unstable();
            hashes
        });
        let in_both = |side: usize| {
            let shared = found[side].iter().filter(|(_, hash)| known[1 - side].binary_search(hash).is_ok());
            shared.map(|&(place, _)| place).collect()
        };
        [in_both(0), in_both(1)]
    }

    /// Whether there is such a run.
    pub(super) fn any(&self, words: usize) -> bool {
        !self.starts(words)[0].is_empty()
    }
}

/// The first words and hashes of all runs of `words` words that are `count` shared shingles in a row.
fn stretches(article: &Prepared, starts: &[Range<u32>], count: usize, words: usize) -> Vec<(u32, u64)> {
    let mut runs = Vec::new();
    let mut hashes = Vec::new();
    for stretch in starts.iter().filter(|stretch| stretch.len() >= count) {
        hashes.clear();
        let (begin, end) = (stretch.start as usize, stretch.end as usize);
        shingles(&article.hashes[begin..end - count + words], words, &mut hashes);
        runs.extend((stretch.start..).zip(hashes.iter().copied()));
    }
    runs
}
