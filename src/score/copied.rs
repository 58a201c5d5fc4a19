//! Which words of an article stand in another, boilerplate apart.

use super::Matched;
use super::index::joined;
use std::borrow::Cow;
use std::ops::Range;

impl Matched<'_> {
    /// Stretches of words of a, and of b, that lie in shared shingles which are not boilerplate.
    pub(crate) fn copied(&self) -> Cow<'_, [Vec<Range<u32>>; 2]> {
        match self.core {
            Some(core) if core.shared < self.sets.shared => Cow::Owned(self.common.words(true)),
            _ => Cow::Borrowed(self.covered()),
        }
    }

    /// Stretches of words of a, and of b, that lie in shared shingles.
    pub(super) fn covered(&self) -> &[Vec<Range<u32>>; 2] {
        self.covered.get_or_init(|| self.common.words(false))
    }
}

/// Stretches of words by the first words of runs of `words` words, ascending.
pub(crate) fn by_runs(starts: &[Vec<u32>; 2], words: usize) -> [Vec<Range<u32>>; 2] {
    starts.each_ref().map(|starts| joined(starts.iter().map(|&start| start..start + words as u32).collect()))
}
