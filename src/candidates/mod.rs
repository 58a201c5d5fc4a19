//! Sketches to candidate pairs: which articles are worth comparing.
//!
//! **Takes** the sketches of each article. **Gives** pairs, each once, a before b in input order.
//! [`bands`] says how likely a pair is to be found by its signature; `lsh` finds such pairs. `passages` and `met` find
//! every pair with a long run in common, `exhaustive` every pair at the threshold. Every candidate is scored exactly
//! afterwards: a false one costs time and nothing else.

pub mod bands;
pub(crate) mod crowd;
pub(crate) mod exhaustive;
pub(crate) mod lsh;
pub(crate) mod met;
pub(crate) mod passages;
pub(crate) mod run;
pub(crate) mod shelf;

/// Two articles as one number: a in the upper half, b in the lower, so that sorting numbers sorts pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Pair(pub(crate) u64);

impl Pair {
    /// The pair of two different articles, the smaller number first.
    pub(crate) fn new(one: u32, other: u32) -> Self {
        debug_assert_ne!(one, other);
        Self(u64::from(one.min(other)) << 32 | u64::from(one.max(other)))
    }

    pub(crate) fn a(self) -> u32 {
        (self.0 >> 32) as u32
    }

    pub(crate) fn b(self) -> u32 {
        self.0 as u32
    }
}
