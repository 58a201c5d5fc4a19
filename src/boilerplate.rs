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

    fn holds(&self, shingle: u64) -> bool {
        self.shingles.hashes().binary_search(&shingle).is_ok()
    }

    /// The counts of a pair without P, or `None` where neither side meets P. Takes the distinct shingles of A, of B, and of both.
    pub(crate) fn core(
        &self,
        a: impl Iterator<Item = u64>,
        b: impl Iterator<Item = u64>,
        both: impl Iterator<Item = u64>,
    ) -> Option<Core> {
        if self.shingles.is_empty() {
            return None;
        }
        let count = |hashes: &mut dyn Iterator<Item = u64>| {
            hashes.fold((0, 0), |(all, own), hash| (all + 1, own + u32::from(!self.holds(hash))))
        };
        let ((all_a, own_a), (all_b, own_b)) = (count(&mut { a }), count(&mut { b }));
        let (_, own_both) = count(&mut { both });
        (own_a < all_a || own_b < all_b).then_some(Core { shared: own_both, shingles_a: own_a, shingles_b: own_b })
    }
}
