//! Which words of an article stand in another, boilerplate apart.

use super::index::inside;
use super::{Matched, Prepared};
use std::ops::Range;

impl Matched<'_> {
    /// Stretches of words of a, and of b, that lie in shared shingles which are not boilerplate.
    pub(crate) fn copied(&self) -> [Vec<Range<u32>>; 2] {
        let own = || self.common.iter().filter(|shared| shared.own);
        let covered = |article: &Prepared, places: &mut dyn Iterator<Item = &u32>| {
            stretches(&inside(places, article.hashes.len(), article.shingles.width()))
        };
        [
            covered(self.a, &mut own().flat_map(|shared| shared.a)),
            covered(self.b, &mut own().flat_map(|shared| shared.b)),
        ]
    }
}

/// Where words in a row are set.
fn stretches(words: &[bool]) -> Vec<Range<u32>> {
    let mut stretches = Vec::new();
    let mut start = 0;
    for same in words.chunk_by(|one, other| one == other) {
        let end = start + same.len() as u32;
        if same[0] {
            stretches.push(start..end);
        }
        start = end;
    }
    stretches
}

/// The same by the first words of runs of `words` words, ascending.
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
