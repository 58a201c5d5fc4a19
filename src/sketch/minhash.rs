//! `MinHash` signatures in one pass, by Fast Similarity Sketching (Dahlgaard, Knudsen, Thorup 2017, FOCS).
//!
//! **How.** In round i every shingle is thrown into one of k bins and leaves the value i + h there, h in [0, 1); a bin
//! keeps its least value. The first round is one-permutation hashing (Li, Owen, Zhang 2012); further rounds only fill
//! bins that are still empty, since later values are greater. From round k on, round k + b throws everything into bin b,
//! so that no bin stays empty. Rounds end when no bin is empty.
//!
//! **Cost** O(n + k log k) expected for n shingles, against O(n k) of the classic scheme. An article of 500 words needs
//! about two rounds at k = 156. **Does not promise** anything for an empty set: it has no signature.

use crate::error::{Error, ErrorKind, Result};
use crate::shingle::mix;
use crate::simd::{Lanes, Work, widest};

/// The value of a bin that nothing fell into yet.
const EMPTY: u64 = u64::MAX;
/// The bit that only such a bin has set: rounds before round k are countable in those below it.
const EMPTY_BIT: u32 = 63;
/// A value is the round, above these bits of hash.
const HASH_BITS: u32 = 48;
const LOW: u64 = (1 << HASH_BITS) - 1;
const ROUND_SEED: u64 = 0x8ebc_6af0_9c88_c6e3;
/// Twice this many rounds must be countable in the bits above the hash.
const MAX_K: usize = 1 << (63 - HASH_BITS);

/// Makes signatures of one size. Those of different makers cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinHasher {
    k: usize,
}

/// A `MinHash` signature: k values and the parameters they were made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    hasher: MinHasher,
    values: Box<[u64]>,
}

impl MinHasher {
    /// A maker of signatures of `k` values.
    ///
    /// # Errors
    /// If `k` is 0 or above 32,768.
    pub fn new(k: usize) -> Result<Self> {
        if (1..=MAX_K).contains(&k) {
            Ok(Self { k })
        } else {
            Err(Error::setting(format!("a signature has 1 to {MAX_K} values, not {k}; use fewer bands or rows")))
        }
    }

    /// The number of values.
    #[must_use]
    pub fn k(&self) -> usize {
        self.k
    }

    /// The signature of a set of shingles (repeats do no harm), or `None` of the empty set.
    ///
    /// ```
    /// use wirecopy::{shingle::ShingleSet, sketch::MinHasher};
    ///
    /// let hasher = MinHasher::new(156)?;
    /// let sketch = |words: std::ops::Range<u64>| hasher.signature(ShingleSet::new(words.map(|n| n * n * 7919).collect()).hashes());
    /// let (a, b) = (sketch(0..300).unwrap(), sketch(100..400).unwrap());
    /// // Their Jaccard is 200 / 400; the estimate is off by a standard error of 0.04.
    /// assert!((a.jaccard(&b)? - 0.5).abs() < 0.16);
    /// # Ok::<(), wirecopy::Error>(())
    /// ```
    #[must_use]
    pub fn signature(&self, shingles: &[u64]) -> Option<Signature> {
        let mut values = vec![EMPTY; self.k];
        if shingles.is_empty() {
            return None;
        }
        self.fill(shingles, &mut values);
        Some(Signature { hasher: *self, values: values.into() })
    }

    /// Writes the signature of a set that is not empty over `values`, of which there are k.
    pub(crate) fn fill(self, shingles: &[u64], values: &mut [u64]) {
        debug_assert!(values.len() == self.k && !shingles.is_empty());
        widest(Fill { shingles, values });
    }
}

/// A signature to be filled.
struct Fill<'s> {
    shingles: &'s [u64],
    values: &'s mut [u64],
}

impl Work for Fill<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { shingles, values } = self;
        values.fill(EMPTY);
        throw(shingles, values, 0);
        let empty = if shingles.len() <= FEW_SHINGLES {
            rounds_of_few(lanes, shingles, values)
        } else {
            rounds(lanes, shingles, values)
        };
        if empty == 0 {
            return;
        }
        let k = values.len() as u64;
        for (bin, round) in values.iter_mut().zip(k..).filter(|(bin, _)| **bin == EMPTY) {
            let least = shingles.iter().map(|&shingle| value(hash(shingle, round), round)).min();
            *bin = least.unwrap_or(EMPTY);
        }
    }
}

