//! Which words of an article stand in another, boilerplate apart.

use super::Matched;
use std::ops::Range;

impl Matched<'_> {
    /// Stretches of words of a, and of b, that lie in shared shingles which are not boilerplate.
    pub(crate) fn copied(&self) -> [Vec<Range<u32>>; 2] {
        let width = self.a.shingles.width();
        let own = || self.common.iter().filter(|shared| shared.own);
        let in_a = own().flat_map(|shared| shared.a).map(|&start| start..start + width).collect();
        [in_a, own().flat_map(|shared| shared.b).map(|&start| start..start + width).collect()].map(joined)
    }
}

/// The same by the first words of runs of `words` words.
pub(crate) fn by_runs(starts: &[Vec<u32>; 2], words: usize) -> [Vec<Range<u32>>; 2] {
    starts.each_ref().map(|starts| joined(starts.iter().map(|&start| start..start + words as u32).collect()))
}

/// Stretches in order, those joined that touch.
fn joined(mut stretches: Vec<Range<u32>>) -> Vec<Range<u32>> {
    stretches.sort_unstable_by_key(|stretch| stretch.start);
    stretches.dedup_by(|next, last| {
        let touches = next.start <= last.end;
        if touches {
            last.end = last.end.max(next.end);
        }
        touches
    });
    stretches
}
