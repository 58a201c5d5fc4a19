//! Which words of an article stand in another, boilerplate apart.

use super::Matched;
use super::index::{Shared, stretches};
use std::ops::Range;

impl Matched<'_> {
    /// Stretches of words of a, and of b, that lie in shared shingles which are not boilerplate.
    pub(crate) fn copied(&self) -> [Vec<Range<u32>>; 2] {
        match self.core {
            Some(core) if core.shared < self.sets.shared => self.stretches(|shared| shared.own),
            _ => self.covered().clone(),
        }
    }

    /// Stretches of words of a, and of b, that lie in shared shingles.
    pub(super) fn covered(&self) -> &[Vec<Range<u32>>; 2] {
        self.covered.get_or_init(|| self.stretches(|_| true))
    }

    fn stretches(&self, wanted: impl Fn(Shared) -> bool) -> [Vec<Range<u32>>; 2] {
        let words = [self.a.hashes.len(), self.b.hashes.len()];
        let [in_a, in_b] = self.common.starts(words, wanted);
        [stretches(&in_a, self.a.shingles.width()), stretches(&in_b, self.b.shingles.width())]
    }
}

/// Stretches of words by the first words of runs of `words` words, ascending.
pub(crate) fn by_runs(starts: &[Vec<u32>; 2], words: usize) -> [Vec<Range<u32>>; 2] {
    starts.each_ref().map(|starts| {
        let mut joined: Vec<Range<u32>> = Vec::new();
        for &start in starts {
            let end = start + words as u32;
            match joined.last_mut() {
                Some(last) if start <= last.end => last.end = end,
                _ => joined.push(start..end),
            }
        }
        joined
    })
}