/// Rounds from the second to round k − 1, or until no bin is empty. Returns how many still are.
#[inline(always)]
fn rounds<L: Lanes>(lanes: L, shingles: &[u64], values: &mut [u64]) -> usize {
    let k = values.len();
    let mut round = 1;
    let (mut bins, mut count) = empty_bins(lanes, values);
    while round < k as u64 && count > FEW {
        throw(shingles, values, round);
        round += 1;
        (bins, count) = empty_bins(lanes, values);
    }
    while round < k as u64 && count > 0 {
        let least = least_in(shingles, &bins[..count], k, round);
        let mut left = 0;
        for at in 0..count {
            if least[at] == EMPTY {
                bins[left] = bins[at];
                left += 1;
            } else {
                values[bins[at] as usize] = value(least[at], round);
            }
        }
        count = left;
        round += 1;
    }
    count
}

/// The same rounds of few shingles, which take most of them: many at once of each shingle, as a bin keeps its least value in
/// whatever order they come.
#[inline(always)]
fn rounds_of_few<L: Lanes>(lanes: L, shingles: &[u64], values: &mut [u64]) -> usize {
    let k = values.len();
    for first in (1..k).step_by(LANES) {
        if empty_bins(lanes, values).1 == 0 {
            return 0;
        }
        for &shingle in shingles {
            let (mut bins, mut of_rounds) = ([0; LANES], [0; LANES]);
            for (at, (of_round, bin_of)) in of_rounds.iter_mut().zip(&mut bins).enumerate() {
                let round = (first + at) as u64;
                let hash = hash_of_round(shingle, round);
                *bin_of = bin(hash, k);
                *of_round = value(hash, round);
            }
            let count = LANES.min(k - first);
            for (&of_round, &bin) in of_rounds[..count].iter().zip(&bins[..count]) {
                leave(values, bin, of_round);
            }
        }
    }
    empty_bins(lanes, values).1
}

/// Empty bins up to which each of them is filled by itself.
const FEW: usize = 6;
/// Hashes that are made at once.
const LANES: usize = 16;
/// Shingles that take so many rounds that many are made at once.
const FEW_SHINGLES: usize = 64;

/// The first bins that nothing fell into in the rounds before round k, and how many there are.
#[inline(always)]
fn empty_bins<L: Lanes>(lanes: L, values: &[u64]) -> ([u64; FEW], usize) {
    let (mut bins, mut count) = ([0; FEW], 0);
    for (some, start) in values.chunks(64).zip((0..).step_by(64)) {
        // Not within closures, which would not be compiled for the widest instructions.
        let mut empty = if let Some(some) = some.first_chunk() {
            lanes.bit::<EMPTY_BIT>(some)
        } else {
            let mut padded = [0; 64];
            padded[..some.len()].copy_from_slice(some);
            lanes.bit::<EMPTY_BIT>(&padded)
        };
        while empty != 0 && count < FEW {
            bins[count] = start + u64::from(empty.trailing_zeros());
            count += 1;
            empty &= empty - 1;
        }
        count += empty.count_ones() as usize;
    }
    (bins, count)
}

/// The hash of a shingle for a round.
#[inline(always)]
fn hash(shingle: u64, round: u64) -> u64 {
    if round == 0 { shingle } else { hash_of_round(shingle, round) }
}

/// The same for a round that is not the first.
#[inline(always)]
fn hash_of_round(shingle: u64, round: u64) -> u64 {
    mix(shingle ^ round.wrapping_mul(ROUND_SEED))
}

/// Throws all shingles into bins. What is in a bin from an earlier round is less than what comes now.
#[inline(always)]
fn throw(shingles: &[u64], values: &mut [u64], round: u64) {
    let k = values.len();
    // Hashes and bins of many are told at once, and thrown one by one.
    let (many, rest) = shingles.as_chunks::<LANES>();
    for many in many {
        let (hashes, bins) = hashes(many, k, round);
        for (hash, bin) in hashes.into_iter().zip(bins) {
            leave(values, bin, value(hash, round));
        }
    }
    for &shingle in rest {
        let hash = hash(shingle, round);
        leave(values, bin(hash, k), value(hash, round));
    }
}

