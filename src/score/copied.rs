//! Which words of an article stand in another, boilerplate apart.

use super::{Comparison, Prepared};
use std::ops::Range;

/// Stretches of equal words of both sides of a pair, by its passages.
pub(crate) fn by_passages(comparison: &Comparison, a: &Prepared, b: &Prepared) -> [Vec<Range<u32>>; 2] {
    let runs = || comparison.passages.iter().flat_map(|passage| &passage.runs);
    let in_b = |run: &super::Run| run.b..run.b + run.len;
    [a.own_words(runs().map(|run| run.a..run.a + run.len)), b.own_words(runs().map(in_b))]
}

/// The same by the first words of runs of `words` words.
pub(crate) fn by_runs(starts: &[Vec<u32>; 2], words: usize, a: &Prepared, b: &Prepared) -> [Vec<Range<u32>>; 2] {
    let runs = |side: usize| starts[side].iter().map(|&start| start..start + words as u32);
    [a.own_words(runs(0)), b.own_words(runs(1))]
}

impl Prepared {
    /// Joins stretches of words, and takes boilerplate out of them.
    fn own_words(&self, stretches: impl Iterator<Item = Range<u32>>) -> Vec<Range<u32>> {
        let mut stretches: Vec<Range<u32>> = stretches.collect();
        stretches.sort_unstable_by_key(|stretch| stretch.start);
        let mut joined: Vec<Range<u32>> = Vec::new();
        for stretch in stretches {
            match joined.last_mut() {
                Some(last) if stretch.start <= last.end => last.end = last.end.max(stretch.end),
                _ => joined.push(stretch),
            }
        }
        if !self.has_boilerplate() || joined.is_empty() {
            return joined;
        }
        let boilerplate = self.words_in_boilerplate();
        let mut own: Vec<Range<u32>> = Vec::new();
        for word in joined.into_iter().flatten().filter(|&word| !boilerplate[word as usize]) {
            match own.last_mut() {
                Some(last) if last.end == word => last.end += 1,
                _ => own.push(word..word + 1),
            }
        }
        own
    }
}
