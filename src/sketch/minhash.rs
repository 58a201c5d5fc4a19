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
use std::ops::Range;

/// The value of a bin that nothing fell into yet.
const EMPTY: u64 = u64::MAX;
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
    fn run<L: Lanes>(self, _: L) {
        let Self { shingles, values } = self;
        let k = values.len();
        values.fill(EMPTY);
        // Bins and values of many shingles are told at once, and thrown one by one.
        let (many, rest) = shingles.as_chunks::<LANES>();
        for many in many {
            let bins = many.map(|shingle| bin(shingle, k) as u32);
            for (&shingle, at) in many.iter().zip(bins) {
                let value = &mut values[at as usize];
                *value = (*value).min(shingle & LOW);
            }
        }
        for &shingle in rest {
            throw(values, shingle, 0);
        }
        let mut empty = values.iter().filter(|&&value| value == EMPTY).count();
        let seed = |round: u64| round.wrapping_mul(ROUND_SEED);
        let mut round = 1;
        while empty > FEW && round < k as u64 {
            for &shingle in shingles {
                let hash = mix(shingle ^ seed(round));
                let bin = bin(hash, k);
                empty -= usize::from(values[bin] == EMPTY);
                // What is in a bin already is less than what comes now.
                if values[bin] > round << HASH_BITS {
                    throw(values, hash, round);
                }
            }
            round += 1;
        }
        let mut empty: Vec<usize> = (0..k).filter(|&bin| values[bin] == EMPTY).collect();
        while !empty.is_empty() && round < k as u64 {
            for &bin in &empty {
                let least = least_in_bin(shingles, seed(round), range_of(bin, k));
                values[bin] = least.map_or(EMPTY, |hash| value(hash, round));
            }
            empty.retain(|&bin| values[bin] == EMPTY);
            round += 1;
        }
        for (bin, round) in values.iter_mut().zip(k as u64..).filter(|(bin, _)| **bin == EMPTY) {
            let least = shingles.iter().map(|&shingle| value(mix(shingle ^ seed(round)), round)).min();
            *bin = least.unwrap_or(EMPTY);
        }
    }
}

/// Empty bins up to which each of them is filled by itself.
const FEW: usize = 6;
/// Hashes that are looked at at once.
const LANES: usize = 16;

/// The upper halves of the hashes that fall into a bin.
fn range_of(bin: usize, k: usize) -> Range<u64> {
    let first = |bin: usize| ((bin as u64) << 32).div_ceil(k as u64);
    first(bin)..first(bin + 1)
}

/// The least of the lower 48 bits of those hashes that fall into a bin, many looked at at once.
#[inline(always)]
fn least_in_bin(shingles: &[u64], seed: u64, bin: Range<u64>) -> Option<u64> {
    let size = bin.end - bin.start;
    let of = |shingle: u64| {
        let hash = mix(shingle ^ seed);
        let is_outside = u64::from((hash >> 32).wrapping_sub(bin.start) >= size);
        // All ones, which is EMPTY, where it is outside.
        hash & LOW | is_outside.wrapping_neg()
    };
    let mut least = [EMPTY; LANES];
    let (whole, rest) = shingles.as_chunks::<LANES>();
    for some in whole {
        least.iter_mut().zip(some).for_each(|(least, &shingle)| *least = (*least).min(of(shingle)));
    }
    least.into_iter().chain(rest.iter().map(|&shingle| of(shingle))).min().filter(|&least| least != EMPTY)
}

/// The upper half of a hash chooses the bin, the lower 48 bits are what is left there.
#[inline(always)]
fn throw(values: &mut [u64], hash: u64, round: u64) {
    let bin = bin(hash, values.len());
    values[bin] = values[bin].min(value(hash, round));
}

/// The upper half of a hash as a number below k.
fn bin(hash: u64, k: usize) -> usize {
    (((hash >> 32) * k as u64) >> 32) as usize
}

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
        /// Law: the range of a bin holds the hashes that fall into it, and no other.
        #[test]
        fn a_bin_is_a_range(hash: u64, k in 1usize..2000) {
            let of = bin(hash, k);
            prop_assert!(range_of(of, k).contains(&(hash >> 32)));
            prop_assert!(range_of(of, k).end == range_of(of + 1, k).start);
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