/// Leaves a value in a bin, which keeps its least.
#[inline(always)]
fn leave(values: &mut [u64], bin: u64, value: u64) {
    let there = &mut values[bin as usize];
    *there = value.min(*there);
}

/// The hashes of many shingles for a round, and the bins that they fall into.
#[inline(always)]
fn hashes(many: &[u64; LANES], k: usize, round: u64) -> ([u64; LANES], [u64; LANES]) {
    let (mut hashes, mut bins) = ([0; LANES], [0; LANES]);
    for ((of_one, bin_of), &one) in hashes.iter_mut().zip(&mut bins).zip(many) {
        *of_one = hash(one, round);
        *bin_of = bin(*of_one, k);
    }
    (hashes, bins)
}

/// Of the hashes of a round that fall into each of these bins, the least of the lower 48 bits; [`EMPTY`] where none does.
#[inline(always)]
fn least_in(shingles: &[u64], bins: &[u64], k: usize, round: u64) -> [u64; FEW] {
    let mut least = [[EMPTY; LANES]; FEW];
    let (many, rest) = shingles.as_chunks::<LANES>();
    for many in many {
        let (hashes, in_bins) = hashes(many, k, round);
        for (least, &bin) in least.iter_mut().zip(bins) {
            for ((least, &hash), &in_bin) in least.iter_mut().zip(&hashes).zip(&in_bins) {
                *least = (*least).min(low_if(hash, in_bin == bin));
            }
        }
    }
    for &shingle in rest {
        let hash = hash(shingle, round);
        let in_bin = bin(hash, k);
        least.iter_mut().zip(bins).for_each(|(least, &bin)| least[0] = least[0].min(low_if(hash, in_bin == bin)));
    }
    let mut of_bins = [EMPTY; FEW];
    for (of_bin, least) in of_bins.iter_mut().zip(&least) {
        least.iter().for_each(|&least| *of_bin = least.min(*of_bin));
    }
    of_bins
}

/// The lower 48 bits of a hash, or [`EMPTY`].
#[inline(always)]
fn low_if(hash: u64, is_in: bool) -> u64 {
    hash & LOW | u64::from(!is_in).wrapping_neg()
}

/// The upper half of a hash as a number below k.
#[inline(always)]
fn bin(hash: u64, k: usize) -> u64 {
    ((hash >> 32) * k as u64) >> 32
}

/// What is left in a bin: the round, above the lower 48 bits of a hash.
#[inline(always)]
fn value(hash: u64, round: u64) -> u64 {
    round << HASH_BITS | hash & LOW
}

impl Signature {
    /// The k values.
    #[must_use]
    pub fn values(&self) -> &[u64] {
        &self.values
    }

    /// An estimate of the Jaccard of the two sets, unbiased, in 0..=1, with standard error at most sqrt(J(1−J)/k).
    ///
    /// # Errors
    /// [`ErrorKind::Incompatible`] if the signatures differ in k.
    pub fn jaccard(&self, other: &Self) -> Result<f64> {
        self.check_compatible(other)?;
        let equal = self.values.iter().zip(&other.values).filter(|(a, b)| a == b).count();
        Ok(equal as f64 / self.values.len() as f64)
    }

    /// The signature of the union of the two sets: the element-wise minimum.
    ///
    /// # Errors
    /// As [`jaccard`](Self::jaccard).
    pub fn union(&self, other: &Self) -> Result<Self> {
        self.check_compatible(other)?;
        let values = self.values.iter().zip(&other.values).map(|(a, b)| *a.min(b)).collect();
        Ok(Self { hasher: self.hasher, values })
    }

