//! Shingles to sketches: a fixed-size [`Signature`] whose agreement estimates the Jaccard of two articles, and
//! fingerprints, which two articles that share a long run share too.
//!
//! **Takes** shingle hashes. **Gives** `MinHash` signatures of k values. Of two articles with Jaccard J, a share J of the
//! values agrees in expectation, with a standard error of at most sqrt(J(1−J)/k). Estimates only propose pairs; no
//! result is ever one. A [`Winnower`] gives fingerprints, which propose pairs with certainty.

pub(crate) mod fingerprint;
mod minhash;

pub use fingerprint::Winnower;
pub use minhash::{MinHasher, Signature};
