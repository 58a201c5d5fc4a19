//! The set P of shingles that are nobody's own words: footers, newsletter and cookie text.
//!
//! **Takes** shingle hashes. **Gives** the [`Core`] of a pair: its counts over S∖P, wherever one of the two meets P.
//! Nothing is re-shingled across the gap that P leaves. P is empty unless a caller fills it; learning it from a corpus
//! is not part of this version.

use crate::score::Core;
use crate::shingle::ShingleSet;

/// A set of shingle hashes that count for nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Boilerplate {
    shingles: ShingleSet,
}

impl Boilerplate {
    /// Makes P of these shingles.
    #[must_use]
    pub fn new(shingles: ShingleSet) -> Self {
        Self { shingles }
    }

    /// How many of these shingles do not belong to P.
    fn own(&self, shingles: impl Iterator<Item = u64>) -> u32 {
        shingles.filter(|shingle| self.shingles.hashes().binary_search(shingle).is_err()).count() as u32
    }

    /// The counts of a pair without P, or `None` where neither side meets P.
    pub(crate) fn core(&self, a: &ShingleSet, b: &ShingleSet) -> Option<Core> {
        if self.shingles.is_empty() {
            return None;
        }
        let (own_a, own_b) = (self.own(a.hashes().iter().copied()), self.own(b.hashes().iter().copied()));
        if (own_a as usize, own_b as usize) == (a.len(), b.len()) {
            return None;
        }
        let both = a.hashes().iter().copied().filter(|shingle| b.hashes().binary_search(shingle).is_ok());
        Some(Core { shared: self.own(both), shingles_a: own_a, shingles_b: own_b })
    }
}