    fn check_compatible(&self, other: &Self) -> Result<()> {
        if self.hasher == other.hasher {
            return Ok(());
        }
        let message = format!("signatures of {} and of {} values cannot be compared", self.hasher.k, other.hasher.k);
        Err(Error::new(ErrorKind::Incompatible, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sketch(k: usize, shingles: &[u64]) -> Signature {
        MinHasher::new(k).expect("valid k").signature(shingles).expect("not empty")
    }

    /// Distinct pseudo-random shingles.
    fn shingles(range: std::ops::Range<u64>) -> Vec<u64> {
        range.map(|number| mix(number.wrapping_add(0x1234_5678))).collect()
    }

    #[test]
    fn an_empty_set_has_no_signature_and_k_is_bounded() {
        assert_eq!(MinHasher::new(8).expect("valid").signature(&[]), None);
        assert!(MinHasher::new(0).is_err());
        assert!(MinHasher::new(MAX_K + 1).is_err());
        let error = sketch(8, &[1]).jaccard(&sketch(9, &[1])).expect_err("different k");
        assert_eq!(error.kind(), ErrorKind::Incompatible);
    }

    /// Mean and spread of the estimate over many pairs, for sets of 1 to 10,000 shingles. The bounds follow from the
    /// variance J(1−J)/k: the mean of n estimates stays within 5 standard errors, the mean squared error within 1.6 of
    /// its expectation (5 standard errors of a chi-square of 400 degrees of freedom are 0.35; small sets repeat values).
    #[test]
    fn estimates_are_unbiased_with_the_stated_error() {
        const PAIRS: u64 = 400;
        let k = 156;
        for size in [1u64, 2, 3, 5, 9, 20, 60, 157, 500, 2_000, 10_000] {
            for tenths in [1u64, 3, 5, 7, 9] {
                let shared = (size * 2 * tenths).div_ceil(10 + tenths).min(size);
                let jaccard = shared as f64 / (2 * size - shared) as f64;
                let pairs = if size > 1_000 { PAIRS / 10 } else { PAIRS };
                let (mut sum, mut squares) = (0.0, 0.0);
                for trial in 0..pairs {
                    let base = (trial * 50_000 + size * 100_000_000) * 16 + tenths;
                    let a = shingles(base..base + size);
                    let b = shingles(base + size - shared..base + 2 * size - shared);
                    let error = sketch(k, &a).jaccard(&sketch(k, &b)).expect("same k") - jaccard;
                    sum += error;
                    squares += error * error;
                }
                let variance = jaccard * (1.0 - jaccard) / k as f64;
                let bound = 5.0 * (variance / pairs as f64).sqrt();
                let mean = sum / pairs as f64;
                assert!(mean.abs() <= bound, "size {size}, J {jaccard:.3}: bias {mean:.4} above {bound:.4}");
                if pairs == PAIRS {
                    let spread = squares / pairs as f64;
                    assert!(spread <= 1.6 * variance, "size {size}, J {jaccard:.3}: {spread:.6} against {variance:.6}");
                }
            }
        }
    }

    proptest! {
        /// Law: a signature is what all rounds leave, however they are made.
        #[test]
        fn a_signature_is_that_of_the_definition(a in proptest::collection::vec(any::<u64>(), 1..150), k in 1usize..200) {
            let mut expected = vec![EMPTY; k];
            for round in 0..2 * k as u64 {
                for &shingle in &a {
                    let hash = hash(shingle, round);
                    // From round k on all fall into one bin.
                    let into = round.checked_sub(k as u64).unwrap_or_else(|| bin(hash, k));
                    let there = &mut expected[into as usize];
                    *there = value(hash, round).min(*there);
                }
            }
            prop_assert_eq!(sketch(k, &a).values().to_vec(), expected);
        }

        /// Law: the sketch of a union is the element-wise minimum.
        #[test]
        fn union_is_the_minimum(a in proptest::collection::vec(any::<u64>(), 1..200), b in proptest::collection::vec(any::<u64>(), 1..200), k in 1usize..200) {
            let both: Vec<u64> = a.iter().chain(&b).copied().collect();
            prop_assert_eq!(sketch(k, &a).union(&sketch(k, &b)).expect("same k"), sketch(k, &both));
        }

        /// Law: order and repeats do not matter, and a signature agrees with itself.
        #[test]
        fn a_signature_is_of_the_set(mut a in proptest::collection::vec(any::<u64>(), 1..100), k in 1usize..200) {
            let before = sketch(k, &a);
            prop_assert_eq!(before.jaccard(&before).expect("same k"), 1.0);
            a.reverse();
            a.push(a[0]);
            prop_assert_eq!(sketch(k, &a), before);
        }
    }
}
